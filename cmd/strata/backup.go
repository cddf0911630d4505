package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"strata"
	"strata/registry"
)

// A backup is a directory named by its instant, in a directory that holds all
// backups of one business. Every backup is whole: tables that have not changed
// since the one before are hard links to that one's.

const (
	manifestName   = "manifest.json"
	manifestFormat = 1
	backupLayout   = "20060102T150405Z" // names of backups, which sort by time
	partial        = ".partial"         // of a backup that is being written
)

// manifest says what a backup holds.
type manifest struct {
	Format  int            `json:"format"`
	Version string         `json:"strata_version"`
	Taken   time.Time      `json:"taken_at"`
	Commits uint64         `json:"commits"`
	Files   []manifestFile `json:"files"`
	Sum     string         `json:"sum"` // SHA-256 of the manifest with an empty sum
}

type manifestFile struct {
	Path string `json:"path"` // with slashes, relative to the backup
	Size int64  `json:"size_bytes"`
	Sum  string `json:"sha256"`
}

func (m manifest) encode() ([]byte, error) {
	m.Sum = ""
	plain, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	m.Sum = hex.EncodeToString(sum[:])
	return json.MarshalIndent(m, "", "  ")
}

// readManifest reads the manifest of a backup and verifies its own sum.
func readManifest(dir string) (*manifest, error) {
	path := filepath.Join(dir, manifestName)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, damagedBackup(path, "the manifest is damaged", err)
	}
	if m.Format != manifestFormat {
		return nil, &strata.Error{Code: strata.Unsupported, Field: path, Message: fmt.Sprintf("the backup has format %d; this program knows %d", m.Format, manifestFormat), Hint: "use a newer version of strata"}
	}
	again, err := m.encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(bytes.TrimSpace(again), bytes.TrimSpace(b)) {
		return nil, damagedBackup(path, "the manifest is damaged: its sum is of something else", nil)
	}
	for _, f := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) {
			return nil, damagedBackup(path, "the manifest names a file outside the backup: "+f.Path, nil)
		}
	}
	return &m, nil
}

func damagedBackup(field, message string, cause error) error {
	return &strata.Error{Code: strata.Invalid, Field: field, Message: message, Hint: "use another backup", Cause: cause}
}

func (c *call) backupCommand() *cobra.Command {
	var full bool
	cmd := &cobra.Command{
		Use: "backup DIR", Short: "Copy everything into a new directory under DIR, while serving too", Args: exactly(1, "the DIRectory that holds the backups"),
		Long: "Copies the registry, the customers and the results, as they are at one moment, into DIR/TIME with a manifest of checksums. Tables\n" +
			"that the backup before holds already are linked to it, so that a backup costs the space of what is new. DIR belongs on another disk.",
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			dir, m, linked, err := b.backup(ctx, c.path(args[0]), c.now(), full)
			if err != nil {
				return err
			}
			if err := b.registry.AppendAudit(ctx, registry.AuditEntry{At: c.instant(), Account: author, Action: "backup.made", Object: filepath.Base(dir)}); err != nil {
				return err
			}
			var total int64
			for _, f := range m.Files {
				total += f.Size
			}
			if c.json {
				return c.printJSON(map[string]any{"backup": dir, "files": len(m.Files), "linked_files": linked, "size_bytes": total, "commits": m.Commits, "taken_at": b.show(strata.At(m.Taken))})
			}
			fmt.Fprintf(c.stdout, "%s: %d files, %d bytes; %d files are those of the backup before\n", dir, len(m.Files), total, linked)
			return nil
		}),
	}
	cmd.Flags().BoolVar(&full, "full", false, "link nothing to the backup before")
	return cmd
}

// backup makes a backup under root and returns its directory.
func (b *business) backup(ctx context.Context, root string, now time.Time, full bool) (dir string, _ *manifest, linked int, err error) {
	data, err := filepath.Abs(b.dir)
	if err != nil {
		return "", nil, 0, err
	}
	if in, err := filepath.Rel(data, root); err == nil && filepath.IsLocal(in) {
		return "", nil, 0, &strata.Error{Code: strata.Invalid, Field: "DIR", Message: root + " lies in the data directory", Hint: "choose a directory on another disk"}
	}
	b.saving.Lock()
	defer b.saving.Unlock()
	m := &manifest{Format: manifestFormat, Version: version, Taken: now.UTC().Truncate(time.Second)}
	dir = filepath.Join(root, m.Taken.Format(backupLayout))
	if _, err := os.Stat(dir); err == nil {
		return "", nil, 0, &strata.Error{Code: strata.Conflict, Field: dir, Message: "there is a backup of this second already", Hint: "wait a second"}
	}
	failed := func(err error) error {
		var known *strata.Error
		if err == nil || errors.As(err, &known) || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return err
		}
		return &strata.Error{Code: strata.Unavailable, Field: dir, Message: "the backup cannot be written", Hint: "check the space and the rights there", Cause: err}
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return "", nil, 0, failed(err)
	}
	before, known := "", map[string]manifestFile{}
	if !full {
		if before, err = newestBackup(root); err == nil {
			if earlier, err := readManifest(before); err == nil {
				for _, f := range earlier.Files {
					known[f.Path] = f
				}
			}
		}
	}
	writing := dir + partial
	if err := os.RemoveAll(writing); err != nil {
		return "", nil, 0, failed(err)
	}
	if err := os.Mkdir(writing, 0o700); err != nil {
		return "", nil, 0, failed(err)
	}
	scratch := filepath.Join(b.dir, "checkpoint")
	defer func() {
		os.RemoveAll(scratch)
		if err != nil {
			os.RemoveAll(writing)
		}
	}()
	if err := os.RemoveAll(scratch); err != nil {
		return "", nil, 0, failed(err)
	}
	if err := os.MkdirAll(filepath.Join(scratch, "results"), 0o700); err != nil {
		return "", nil, 0, failed(err)
	}

	// The registry first: what it says of changes that were acted on is then
	// never ahead of the log of changes.
	if err := b.registry.Backup(ctx, filepath.Join(scratch, "registry.db")); err != nil {
		return "", nil, 0, err
	}
	m.Commits = b.store.Commits()
	// The snapshot that the copy names is there before or after it is made.
	b.linkResults(scratch)
	if err := b.store.Checkpoint(filepath.Join(scratch, "customers")); err != nil {
		return "", nil, 0, err
	}
	b.linkResults(scratch)
	if err := b.copyLedger(scratch); err != nil {
		return "", nil, 0, failed(err)
	}

	err = filepath.WalkDir(scratch, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := filepath.Rel(scratch, path)
		if err != nil {
			return err
		}
		to := filepath.Join(writing, name)
		if entry.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		f := manifestFile{Path: filepath.ToSlash(name)}
		if old, ok := known[f.Path]; ok && strings.HasSuffix(name, ".sst") {
			if f.Sum, f.Size, err = sumOfFile(path); err != nil {
				return err
			}
			if f == old && os.Link(filepath.Join(before, name), to) == nil {
				linked++
				m.Files = append(m.Files, f)
				return nil
			}
		}
		if f.Sum, f.Size, err = copyFile(path, to); err != nil {
			return err
		}
		m.Files = append(m.Files, f)
		return nil
	})
	if err != nil {
		return "", nil, 0, failed(err)
	}
	encoded, err := m.encode()
	if err != nil {
		return "", nil, 0, err
	}
	if err := writeFile(filepath.Join(writing, manifestName), append(encoded, '\n')); err != nil {
		return "", nil, 0, failed(err)
	}
	for _, d := range []string{writing, filepath.Join(writing, "customers"), filepath.Join(writing, "results")} {
		if err := syncDirectory(d); err != nil {
			return "", nil, 0, failed(err)
		}
	}
	if err := os.Rename(writing, dir); err != nil {
		return "", nil, 0, failed(err)
	}
	if err := b.rememberPlace(ctx, root); err != nil {
		return "", nil, 0, failed(err)
	}
	return dir, m, linked, failed(syncDirectory(root))
}

// linkResults links the snapshots of the results into scratch. One that is
// not there in the end costs an evaluation of everyone, and nothing else.
func (b *business) linkResults(scratch string) {
	files, _ := filepath.Glob(filepath.Join(resultsDir(b.dir), "*.snapshot"))
	for _, file := range files {
		os.Link(file, filepath.Join(scratch, "results", filepath.Base(file)))
	}
}

// newestBackup is the last whole backup under root; NotFound where there is
// none.
func newestBackup(root string) (string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return "", unreadable(root, err)
	}
	for _, e := range slices.Backward(entries) {
		if _, err := time.Parse(backupLayout, e.Name()); err == nil && e.IsDir() {
			return filepath.Join(root, e.Name()), nil
		}
	}
	return "", &strata.Error{Code: strata.NotFound, Field: root, Message: "there is no backup", Hint: "name a directory that `strata backup` wrote to"}
}

func sumOfFile(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// copyFile copies a file durably and returns the SHA-256 of what it copied.
func copyFile(from, to string) (sum string, size int64, err error) {
	in, err := os.Open(from)
	if err != nil {
		return "", 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", 0, err
	}
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(out, h), in)
	return hex.EncodeToString(h.Sum(nil)), size, errors.Join(err, out.Sync(), out.Close())
}

func writeFile(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
