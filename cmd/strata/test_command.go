package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/scenario"
)

// tested is what `test --json` prints.
type tested struct {
	Passed   int                `json:"passed"` // cases
	Failed   int                `json:"failed"`
	Engine   int                `json:"engine"` // cases that the engine answered too
	Failures []scenario.Failure `json:"failures"`
}

func (c *call) testCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test FILE...", Short: "Run scenario scripts: facts in, members, values and levels out",
		Long: "Run scenario scripts, or all *.yaml of a directory. Each case is answered by the slow evaluator and, where\n" +
			"it can run the definitions, by the engine; both must give what the case expects. Exit code 1 where one does not.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("test takes scripts or directories; see `strata test --help`")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.test(cmd.Context(), args) },
	}
}

func (c *call) test(ctx context.Context, args []string) error {
	files, err := c.scripts(args)
	if err != nil {
		return err
	}
	out := tested{Failures: []scenario.Failure{}}
	var wrong []error
	for _, file := range files {
		text, err := os.ReadFile(c.path(file))
		if err != nil {
			return &strata.Error{Code: strata.Invalid, Field: file, Message: "the file cannot be read", Cause: err}
		}
		script, err := scenario.ParseScript(file, text, func(name string) ([]byte, error) {
			return os.ReadFile(filepath.Join(filepath.Dir(c.path(file)), name))
		})
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		for _, one := range script.Cases {
			if err := ctx.Err(); err != nil {
				return err
			}
			failures, asked, err := one.Run(agreeing(ctx), c.lang)
			if err != nil {
				return err
			}
			if asked {
				out.Engine++
			}
			if len(failures) == 0 {
				out.Passed++
				continue
			}
			out.Failed++
			out.Failures = append(out.Failures, failures...)
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	if c.json {
		if err := c.printJSON(out); err != nil {
			return err
		}
	} else {
		for _, f := range out.Failures {
			fmt.Fprintf(c.stdout, "%s\n\n", f)
		}
		fmt.Fprintf(c.stdout, "%d passed, %d failed\n", out.Passed, out.Failed)
	}
	if out.Failed > 0 {
		return exitError(1)
	}
	return nil
}

// agreeing compares the engine with the evaluator. Definitions of before and
// lists that change are known to the evaluator alone.
func agreeing(ctx context.Context) scenario.Engine {
	return func(w *scenario.World, asOf strata.Instant) (bool, error) {
		changing := func(p *scenario.Person) bool { return len(p.Entries) > 0 }
		if len(w.Earlier) > 0 || slices.ContainsFunc(slices.Collect(maps.Values(w.People)), changing) {
			return false, nil
		}
		stored := *w
		stored.Calibrations = slices.Clone(w.Calibrations)
		for i := range stored.Calibrations {
			made := &stored.Calibrations[i]
			made.Basis = compute.Basis(w.Set, define.Ref{Kind: made.Kind, Name: made.Name})
		}
		notes, err := compareEngines(ctx, &stored, asOf)
		return len(notes) < len(w.Set.Tags)+len(w.Set.Segments)+len(w.Set.Tiers), err
	}
}

// scripts are the files named, and those of the directories named.
func (c *call) scripts(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		info, err := os.Stat(c.path(arg))
		switch {
		case err != nil:
			return nil, &strata.Error{Code: strata.Invalid, Field: arg, Message: "there is no such script", Hint: "name a file, or a directory of *.yaml files"}
		case !info.IsDir():
			out = append(out, arg)
			continue
		}
		found, err := filepath.Glob(filepath.Join(c.path(arg), "*.yaml"))
		if err != nil || len(found) == 0 {
			return nil, &strata.Error{Code: strata.Invalid, Field: arg, Message: "the directory holds no *.yaml"}
		}
		slices.Sort(found)
		for _, f := range found {
			out = append(out, filepath.Join(arg, filepath.Base(f)))
		}
	}
	return out, nil
}
