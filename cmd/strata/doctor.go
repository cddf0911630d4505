package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/spf13/cobra"

	"strata"
	"strata/compute"
	"strata/identity"
	"strata/ingest"
	"strata/registry"
	"strata/timeline"
)

// finding is one thing that the doctor found.
type finding struct {
	File  string `json:"file"`
	Key   string `json:"key,omitempty"` // or row of a table
	Cause string `json:"cause"`
	Hint  string `json:"hint,omitempty"`
}

// diagnosis is everything that the doctor says.
type diagnosis struct {
	Tables    int       `json:"tables"` // files whose every block was verified
	Keys      int64     `json:"keys"`
	Customers int64     `json:"customers_with_events"`
	Events    int64     `json:"events"`
	Rows      int64     `json:"registry_rows"`
	Snapshots int       `json:"snapshots"`
	Findings  []finding `json:"findings"`
}

func (d *diagnosis) found(file, key, cause, hint string) {
	d.Findings = append(d.Findings, finding{file, key, cause, hint})
}

// failed takes an error of opening something for a finding.
func (d *diagnosis) failed(file string, err error) {
	var known *strata.Error
	if !errors.As(err, &known) {
		d.found(file, "", err.Error(), "")
		return
	}
	if filepath.IsAbs(known.Field) {
		file = known.Field
	}
	cause := known.Message
	if known.Cause != nil {
		cause += ": " + known.Cause.Error()
	}
	d.found(file, "", cause, known.Hint)
}

func (c *call) doctorCommand() *cobra.Command {
	var accept bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check everything that is stored, and say what is damaged", Args: exactly(0, "no arguments"),
		Long: "Verifies the checksum of every block and row, decodes every value, looks up every code and both ways of every identity key, reads the\n" +
			"snapshots of the results, and compares the log with the record of what was acknowledged. What is wrong is listed by file, key and\n" +
			"cause; the exit code is 1 if anything is. It changes nothing, unless --accept-loss is given.",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			dir := c.path(c.data)
			if c.shared == nil {
				if !exists(dir) && !recorded(dir) {
					return &strata.Error{Code: strata.NotFound, Field: "--data", Message: c.data + " holds no business", Hint: "name another directory"}
				}
				if done, err := c.forward(ctx, dir); done {
					return err
				}
			} else if accept {
				return &strata.Error{Code: strata.Conflict, Field: "--accept-loss", Message: "a server holds the data directory, so nothing is missing", Hint: "leave it out"}
			}
			d := &diagnosis{Findings: []finding{}}
			var err error
			if c.shared != nil {
				err = d.business(ctx, c.shared.dir, c.shared.store, c.shared.people, c.shared.registry)
			} else {
				err = d.directory(ctx, dir, accept)
			}
			if err != nil {
				return err
			}
			return c.printDiagnosis(d)
		},
	}
	cmd.Flags().BoolVar(&accept, "accept-loss", false, "go on with what is there where acknowledged commits are missing: they are lost, and must be sent again")
	return cmd
}

// recorded reports whether there was a database, by its record.
func recorded(dir string) bool {
	_, err := os.Stat(timeline.RecordPath(filepath.Join(dir, "customers")))
	return err == nil
}

// directory checks a data directory that nobody holds. What cannot be opened
// is a finding, and the rest is checked all the same.
func (d *diagnosis) directory(ctx context.Context, dir string, accept bool) error {
	customers := filepath.Join(dir, "customers")
	_, _, spoilt, err := timeline.ReadRecord(vfs.Default, customers)
	if err == nil && spoilt {
		d.found(timeline.RecordPath(customers), "", "one of the two places of the record is damaged", "the next start of a server mends it")
	}
	store, err := timeline.Open(customers, timeline.Options{Mergers: mergers(), Logger: slog.Default(), AcceptLoss: accept, ReadOnly: !accept})
	if err != nil {
		if strata.CodeOf(err) == strata.Unavailable && held(err) {
			return err
		}
		d.failed(customers, err)
	}
	settings := strata.DefaultSettings()
	var people *identity.Store
	if store != nil {
		defer store.Close()
		settings = store.Settings()
		if people, err = identity.Open(store); err != nil {
			d.failed(customers, err)
		}
	}
	var r *registry.Registry
	if err = registryThere(dir, store); err == nil {
		r, err = registry.Open(ctx, dir, settings)
	}
	if err != nil {
		d.failed(filepath.Join(dir, "registry.db"), err)
	} else {
		defer r.Close()
	}
	return d.business(ctx, dir, store, people, r)
}

// held reports whether the error says that another process works there.
func held(err error) bool {
	var known *strata.Error
	return errors.As(err, &known) && known.Hint == "stop the other one, or work through its address"
}

// business checks what is open; what is nil could not be opened.
func (d *diagnosis) business(ctx context.Context, dir string, store *timeline.Store, people *identity.Store, r *registry.Registry) error {
	customers := filepath.Join(dir, "customers")
	if store != nil {
		checks := map[byte]timeline.KeyCheck{'r': compute.CheckKey, 'i': identity.Check(store)}
		for first, check := range ingest.Checks {
			checks[first] = check
		}
		done, err := store.Check(ctx, checks, func(x timeline.Damage) {
			d.found(filepath.Join(customers, x.File), x.Key, x.Cause, "restore it from a backup")
		})
		if err != nil {
			return err
		}
		d.Tables, d.Keys, d.Customers, d.Events = done.Files, done.Keys, done.Customers, done.Events
	}
	if r != nil {
		done, found, err := r.Check(ctx)
		if err != nil {
			return err
		}
		d.Rows = done.Rows
		for _, x := range found {
			row := x.Table
			if x.Row != "" {
				row += " " + x.Row
			}
			d.found(filepath.Join(dir, "registry.db"), row, x.Cause, "restore it from a backup")
		}
	}
	snapshots, _ := filepath.Glob(filepath.Join(resultsDir(dir), "*.snapshot"))
	for _, file := range snapshots {
		err := compute.CheckSnapshot(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // replaced meanwhile
		}
		d.Snapshots++
		if err != nil {
			d.failed(file, err)
		}
	}
	return nil
}

func (c *call) printDiagnosis(d *diagnosis) error {
	if c.json {
		if err := c.printJSON(d); err != nil {
			return err
		}
	} else {
		for _, f := range d.Findings {
			fmt.Fprintf(c.stdout, "%s", f.File)
			if f.Key != "" {
				fmt.Fprintf(c.stdout, ": %s", f.Key)
			}
			fmt.Fprintf(c.stdout, ": %s", f.Cause)
			if f.Hint != "" {
				fmt.Fprintf(c.stdout, "; %s", f.Hint)
			}
			fmt.Fprintln(c.stdout)
		}
		fmt.Fprintf(c.stdout, "%d tables, %d keys, %d events of %d customers, %d rows of the registry and %d snapshots checked: %d findings\n",
			d.Tables, d.Keys, d.Events, d.Customers, d.Rows, d.Snapshots, len(d.Findings))
	}
	if n := len(d.Findings); n > 0 {
		return &strata.Error{Code: strata.Conflict, Message: fmt.Sprintf("%d things are wrong with the data directory", n), Hint: "keep a copy of it before anything else"}
	}
	return nil
}

// registryThere refuses to make a new registry beside customers who had one.
func registryThere(dir string, store *timeline.Store) error {
	path := filepath.Join(dir, "registry.db")
	if _, err := os.Stat(path); err == nil || store != nil && store.Acknowledged() == 0 {
		return nil
	}
	return &strata.Error{Code: strata.Unavailable, Field: path, Message: "the registry is missing, with the definitions, accounts and audit", Hint: "put the file back, or restore a backup"}
}
