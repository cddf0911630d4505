package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"strata"
	"strata/define"
	"strata/registry"
	"strata/scenario"
	"strata/timeline"
)

// wish is a tag to be set or taken away by hand, as it was written.
type wish struct {
	customer, tag, value, reason, expires string

	taken bool                    // the tag is taken away
	field func(key string) string // where a part was written
}

// mark is a wish that was found right.
type mark struct {
	id       strata.CustomerID
	customer string // public id
	entry    strata.Manual
}

// shownMark is what `mark --json` and `unmark --json` print.
type shownMark struct {
	Customer string     `json:"customer"`
	Tag      string     `json:"tag"`
	Value    shownValue `json:"value"` // null = taken away
	At       string     `json:"at"`
	Expires  string     `json:"expires,omitempty"`
	Author   string     `json:"author"`
	Reason   string     `json:"reason"`
}

// marker checks wishes and makes them entries.
type marker struct {
	b      *business
	set    *define.Set
	words  define.Words
	at     strata.Instant
	author string
	seen   map[strata.CustomerID]map[string]bool
}

// marking is how entries by hand are made.
type marking struct {
	wishes []wish
	at     strata.Instant // of all entries
	now    strata.Instant
	author string
}

// mark sets or takes away tags by hand, all or none of the wishes. The error
// joins one for everything that is wrong with them.
func (b *business) mark(ctx context.Context, m marking) ([]mark, error) {
	b.importing.Lock()
	defer b.importing.Unlock()
	set, _, err := b.registry.Published(ctx)
	if err != nil {
		return nil, err
	}
	if m.at > m.now || m.at < 0 {
		return nil, &strata.Error{Code: strata.Invalid, Field: "--at", Message: b.show(m.at) + " is not between 1970 and now", Hint: "a tag is set by hand from now on, or from an instant that has passed"}
	}
	words, err := b.forbidden(ctx)
	if err != nil {
		return nil, err
	}
	check := marker{b: b, set: set, words: words, at: m.at, author: m.author, seen: map[strata.CustomerID]map[string]bool{}}
	marks := make([]mark, 0, len(m.wishes))
	var wrong []error
	for _, w := range m.wishes {
		found, err := check.wish(w)
		if err != nil {
			wrong = append(wrong, err)
		}
		marks = append(marks, found)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	batch := b.store.NewBatch()
	audited := make([]registry.AuditEntry, 0, len(marks))
	for _, x := range marks {
		fact, err := x.entry.Attribute()
		if err != nil {
			return nil, err
		}
		if err := b.store.Append(batch, x.id, timeline.Facts{Attributes: []strata.Attribute{fact}, Source: strata.ManualSource, Fragment: uint32(x.id)}); err != nil {
			return nil, err
		}
		detail, err := json.Marshal(b.shownMark(x))
		if err != nil {
			return nil, err
		}
		action := "tag.mark"
		if x.entry.Value.IsMissing() {
			action = "tag.unmark"
		}
		audited = append(audited, registry.AuditEntry{At: m.now, Account: author, Action: action, Object: x.customer, Detail: detail})
	}
	// The audit first: nothing is set that it does not know.
	if err := b.registry.AppendAudit(ctx, audited...); err != nil {
		return nil, err
	}
	return marks, b.store.Commit(batch, true)
}

// forbidden are the words that may not stand in values and reasons: the list
// that comes with Strata, with what the business adds and allows.
func (b *business) forbidden(ctx context.Context) (define.Words, error) {
	const setting = "forbidden_words"
	own, _, err := b.registry.Setting(ctx, setting)
	if err != nil {
		return define.Words{}, err
	}
	return define.ForbiddenWords().With("setting "+setting, []byte(own))
}

func (b *business) shownMark(m mark) shownMark {
	s := shownMark{Customer: m.customer, Tag: m.entry.Tag, Value: shownValue{m.entry.Value}, At: b.show(m.entry.At), Author: m.entry.Author, Reason: m.entry.Reason}
	if m.entry.Expires != 0 {
		s.Expires = b.show(m.entry.Expires)
	}
	return s
}

// wish checks one; the error joins all that is wrong with it.
func (k *marker) wish(w wish) (mark, error) {
	var wrong []error
	refuse := func(key string, err error) {
		var e *strata.Error
		if errors.As(err, &e) {
			placed := *e
			placed.Field = w.field(key)
			if key == "customer" && e.Field != "" {
				placed.Message = e.Field + ": " + e.Message
			}
			err = &placed
		}
		wrong = append(wrong, err)
	}
	say := func(key, hint, format string, args ...any) {
		refuse(key, &strata.Error{Code: strata.Invalid, Message: fmt.Sprintf(format, args...), Hint: hint})
	}

	m := mark{entry: strata.Manual{Tag: w.tag, At: k.at, Author: norm.NFC.String(k.author), Reason: norm.NFC.String(strings.TrimSpace(w.reason))}}
	typ, err := k.tag(w.tag)
	if err != nil {
		refuse("tag", err)
	}
	if w.customer == "" {
		say("customer", "give a member number, a phone or another identity key", "the customer is empty")
	} else if m.id, err = k.b.customer(w.customer); err != nil {
		refuse("customer", err)
	} else if m.customer, err = k.b.people.PublicID(m.id); err != nil {
		return m, err
	}
	if !w.taken && typ.Name != "" {
		if m.entry.Value, err = k.value(w.value, typ); err != nil {
			refuse("value", err)
		}
	}
	if m.entry.Reason == "" {
		say("reason", "write why, in a few words", "the reason is empty")
	}
	for _, text := range []struct{ key, text string }{{"value", w.value}, {"reason", w.reason}} {
		if err := k.words.Check(w.field(text.key), text.text); err != nil {
			wrong = append(wrong, err)
		}
	}
	if w.expires != "" {
		if m.entry.Expires, err = k.b.asOf(w.expires, 0); err != nil {
			refuse("expires", err)
		} else if m.entry.Expires <= k.at {
			say("expires", "write a later day; the tag is gone from its first instant on", "%s is not after %s, when the tag is set", w.expires, k.b.show(k.at))
		}
	}
	if m.id != 0 && typ.Name != "" {
		if k.seen[m.id][w.tag] {
			say("customer", "keep one of the rows", "%s of %s is set twice", w.tag, m.customer)
		}
		if k.seen[m.id] == nil {
			k.seen[m.id] = map[string]bool{}
		}
		k.seen[m.id][w.tag] = true
		if err := k.follow(&m, w); err != nil {
			wrong = append(wrong, err)
		}
	}
	return m, errors.Join(wrong...)
}

// follow puts the entry behind those that are there, and refuses to take away
// what is not there.
func (k *marker) follow(m *mark, w wish) error {
	facts, err := k.b.store.Attributes(m.id)
	if err != nil {
		return err
	}
	var before strata.Manual
	for i := range facts {
		e, ok := strata.ManualOf(&facts[i].Attribute)
		if !ok || e.Tag != w.tag || e.At > k.at {
			continue
		}
		before = e
		if e.At < k.at {
			continue
		}
		if e.Turn == 255 {
			return &strata.Error{Code: strata.Conflict, Field: w.field("tag"), Message: "it was set 256 times at this instant", Hint: "give another --at"}
		}
		m.entry.Turn = e.Turn + 1
	}
	if w.taken && before.InForce(k.at).IsMissing() {
		return &strata.Error{Code: strata.NotFound, Field: w.field("tag"), Message: fmt.Sprintf("%s has no %s on %s that could be taken away", m.customer, w.tag, k.b.show(k.at)),
			Hint: fmt.Sprintf("see who has it with `strata show tag %s`", w.tag)}
	}
	return nil
}

// tag returns the type of a tag that is set by hand.
func (k *marker) tag(name string) (define.Type, error) {
	d, ok := k.set.Tags[name]
	if v, manual := d.Value.(define.ManualValue); manual {
		return v.Type, nil
	}
	var manual []string
	for _, name := range slices.Sorted(maps.Keys(k.set.Tags)) {
		if _, is := k.set.Tags[name].Value.(define.ManualValue); is {
			manual = append(manual, name)
		}
	}
	hint := cmp.Or(define.DidYouMean(name, manual), "define one: tags: {NAME: {value: {manual: {type: choice, values: [...]}}}}")
	if ok {
		return define.Type{}, &strata.Error{Code: strata.Invalid, Message: fmt.Sprintf("the tag %s is computed, and not set by hand", name), Hint: hint}
	}
	return define.Type{}, &strata.Error{Code: strata.NotFound, Message: fmt.Sprintf("there is no tag %q", name), Hint: hint}
}

// value reads a value of a tag's type; many are separated by commas.
func (k *marker) value(text string, typ define.Type) (strata.Value, error) {
	text = strings.TrimSpace(text)
	var raw any = text
	if typ.Many {
		var items []any
		for _, item := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '，' || r == '、' }) {
			items = append(items, strings.TrimSpace(item))
		}
		raw = items
	}
	v, err := scenario.ParseValue(raw, typ, k.b.settings)
	if err == nil && v.IsMissing() {
		return v, &strata.Error{Code: strata.Invalid, Message: "the value is empty", Hint: "write one; `strata unmark` takes a tag away"}
	}
	return v, err
}

func (c *call) markCommand() *cobra.Command {
	var file, reason, expires, by, at string
	cmd := &cobra.Command{
		Use:   "mark (CUSTOMER TAG VALUE --reason TEXT | --file FILE)",
		Short: "Set a manual tag of a customer, or of those in a CSV file (customer,tag,value,reason,expires)",
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case file == "":
				if err := exactly(3, "a CUSTOMER, a TAG and a VALUE, or --file FILE")(cmd, args); err != nil {
					return err
				}
				return reasonGiven(reason)
			case len(args) > 0 || reason != "" || expires != "":
				return usageError{errors.New("with --file, customers, tags, values, reasons and expiries stand in the file")}
			}
			return nil
		},
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			if file == "" {
				return c.mark(ctx, b, []wish{{customer: args[0], tag: args[1], value: args[2], reason: reason, expires: expires, field: argument}}, by, at, false)
			}
			wishes, err := c.readWishes(file)
			if err != nil {
				return err
			}
			return c.mark(ctx, b, wishes, by, at, true)
		}),
	}
	cmd.Flags().StringVar(&file, "file", "", "CSV `FILE` with the columns customer, tag, value, reason and, if wanted, expires")
	cmd.Flags().StringVar(&expires, "expires", "", "`instant` from which on the tag is gone (RFC 3339 or a date)")
	markFlags(cmd, &reason, &by, &at)
	return cmd
}

func (c *call) unmarkCommand() *cobra.Command {
	var reason, by, at string
	cmd := &cobra.Command{
		Use: "unmark CUSTOMER TAG --reason TEXT", Short: "Take a manual tag away from a customer",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := exactly(2, "a CUSTOMER and a TAG")(cmd, args); err != nil {
				return err
			}
			return reasonGiven(reason)
		},
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			return c.mark(ctx, b, []wish{{customer: args[0], tag: args[1], reason: reason, taken: true, field: argument}}, by, at, false)
		}),
	}
	markFlags(cmd, &reason, &by, &at)
	return cmd
}

func markFlags(cmd *cobra.Command, reason, by, at *string) {
	cmd.Flags().StringVar(reason, "reason", "", "`TEXT` that says why")
	cmd.Flags().StringVar(by, "author", "", "`NAME` of the person who says so (default: the command line)")
	cmd.Flags().StringVar(at, "at", "", "`instant` from which on it holds (RFC 3339 or a date; default now)")
}

func reasonGiven(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return usageError{errors.New("say why with --reason TEXT")}
	}
	return nil
}

// argument says where a part of a single wish was written.
func argument(key string) string {
	if key == "reason" || key == "expires" {
		return "--" + key
	}
	return strings.ToUpper(key)
}

func (c *call) mark(ctx context.Context, b *business, wishes []wish, by, at string, file bool) error {
	m := marking{wishes: wishes, now: c.instant(), author: cmp.Or(by, author)}
	var err error
	if m.at, err = b.asOf(at, m.now); err != nil {
		var e *strata.Error
		if errors.As(err, &e) {
			placed := *e
			placed.Field = "--at"
			err = &placed
		}
		return err
	}
	marks, err := b.mark(ctx, m)
	if err != nil {
		if file {
			err = errors.Join(err, &strata.Error{Code: strata.CodeOf(err), Message: "nothing was set; correct these rows, and give the whole file again"})
		}
		return err
	}
	if c.json {
		shown := make([]shownMark, len(marks))
		for i, x := range marks {
			shown[i] = b.shownMark(x)
		}
		if file {
			return c.printJSON(shown)
		}
		return c.printJSON(shown[0])
	}
	if file {
		fmt.Fprintf(c.stdout, "%d tags set by hand\n", len(marks))
		return nil
	}
	s := b.shownMark(marks[0])
	if s.Value.IsMissing() {
		fmt.Fprintf(c.stdout, "%s: %s taken away from %s on\n", s.Customer, s.Tag, s.At)
		return nil
	}
	until := ""
	if s.Expires != "" {
		until = " until " + s.Expires
	}
	fmt.Fprintf(c.stdout, "%s: %s = %s from %s on%s\n", s.Customer, s.Tag, s.Value.Value, s.At, until)
	return nil
}

// wishColumns are those of a file of wishes; the last may be left out.
var wishColumns = []string{"customer", "tag", "value", "reason", "expires"}

// readWishes reads a CSV file in UTF-8, with or without BOM.
func (c *call) readWishes(name string) ([]wish, error) {
	text, err := c.readFile(name)
	if err != nil {
		return nil, err
	}
	invalid := func(line int, hint, format string, args ...any) error {
		return &strata.Error{Code: strata.Invalid, Field: fmt.Sprintf("%s:%d", name, line), Message: fmt.Sprintf(format, args...), Hint: hint}
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		return nil, &strata.Error{Code: strata.Invalid, Field: name, Message: "is not UTF-8", Hint: "save it as CSV UTF-8"}
	}
	r := csv.NewReader(bytes.NewReader(text))
	header, err := r.Read()
	if err == io.EOF {
		return nil, &strata.Error{Code: strata.Invalid, Field: name, Message: "is empty", Hint: "begin with the line " + strings.Join(wishColumns, ",")}
	}
	if err != nil {
		return nil, invalid(1, "quote fields that hold commas or quotes", "the header cannot be read: %v", errors.Unwrap(err))
	}
	column := map[string]int{}
	for i, title := range header {
		title = strings.TrimSpace(title)
		if _, twice := column[title]; twice || !slices.Contains(wishColumns, title) {
			return nil, invalid(1, "the columns are "+strings.Join(wishColumns, ", "), "the column %q is not one of these, or there twice", title)
		}
		column[title] = i
	}
	for _, need := range wishColumns[:len(wishColumns)-1] {
		if _, ok := column[need]; !ok {
			return nil, invalid(1, "the columns are "+strings.Join(wishColumns, ", "), "there is no column %s", need)
		}
	}
	var wishes []wish
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			var at *csv.ParseError
			if errors.As(err, &at) {
				return nil, invalid(at.Line, "write one field for each column, and quote those that hold commas or quotes", "%v", at.Err)
			}
			return nil, err
		}
		line, _ := r.FieldPos(0)
		w := wish{field: func(key string) string { return fmt.Sprintf("%s:%d: %s", name, line, key) }}
		for title, to := range map[string]*string{"customer": &w.customer, "tag": &w.tag, "value": &w.value, "reason": &w.reason, "expires": &w.expires} {
			if i, ok := column[title]; ok {
				*to = strings.TrimSpace(row[i])
			}
		}
		wishes = append(wishes, w)
	}
	if len(wishes) == 0 {
		return nil, &strata.Error{Code: strata.Invalid, Field: name, Message: "has no rows", Hint: "write one line for each tag"}
	}
	return wishes, nil
}
