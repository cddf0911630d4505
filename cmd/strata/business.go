package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"strata"
	"strata/compute"
	"strata/erasure"
	"strata/identity"
	"strata/ingest"
	"strata/publish"
	"strata/registry"
	"strata/timeline"
)

// author is who the command line acts as in histories and the audit.
const author = "command line"

// business is one open data directory: its stores and the engine over them.
type business struct {
	dir       string
	settings  strata.Settings
	zone      *time.Location
	store     *timeline.Store
	people    *identity.Store
	registry  *registry.Registry
	engine    *compute.Engine
	live      *compute.Live
	publisher *publish.Publisher
	ledger    *erasure.Ledger
	marks     *erasure.Marks

	stream *ingest.Stream
	now    func() time.Time // the clock of what comes in by itself

	importing sync.Mutex // one import at a time
	giving    sync.Mutex // one batch at a time gives customers their numbers, until it is committed
	saving    sync.Mutex // one backup at a time
}

// openBusiness opens the stores in the data directory, creating it with the
// settings where there is none.
func openBusiness(dir string, settings strata.Settings) (_ *business, err error) {
	if _, err := settings.Location(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &strata.Error{Code: strata.Unavailable, Field: "--data", Message: "the data directory cannot be made", Cause: err}
	}
	var opened []func() error
	defer func() {
		if err != nil {
			for i := len(opened) - 1; i >= 0; i-- {
				opened[i]()
			}
		}
	}()
	b := &business{dir: dir, now: time.Now}
	if b.store, err = timeline.Open(filepath.Join(dir, "customers"), timeline.Options{Settings: settings, Mergers: mergers(), Logger: slog.Default()}); err != nil {
		return nil, err
	}
	opened = append(opened, b.store.Close)
	b.settings = b.store.Settings()
	if b.zone, err = b.settings.Location(); err != nil {
		return nil, err
	}
	if b.people, err = identity.Open(b.store); err != nil {
		return nil, err
	}
	b.ledger = &erasure.Ledger{Path: filepath.Join(dir, ledgerName)}
	secret, err := b.store.Secret(erasure.Purpose)
	if err != nil {
		return nil, err
	}
	if b.marks, err = erasure.Open(b.store, secret); err != nil {
		return nil, err
	}
	if err := registryThere(dir, b.store); err != nil {
		return nil, err
	}
	if b.registry, err = registry.Open(context.Background(), dir, b.settings); err != nil {
		return nil, err
	}
	opened = append(opened, b.registry.Close)
	if b.engine, err = compute.New(b.store, b.registry, b.people, b.settings); err != nil {
		return nil, err
	}
	b.live = compute.NewLive(b.engine, compute.LiveOptions{Facts: b.store, Results: b.store, Dir: resultsDir(dir), Logger: slog.Default()})
	if b.stream, err = b.newStream(context.Background()); err != nil {
		return nil, err
	}
	b.stream.Start()
	b.publisher = publish.New(definitions{b.registry}, b.registry, b.registry, b.engine, b.store.Commits, b.settings)
	return b, nil
}

// Close closes the stores; the first error is returned.
func (b *business) Close() error {
	b.stream.Stop()
	return errors.Join(b.live.Close(), b.registry.Close(), b.store.Close())
}

// work is what a command does with an open business.
type work func(ctx context.Context, b *business, args []string) error

// runner is a cobra command's RunE.
type runner func(*cobra.Command, []string) error

// with gives a command the open business: the server's, when the call runs in
// it or when one holds the data directory; else one opened for the call. A
// data directory that is not there is made.
func (c *call) with(run work) runner {
	return func(cmd *cobra.Command, args []string) error { return c.open(cmd.Context(), c.data, args, run) }
}

// withData is with for commands that only look at what is there: a data
// directory that is not there is NotFound, and is not made.
func (c *call) withData(run work) runner {
	return func(cmd *cobra.Command, args []string) error {
		if c.shared == nil && !exists(c.path(c.data)) {
			return &strata.Error{Code: strata.NotFound, Field: "--data", Message: c.data + " holds no business", Hint: "import a file into it, make one with `strata demo`, or name another directory"}
		}
		return c.open(cmd.Context(), c.data, args, run)
	}
}

// withScratch is with for commands that write nothing: in place of a data
// directory that is not there they get an empty one, which is removed.
func (c *call) withScratch(run work) runner {
	return func(cmd *cobra.Command, args []string) error {
		if c.shared != nil || exists(c.path(c.data)) {
			return c.open(cmd.Context(), c.data, args, run)
		}
		dir, err := os.MkdirTemp("", "strata-*")
		if err != nil {
			return &strata.Error{Code: strata.Unavailable, Message: "no place for a temporary directory", Cause: err}
		}
		defer os.RemoveAll(dir)
		return c.open(cmd.Context(), dir, args, run)
	}
}

func (c *call) open(ctx context.Context, dir string, args []string, run work) (err error) {
	settings := strata.DefaultSettings()
	if c.zone != "" {
		settings.Zone = c.zone
		if _, err := settings.Location(); err != nil {
			return usageError{fmt.Errorf("--zone: there is no time zone %s; use an IANA name such as Asia/Shanghai", c.zone)}
		}
	}
	if c.lang != "zh" && c.lang != "en" {
		return usageError{fmt.Errorf("--lang: there is no language %s; use zh or en", c.lang)}
	}
	b := c.shared
	if b == nil {
		dir = c.path(dir)
		if done, err := c.forward(ctx, dir); done {
			return err
		}
		if b, err = openBusiness(dir, settings); err != nil {
			return err
		}
		b.now = c.now
		defer func() { err = errors.Join(err, b.Close()) }()
		if err := b.finishErasures(ctx, c.instant()); err != nil {
			return err
		}
	}
	if c.zone != "" && c.zone != b.settings.Zone && !c.readsTimes {
		fmt.Fprintf(c.stderr, "warning: --zone: the zone of this data directory is %s and stays so\n", b.settings.Zone)
	}
	return run(ctx, b, args)
}

// isFile reports why no file is where an argument or a flag says.
func (c *call) isFile(name string) error {
	info, err := os.Stat(c.path(name))
	if err == nil && info.IsDir() {
		err = syscall.EISDIR
	}
	if err != nil {
		return unreadable(name, err)
	}
	return nil
}

// readFile reads a file that an argument or a flag names.
func (c *call) readFile(name string) ([]byte, error) {
	text, err := os.ReadFile(c.path(name))
	if err != nil {
		return nil, unreadable(name, err)
	}
	return text, nil
}

// unreadable says why a named file cannot be read: NotFound or Invalid where
// another name helps, Unavailable where the system does not allow it.
func unreadable(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &strata.Error{Code: strata.NotFound, Field: name, Message: "there is no such file", Hint: "check the path"}
	case errors.Is(err, syscall.EISDIR):
		return &strata.Error{Code: strata.Invalid, Field: name, Message: "is a directory", Hint: "name a file"}
	}
	return &strata.Error{Code: strata.Unavailable, Field: name, Message: "the file cannot be read", Cause: err}
}

// asOf reads an --as-of: an instant, a date for 00:00 of that day in the
// business zone, or nothing for now.
func (b *business) asOf(text string, now strata.Instant) (strata.Instant, error) {
	if text == "" {
		return now, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return strata.At(t), nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, b.zone); err == nil {
		return strata.At(t), nil
	}
	return 0, &strata.Error{Code: strata.Invalid, Field: "--as-of", Message: "cannot read the instant " + text, Hint: "write RFC 3339 (2026-01-31T12:00:00+08:00) or a date (2026-01-31)"}
}

// show prints an instant in the business zone.
func (b *business) show(at strata.Instant) string {
	return at.In(b.zone).Format("2006-01-02T15:04:05.999Z07:00")
}

// customer finds a customer by the public id or by any key's value.
func (b *business) customer(text string) (strata.CustomerID, error) {
	id, err := b.people.ByPublicID(text)
	if strata.CodeOf(err) != strata.NotFound {
		return id, err
	}
	found, searchErr := b.people.Search(text, 2)
	if searchErr != nil {
		return 0, searchErr
	}
	switch len(found) {
	case 0:
		return 0, &strata.Error{Code: strata.NotFound, Field: text, Message: "there is no such customer", Hint: "give a member number, a phone or another identity key"}
	case 1:
		return found[0], nil
	}
	return 0, &strata.Error{Code: strata.Invalid, Field: text, Message: "several customers match", Hint: "give the whole key"}
}

// printJSONLine prints one of many, a line each.
func (c *call) printJSONLine(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func (c *call) printJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// exists reports whether there is a data directory to work on.
func exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "customers"))
	return !errors.Is(err, fs.ErrNotExist)
}
