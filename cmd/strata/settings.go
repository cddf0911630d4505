package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"strata"
	"strata/define"
	"strata/registry"
)

// setting is a value of the registry that people set by its key.
type setting struct {
	key       string
	what      string
	otherwise string // where none is set
	check     func(value string) error
}

var settings = []setting{
	{"business.name.en", "the name of the business, in English", "", anyText},
	{"business.name.zh", "the name of the business, in Chinese", "", anyText},
	{settingFoldDays, "for how many days after its arrival the id of an event sent over HTTP is known, so that sending it again counts once; from the next start on", "7", func(value string) error {
		_, err := foldFor(value)
		return err
	}},
	{registry.SettingWords, "words that the business forbids (add) and allows (allow), as YAML", "", func(value string) error {
		_, err := define.ForbiddenWords().With("setting "+registry.SettingWords, []byte(value))
		return err
	}},
	{registry.SettingRequire, "true: nothing is published without owner, purpose and consumer; false: it is published with a warning", "true", func(value string) error {
		if value != "true" && value != "false" {
			return &strata.Error{Code: strata.Invalid, Field: registry.SettingRequire, Message: fmt.Sprintf("%q is neither true nor false", value), Hint: "write true or false"}
		}
		return nil
	}},
}

func anyText(string) error { return nil }

func settingOf(key string) (setting, error) {
	var known []string
	for _, s := range settings {
		if s.key == key {
			return s, nil
		}
		known = append(known, s.key)
	}
	return setting{}, &strata.Error{Code: strata.NotFound, Field: key, Message: "there is no such setting", Hint: define.DidYouMean(key, known)}
}

// shownSetting is one as `settings list --json` prints it.
type shownSetting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Set   bool   `json:"set"` // else the value is the default
	What  string `json:"what"`
}

func (b *business) setting(ctx context.Context, s setting) (shownSetting, error) {
	value, ok, err := b.registry.Setting(ctx, s.key)
	if !ok {
		value = s.otherwise
	}
	return shownSetting{s.key, value, ok, s.what}, err
}

func (c *call) settingsCommand() *cobra.Command {
	cmd := group("settings", "Show and change the settings of the business")
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the settings", Args: exactly(0, "no arguments"),
			RunE: c.withScratch(func(ctx context.Context, b *business, _ []string) error {
				var all []shownSetting
				for _, s := range settings {
					shown, err := b.setting(ctx, s)
					if err != nil {
						return err
					}
					all = append(all, shown)
				}
				if c.json {
					return c.printJSON(all)
				}
				for _, s := range all {
					fmt.Fprintf(c.stdout, "%s = %s\n    %s\n", s.Key, strings.ReplaceAll(strings.TrimSpace(s.Value), "\n", "\n    "), s.What)
				}
				return nil
			}),
		},
		&cobra.Command{
			Use: "get KEY", Short: "Print a setting", Args: exactly(1, "one KEY"),
			RunE: c.withScratch(func(ctx context.Context, b *business, args []string) error {
				s, err := settingOf(args[0])
				if err != nil {
					return err
				}
				shown, err := b.setting(ctx, s)
				if err != nil {
					return err
				}
				if c.json {
					return c.printJSON(shown)
				}
				fmt.Fprintln(c.stdout, strings.TrimSuffix(shown.Value, "\n"))
				return nil
			}),
		},
		c.setCommand("set KEY VALUE", "Change a setting", 2),
		c.setCommand("reset KEY", "Bring a setting back to its default", 1),
	)
	return cmd
}

func (c *call) setCommand(use, short string, n int) *cobra.Command {
	var flags byFlags
	cmd := &cobra.Command{
		Use: use, Short: short, Args: exactly(n, strings.Join(strings.Fields(use)[1:], " and ")),
		PreRunE: func(_ *cobra.Command, args []string) error { // before a data directory is made
			s, err := settingOf(args[0])
			if err == nil && n == 2 {
				err = s.check(args[1])
			}
			return err
		},
		RunE: c.with(func(ctx context.Context, b *business, args []string) error {
			value := ""
			if n == 2 {
				value = args[1]
			}
			return c.changeSetting(ctx, b, args[0], value, flags)
		}),
	}
	flags.on(cmd)
	return cmd
}

func (c *call) changeSetting(ctx context.Context, b *business, key, value string, flags byFlags) error {
	by, err := c.by(ctx, b, flags)
	if err != nil {
		return err
	}
	if err := b.registry.ChangeSetting(ctx, key, value, by); err != nil {
		return err
	}
	s, err := settingOf(key)
	if err != nil {
		return err
	}
	shown, err := b.setting(ctx, s)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(shown)
	}
	fmt.Fprintf(c.stdout, "%s = %s\n", key, strings.TrimSpace(shown.Value))
	return nil
}

func (c *call) wordsCommand() *cobra.Command {
	cmd := group("words", "List, add and allow words that must not stand in names, values and notes")
	cmd.AddCommand(c.wordListCommand(), c.wordCheckCommand(), c.wordAddCommand(),
		c.wordCommand("allow WORD...", "Allow words, or harmless texts in which a forbidden one stands", func(own *ownWords, word string) bool {
			if slices.Contains(own.Allow, word) {
				return false
			}
			own.Allow = append(own.Allow, word)
			return true
		}),
		c.wordCommand("remove WORD...", "Take back what the business added or allowed", (*ownWords).remove),
	)
	return cmd
}

// shownWord is a word as `words list --json` prints it.
type shownWord struct {
	Word   string    `json:"word"`
	Class  string    `json:"class"`
	Why    shownText `json:"why"`
	Better shownText `json:"better"`
	Own    bool      `json:"own"`
}

type shownText struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

func (c *call) wordListCommand() *cobra.Command {
	var class string
	var own bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the forbidden words with what to write instead", Args: exactly(0, "no arguments"),
		RunE: c.withScratch(func(ctx context.Context, b *business, _ []string) error {
			demands, err := b.registry.Governance(ctx)
			if err != nil {
				return err
			}
			words := []shownWord{}
			classes := map[string]bool{}
			for _, x := range demands.Words.List() {
				classes[x.Class] = true
				if (class == "" || class == x.Class) && (!own || x.Own) {
					words = append(words, shownWord{x.Word, x.Class, shownText(x.Why), shownText(x.Better), x.Own})
				}
			}
			if class != "" && !classes[class] {
				return &strata.Error{Code: strata.NotFound, Field: "--class", Message: "no word is of the class " + class, Hint: define.DidYouMean(class, keys(classes))}
			}
			allowed := append([]string{}, demands.Words.Allowed()...)
			if c.json {
				return c.printJSON(map[string]any{"words": words, "allowed": allowed})
			}
			for _, x := range words {
				fmt.Fprintf(c.stdout, "%-10s  %s", x.Class, x.Word)
				if better := define.Text2(x.Better).In(c.lang); better != "" {
					fmt.Fprintf(c.stdout, "  ->  %s", better)
				}
				fmt.Fprintln(c.stdout)
			}
			for _, text := range allowed {
				fmt.Fprintf(c.stdout, "%-10s  %s\n", "allowed", text)
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&class, "class", "", "only words of this `class`")
	cmd.Flags().BoolVar(&own, "own", false, "only words that the business added")
	return cmd
}

func (c *call) wordCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check TEXT...", Short: "Say whether forbidden words stand in a text",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("words check takes a TEXT")}
			}
			return nil
		},
		RunE: c.withScratch(func(ctx context.Context, b *business, args []string) error {
			demands, err := b.registry.Governance(ctx)
			if err != nil {
				return err
			}
			return demands.Words.Check("", strings.Join(args, " "))
		}),
	}
}

// ownWords is the setting forbidden_words.
type ownWords struct {
	Classes any      `yaml:"classes,omitempty"`
	Add     []any    `yaml:"add,omitempty"`
	Allow   []string `yaml:"allow,omitempty"`
}

// addedWord is a word that the business adds.
type addedWord struct {
	Word   string `yaml:"word"`
	Class  string `yaml:"class,omitempty"`
	Why    string `yaml:"why,omitempty"`
	Better string `yaml:"better,omitempty"`
}

// remove takes a word out of what is added or allowed.
func (o *ownWords) remove(word string) bool {
	n := len(o.Add) + len(o.Allow)
	o.Allow = slices.DeleteFunc(o.Allow, func(s string) bool { return s == word })
	var kept []any
	for _, entry := range o.Add {
		if entry == word {
			continue
		}
		if m, ok := entry.(map[string]any); ok {
			if m["word"] == word {
				continue
			}
			if words, ok := m["words"].([]any); ok {
				left := slices.DeleteFunc(slices.Clone(words), func(s any) bool { return s == word })
				if len(left) < len(words) {
					n++ // the entry may stay
				}
				if len(left) == 0 {
					continue
				}
				m["words"] = left
			}
		}
		kept = append(kept, entry)
	}
	o.Add = kept
	return len(o.Add)+len(o.Allow) < n
}

// changeWords lets fn change the setting of words.
func (c *call) changeWords(ctx context.Context, b *business, flags byFlags, fn func(own *ownWords) error) error {
	text, _, err := b.registry.Setting(ctx, registry.SettingWords)
	if err != nil {
		return err
	}
	var own ownWords
	if err := yaml.Unmarshal([]byte(text), &own); err != nil && text != "" {
		return &strata.Error{Code: strata.Invalid, Field: "setting " + registry.SettingWords, Message: "the setting cannot be read", Hint: "reset it with `strata settings reset " + registry.SettingWords + "`", Cause: err}
	}
	if err := fn(&own); err != nil {
		return err
	}
	var value []byte
	if own.Classes != nil || len(own.Add)+len(own.Allow) > 0 {
		if value, err = yaml.Marshal(own); err != nil {
			return err
		}
	}
	s, err := settingOf(registry.SettingWords)
	if err != nil {
		return err
	}
	if err := s.check(string(value)); err != nil {
		return err
	}
	return c.changeSetting(ctx, b, registry.SettingWords, string(value), flags)
}

func (c *call) wordAddCommand() *cobra.Command {
	var flags byFlags
	var word addedWord
	cmd := &cobra.Command{
		Use: "add WORD", Short: "Forbid a word", Args: exactly(1, "one WORD"),
		RunE: c.with(func(ctx context.Context, b *business, args []string) error {
			return c.changeWords(ctx, b, flags, func(own *ownWords) error {
				own.remove(args[0])
				word.Word = args[0]
				own.Add = append(own.Add, word)
				return nil
			})
		}),
	}
	flags.on(cmd)
	cmd.Flags().StringVar(&word.Class, "class", "", "its `class`: insult, appearance, health, religion, ethnicity, sexual, poverty, crime or own (default own)")
	cmd.Flags().StringVar(&word.Why, "why", "", "the `reason` that people are given")
	cmd.Flags().StringVar(&word.Better, "better", "", "the `word` to write instead")
	return cmd
}

// wordCommand changes the setting of words for each argument.
func (c *call) wordCommand(use, short string, change func(own *ownWords, word string) bool) *cobra.Command {
	var flags byFlags
	cmd := &cobra.Command{
		Use: use, Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("words %s takes at least one WORD", cmd.Name())}
			}
			return nil
		},
		RunE: c.with(func(ctx context.Context, b *business, args []string) error {
			return c.changeWords(ctx, b, flags, func(own *ownWords) error {
				for _, word := range args {
					if !change(own, word) && strings.HasPrefix(use, "remove") {
						return &strata.Error{Code: strata.NotFound, Field: word, Message: "the business neither added nor allowed that", Hint: "a word of the list itself is taken off with `strata words allow`"}
					}
				}
				return nil
			})
		}),
	}
	flags.on(cmd)
	return cmd
}
