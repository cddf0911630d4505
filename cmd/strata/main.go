// Command strata is the whole product: the server with its console, and the
// command line over the same data directory.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"strata"
)

func main() {
	if os.Getenv("GOGC") == "" {
		// Most of what is in memory are columns and blocks without pointers:
		// looking through them often costs little, and waiting until they are
		// twice as much costs the memory of a second copy.
		debug.SetGCPercent(40)
	}
	os.Exit(start(time.Now))
}

// start runs the command line of the process and returns the exit code. The
// first interrupt ends the work in good order, a second one at once.
func start(now func() time.Time) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "strata: the working directory is gone:", err)
		return 3
	}
	c := &call{
		stdout: os.Stdout, stderr: os.Stderr, cwd: cwd, now: now, lang: language(),
		terminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if c.terminal {
		c.columns, _, _ = term.GetSize(int(os.Stderr.Fd()))
	}
	return c.run(ctx, os.Args[1:])
}

// language is that of the environment: English where it says so, else Chinese.
func language() string {
	for _, name := range []string{"STRATA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "en") {
				return "en"
			}
			return "zh"
		}
	}
	return "zh"
}

// call is one invocation of the command line, in this process or in the
// server on behalf of another (see socket.go).
type call struct {
	stdout, stderr io.Writer
	cwd            string
	now            func() time.Time
	terminal       bool      // stderr is one: progress is a bar, else JSON lines
	columns        int       // of the terminal; 0 = unknown
	shared         *business // of the server that runs the call; nil in a process of its own

	data  string
	zone  string
	lang  string
	json  bool
	quiet bool
	args  []string

	readsTimes bool // of a file, by --zone where it carries none
}

// run executes the arguments and returns the exit code. A bug in a command
// ends that command and not the server that runs it.
func (c *call) run(ctx context.Context, args []string) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(c.stderr, "strata: a bug: %v; please report it with these lines\n%s", p, debug.Stack())
			code = 3
		}
	}()
	c.args = args
	root := c.root()
	root.SetArgs(args)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	err := root.ExecuteContext(ctx)
	var passed exitError
	if errors.As(err, &passed) {
		return int(passed)
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = &strata.Error{Code: strata.Unavailable, Message: "interrupted"}
	}
	if err != nil {
		printError(c.stderr, err)
	}
	return exitCode(err)
}

// exitError is the exit code of a call that another process ran and whose
// error that process has printed.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usageError marks an error of the command line itself.
type usageError struct{ error }

// exitCode: 0 done, 1 refused input, 2 usage, 3 environment or a bug.
func exitCode(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return 2
	}
	switch strata.CodeOf(err) {
	case strata.Invalid, strata.NotFound, strata.Conflict, strata.Unsupported, strata.Forbidden:
		return 1
	}
	return 3
}

func printError(w io.Writer, err error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			printError(w, e)
		}
		return
	}
	fmt.Fprintln(w, "strata:", err)
}

func (c *call) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "strata",
		Short:         "Turn what you know about customers into tags, segments and tiers",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q; `strata help` lists them", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	flags := root.PersistentFlags()
	flags.StringVar(&c.data, "data", "data", "data `directory`")
	flags.StringVar(&c.zone, "zone", "", "business time zone of a new data directory, and of dates without one (default Asia/Shanghai)")
	flags.StringVar(&c.lang, "lang", cmp.Or(c.lang, "zh"), "language of sentences: zh or en")
	flags.BoolVar(&c.json, "json", false, "print JSON on standard output")
	flags.BoolVar(&c.quiet, "quiet", false, "no progress")
	root.AddCommand(
		c.serveCommand(), c.demoCommand(), c.importCommand(), c.importsCommand(), c.sourceCommand(), c.quarantineCommand(),
		c.planCommand(), c.applyCommand(), c.calibrateCommand(),
		c.showCommand(), c.explainCommand(), c.historyCommand(), c.changesCommand(), c.tierCommand(), c.verifyCommand(), c.exportCommand(),
		c.testCommand(),
		c.markCommand(), c.unmarkCommand(),
		c.tryCommand(),
		c.backupCommand(), c.restoreCommand(), c.resumeCommand(), c.doctorCommand(), c.eraseCommand(),
		c.signInCommand(), c.schemaCommand(), c.benchCommand(), c.versionCommand(),
	)
	root.AddCommand(c.governCommands()...)
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// exactly is cobra.ExactArgs with an error that says what belongs there.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError{fmt.Errorf("%s takes %s; see `strata %s --help`", cmd.Name(), what, cmd.Name())}
		}
		return nil
	}
}

// path resolves a file argument against the caller's directory.
func (c *call) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.cwd, p)
}

func (c *call) instant() strata.Instant { return strata.At(c.now()) }

// version is set by the Makefile.
var version = "development"

func (c *call) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			if c.json {
				return c.printJSON(map[string]string{"version": version})
			}
			fmt.Fprintln(c.stdout, "strata", version)
			return nil
		},
	}
}
