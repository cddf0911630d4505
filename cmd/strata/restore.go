package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"strata"
	"strata/erasure"
	"strata/registry"
)

func (c *call) restoreCommand() *cobra.Command {
	var ledger string
	cmd := &cobra.Command{
		Use: "restore DIR --data NEW", Short: "Make a data directory from a backup", Args: exactly(1, "the DIRectory of a backup, or of all"),
		Long: "Verifies every file of the backup (of the newest, where DIR holds several) and makes the data directory NEW from it, which must be\n" +
			"empty or not be there. Nothing goes out to customers and staff from it until `strata resume`: what was sent after the backup was made\n" +
			"is not known to it. Whoever was erased since, by the ledger of erasures beside the backups or by --ledger, is erased from it.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.shared != nil || !cmd.Flags().Changed("data") {
				return usageError{errors.New("restore: name the new data directory with --data; a server must not hold it")}
			}
			from := c.path(args[0])
			if _, err := os.Stat(filepath.Join(from, manifestName)); errors.Is(err, fs.ErrNotExist) {
				if from, err = newestBackup(from); err != nil {
					return err
				}
			}
			m, err := c.restore(cmd.Context(), from, c.path(c.data), ledger)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"backup": from, "data": c.path(c.data), "files": len(m.Files), "commits": m.Commits, "taken_at": m.Taken, "outgoing_held": true})
			}
			fmt.Fprintf(c.stdout, "%s is as it was at %s; nothing goes out from it until `strata resume`\n", c.data, m.Taken.Format("2006-01-02T15:04:05Z07:00"))
			return nil
		},
	}
	cmd.Flags().StringVar(&ledger, "ledger", "", "a later ledger of erasures, `FILE` "+ledgerName+" of the data directory that was lost")
	return cmd
}

// restore makes the data directory to from a backup, whole or not at all.
func (c *call) restore(ctx context.Context, from, to, ledger string) (*manifest, error) {
	entries, err := os.ReadDir(to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, unreadable(to, err)
	case len(entries) > 0:
		return nil, &strata.Error{Code: strata.Conflict, Field: "--data", Message: to + " is not empty", Hint: "name a directory that is not there yet"}
	}
	m, err := readManifest(from)
	if err != nil {
		return nil, err
	}
	failed := func(err error) error {
		var known *strata.Error
		if err == nil || errors.As(err, &known) || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return err
		}
		return &strata.Error{Code: strata.Unavailable, Field: to, Message: "the data directory cannot be written", Hint: "check the space and the rights there", Cause: err}
	}
	writing := to + ".restoring"
	if err := os.RemoveAll(writing); err != nil {
		return nil, failed(err)
	}
	defer os.RemoveAll(writing)
	var errs []error
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		path := filepath.Join(from, filepath.FromSlash(f.Path))
		target := filepath.Join(writing, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return nil, failed(err)
		}
		if _, err := os.Stat(path); err != nil {
			errs = append(errs, unreadable(path, err))
			continue
		}
		sum, size, err := copyFile(path, target)
		switch {
		case err != nil:
			return nil, failed(err)
		case sum != f.Sum || size != f.Size:
			errs = append(errs, damagedBackup(path, "the file is not what was backed up: its checksum is another", nil))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	own := filepath.Join(writing, ledgerName)
	ledgers := []string{filepath.Join(filepath.Dir(from), ledgerName)}
	if _, err := os.Stat(own); err == nil {
		if err := os.Rename(own, own+".backup"); err != nil {
			return nil, failed(err)
		}
		ledgers = append([]string{own + ".backup"}, ledgers...)
	}
	if ledger != "" {
		if err := c.isFile(ledger); err != nil {
			return nil, err
		}
		ledgers = append(ledgers, c.path(ledger))
	}
	if err := joinLedgers(&erasure.Ledger{Path: own}, ledgers...); err != nil {
		return nil, err
	}
	os.Remove(own + ".backup")
	b, err := openBusiness(writing, strata.DefaultSettings())
	if err != nil {
		return nil, err
	}
	err = b.registry.HoldOutgoing(ctx, registry.Held{Since: c.instant(), Taken: strata.At(m.Taken)})
	if err == nil {
		_, err = b.eraseAgain(ctx, c.instant())
	}
	if err == nil {
		err = b.registry.AppendAudit(ctx, registry.AuditEntry{At: c.instant(), Account: author, Action: "backup.restored", Object: filepath.Base(from)})
	}
	if err := errors.Join(err, b.Close()); err != nil {
		return nil, err
	}
	if err := os.Rename(writing, to); err != nil {
		return nil, failed(err)
	}
	return m, failed(syncDirectory(filepath.Dir(to)))
}

func (c *call) resumeCommand() *cobra.Command {
	var by byFlags
	cmd := &cobra.Command{
		Use: "resume", Short: "Let messages, tasks and webhooks go out again after a restore", Args: exactly(0, "no arguments"),
		RunE: c.withData(func(ctx context.Context, b *business, _ []string) error {
			who, err := c.by(ctx, b, by)
			if err != nil {
				return err
			}
			was, err := b.registry.ResumeOutgoing(ctx, who)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]bool{"resumed": was})
			}
			fmt.Fprintln(c.stdout, map[bool]string{true: "what goes out goes out again", false: "nothing was held"}[was])
			return nil
		}),
	}
	by.on(cmd)
	return cmd
}
