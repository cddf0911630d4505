package ingest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"strata"
)

// Store is what an import reads of what is stored. Get returns nil for an
// absent key, ScanKeys visits [from, to) in order.
type Store interface {
	Get(key []byte) ([]byte, error)
	ScanKeys(from, to []byte, fn func(key, value []byte) error) error
}

// Identity decides whose keys they are. Resolve names or makes the customer
// and is Conflict where the keys belong to two.
type Identity interface {
	Resolve(b strata.Batch, keys []strata.Key) (id strata.CustomerID, created bool, err error)
	Find(k strata.Key) (strata.CustomerID, bool, error)
}

// Appender adds facts of one source to a customer's timeline in the batch.
type Appender func(b strata.Batch, c strata.CustomerID, events []strata.Event, attributes []strata.Attribute, source string, imp uint32) error

// Updater calls fill with an empty batch and commits what fill wrote, whole
// or not at all; with sync it returns when that and everything before is on
// disk. It calls fill once.
type Updater func(sync bool, fill func(b strata.Batch) error) error

// Options say what to import and where to.
type Options struct {
	File      Source
	Mapping   *Mapping
	Settings  strata.Settings // of the data directory
	Store     Store
	Update    Updater
	Append    Appender
	Identity  Identity
	Normalise func(namespace, value string) (strata.Key, error)
	Erased    func(keys []strata.Key) bool // whether one is of a person whose data were erased; nil = none is
	Now       func() time.Time
	Progress  func(Progress) // may be nil; called from several goroutines, one at a time
	DryRun    bool           // everything but writing
	BatchRows int            // rows and groups that are committed together; default 100,000
}

// mappingHash says what decides the facts of a row besides the row: the
// mapping, and the zone of times that carry none.
func (o *Options) mappingHash() string { return o.Mapping.hash + " " + o.Settings.Zone }

// Progress is how far an import is.
type Progress struct {
	Phase string // "checking", then "importing"
	Read  int64  // bytes of the file as stored
	Total int64  // 0 = unknown
	Rows  uint64
}

// The phases of an import.
const (
	Checking  = "checking"
	Importing = "importing"
)

// Report is what an import did, or with DryRun would do.
type Report struct {
	Record
	DryRun   bool
	Resumed  bool     // an interrupted import of the same file went on
	Unused   []string // columns of the file that the mapping does not use
	Warnings []string
	Elapsed  time.Duration
}

// ReadHeader returns the names of a file's columns, for Suggest.
func ReadHeader(file Source) ([]string, error) {
	read := func(encoding string) ([]string, error) {
		rows, err := openRows(file, rowFormat{encoding: encoding}, io.Discard)
		if err != nil {
			return nil, err
		}
		defer rows.close()
		return rows.header()
	}
	header, err := read(utf8Name)
	var wrong *encodingError
	if errors.As(err, &wrong) {
		header, err = read(gb18030Name)
	}
	if errors.As(err, &wrong) {
		return nil, wrong.error
	}
	return header, err
}

// Import reads a file through a mapping into the store. See the package doc
// for what makes facts the same and for what an interrupted import leaves.
// Only one import at a time may write to a store.
//
// The error is Invalid, and nothing is written, where the file cannot be read
// to its end, does not decode, or lacks columns that the mapping names
// (errors.Join of all of them). Refused rows are no error; they are counted
// in the report and kept (see Refused).
func Import(ctx context.Context, o Options) (Report, error) {
	began := o.Now()
	if o.Settings == (strata.Settings{}) {
		o.Settings = strata.DefaultSettings()
	}
	if o.BatchRows <= 0 {
		o.BatchRows = 100_000
	}
	im := &importer{o: &o, began: strata.At(began), now: strata.At(began)}
	report, err := im.run(ctx)
	report.Elapsed = o.Now().Sub(began)
	return report, err
}

type importer struct {
	o     *Options
	began strata.Instant

	now strata.Instant // later events are not believed

	encoding  string
	delimiter byte
	header    []string
	hash      contentHash
	bad       map[groupKey]badGroup
}

func (im *importer) run(ctx context.Context) (report Report, err error) {
	report.DryRun = im.o.DryRun
	if err := im.check(ctx); err != nil {
		return report, err
	}
	for _, name := range im.header {
		if name != "" && !slices.Contains(im.o.Mapping.columns, name) {
			report.Unused = append(report.Unused, name)
		}
	}
	record, warnings, err := im.record()
	if err != nil {
		return report, err
	}
	report.Warnings, report.Resumed = warnings, record.Progress > 0
	if record.Started != im.now { // go on as the interrupted run saw it
		im.now = record.Started
		if err := im.check(ctx); err != nil {
			return report, err
		}
	}
	if report.Resumed {
		if im.bad, err = readBadGroups(im.o.Store, record.ID); err != nil {
			return report, err
		}
	}
	err = im.apply(ctx, record)
	if err != nil && ctx.Err() != nil && !im.o.DryRun {
		if err := im.interrupted(record.ID); err != nil {
			return report, err
		}
	}
	report.Record = *record
	return report, err
}

// check is the first reading.
func (im *importer) check(ctx context.Context) error {
	forced := im.o.Mapping.encoding != ""
	im.encoding = im.o.Mapping.encoding
	if !forced {
		im.encoding = utf8Name
	}
	err := im.checkAs(ctx, forced)
	var wrong *encodingError
	if errors.As(err, &wrong) && !forced {
		detected, err2 := detectEncoding(im.o.File)
		if err2 != nil {
			return err2
		}
		if detected != im.encoding {
			im.encoding = detected
			err = im.checkAs(ctx, false)
		}
	}
	if errors.As(err, &wrong) {
		return wrong.error
	}
	return err
}

func (im *importer) checkAs(ctx context.Context, forced bool) error {
	m, err := newMapper(im.o.Mapping, im.o.Settings, im.o.Normalise)
	if err != nil {
		return err
	}
	m.now, m.began = im.now, im.now
	finder := newFinder(im.o.Identity)
	m.identify = func(s *keySet) error {
		_, err := finder.find(s)
		return err
	}
	if len(im.o.Mapping.keys) == 1 { // one key cannot contradict itself
		m.identify = func(s *keySet) error {
			s.found = s.hash | 1
			return nil
		}
	}
	hash, err := im.read(ctx, Checking, forced, m, func(u unit, _ *record) error {
		if m.failed != nil {
			return m.failed
		}
		return im.checkGroups(m)
	})
	if err != nil {
		return err
	}
	m.endAll()
	if err := im.checkGroups(m); err != nil {
		return err
	}
	im.hash, im.bad = hash, m.groups.bad
	return nil
}

// checkGroups refuses the groups that have ended and whose id stands for
// something else already.
func (im *importer) checkGroups(m *mapper) error {
	for _, g := range m.groups.ready {
		if _, bad := m.groups.bad[g.key]; bad {
			continue
		}
		u := m.groupUnit(g)
		f := &u.facts[0]
		stored, err := im.o.Store.Get(idKey(im.o.Mapping.source, &f.Event))
		if err != nil {
			return err
		}
		if stored != nil && !sameBody(stored, f.body) {
			ref := sameID(f.Name, f.ID)
			m.groups.bad[g.key] = badGroup{Reason: ref.Reason, Hint: ref.Hint}
		}
	}
	m.groups.ready = m.groups.ready[:0]
	return nil
}

// read goes through the file once and hands every row's unit to fn, with its
// record, which is valid during the call.
func (im *importer) read(ctx context.Context, phase string, forced bool, m *mapper, fn func(unit, *record) error) (hash contentHash, err error) {
	hasher := xxh3.New()
	mapping := im.o.Mapping
	rows, err := openRows(im.o.File, rowFormat{encoding: im.encoding, forced: forced, delimiter: mapping.delimiter, headless: len(mapping.header) > 0,
		sheet: mapping.sheet, each: mapping.each, used: func(column string) bool { return slices.Contains(mapping.columns, column) }}, hasher)
	if err != nil {
		return hash, err
	}
	defer rows.close()
	header, err := rows.header()
	if err != nil {
		return hash, err
	}
	if len(mapping.header) > 0 {
		header = mapping.header
	} else if err := headerError(im.o.File.Name, rows.headerLine(), header); err != nil {
		return hash, err
	}
	im.header, im.delimiter = header, rows.delimiter()
	if err := m.bind(im.o.File.Name, header); err != nil {
		return hash, err
	}

	group, ctx := errgroup.WithContext(ctx)
	free, filled := make(chan *block, 4), make(chan *block, 5) // all blocks and the end
	for range cap(free) {
		free <- &block{}
	}
	group.Go(func() error {
		defer func() { filled <- nil }()
		for {
			var b *block
			select {
			case b = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			err := rows.next(b)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			b.stored = rows.stored()
			filled <- b
		}
	})
	group.Go(func() error {
		for b := range filled {
			if b == nil {
				return nil
			}
			for i := range b.records {
				if err := fn(m.row(&b.records[i], len(header)), &b.records[i]); err != nil {
					return err
				}
			}
			if im.o.Progress != nil {
				im.o.Progress(Progress{Phase: phase, Read: b.stored, Total: im.o.File.Size, Rows: b.records[len(b.records)-1].row})
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			free <- b
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return hash, err
	}
	return contentHash(hasher.Sum128().Bytes()), nil
}

// record finds the interrupted import that this one continues, or begins a
// new one.
func (im *importer) record() (*Record, []string, error) {
	o := im.o
	hash := hex.EncodeToString(im.hash[:])
	var resumed *Record
	var others []Record
	var warnings []string
	last := uint32(0)
	err := Records(o.Store, func(r Record) error {
		last = r.ID
		same := r.Hash == hash && r.Source == o.Mapping.source
		switch {
		case r.State == Undoing && r.Hash == hash:
			return &strata.Error{Code: strata.Conflict, Field: o.File.Name, Message: fmt.Sprintf("import %d of this file is being undone", r.ID),
				Hint: fmt.Sprintf("finish that first: `strata imports undo %d --yes`", r.ID)}
		case r.State == Undone:
			return nil
		case r.State != Done && same && r.MappingHash == o.mappingHash():
			resumed = &r
		case r.State == Running:
			others = append(others, r)
		}
		if same && r.MappingHash != o.mappingHash() && r.Progress > 0 {
			warnings = append(warnings, fmt.Sprintf("import %d brought this file with another mapping; what it took stays as it is", r.ID))
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if resumed == nil || o.DryRun {
		resumed = &Record{ID: last + 1, File: o.File.Name, Size: o.File.Size, Hash: hash, Encoding: im.encoding, Header: im.header, Delimiter: string(im.delimiter), Headless: len(o.Mapping.header) > 0,
			Source: o.Mapping.source, Mapping: o.Mapping.name, MappingHash: o.mappingHash(), Started: im.began}
	}
	resumed.State = Running
	if o.DryRun {
		return resumed, warnings, nil
	}
	return resumed, warnings, o.Update(false, func(b strata.Batch) error {
		for _, r := range others {
			r.State = Interrupted
			if err := r.write(b); err != nil {
				return err
			}
		}
		if resumed.Progress == 0 {
			if err := writeBadGroups(b, resumed.ID, im.bad); err != nil {
				return err
			}
		}
		return resumed.write(b)
	})
}

// interrupted notes in the last committed record that the import has ended
// before its end.
func (im *importer) interrupted(id uint32) error {
	return im.o.Update(true, func(b strata.Batch) error {
		var last Record
		stored, err := b.Get(recordKey(id))
		if err != nil || stored == nil {
			return err
		}
		if err := json.Unmarshal(stored, &last); err != nil {
			return &strata.Error{Code: strata.Internal, Message: "the record of an import is damaged", Cause: err}
		}
		last.State = Interrupted
		return last.write(b)
	})
}

// apply is the second reading.
func (im *importer) apply(ctx context.Context, kept *Record) error {
	m, err := newMapper(im.o.Mapping, im.o.Settings, im.o.Normalise)
	if err != nil {
		return err
	}
	m.now, m.began, m.bad = kept.Started, kept.Started, im.bad
	m.rowID = "f:" + strings.ToLower(hex.EncodeToString(im.hash[:8])) + ":"
	w, err := newWriter(im.o, kept, im.hash)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	batches := make(chan *batch, 1)
	group.Go(func() error {
		for b := range batches {
			if err := w.write(b); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil && !b.last {
				return err
			}
		}
		return nil
	})
	group.Go(func() error {
		defer close(batches)
		b := &batch{}
		send := func(last bool) error {
			b.last = last
			select {
			case batches <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
			b = &batch{}
			return nil
		}
		add := func(u unit) error {
			b.units = append(b.units, u)
			b.facts += len(u.facts) + len(u.attributes)
			b.raw += len(u.raw)
			if b.full(im.o.BatchRows) {
				return send(false)
			}
			return nil
		}
		closed := func() error {
			for _, g := range m.groups.ready {
				if _, bad := im.bad[g.key]; bad {
					continue
				}
				if _, bad := m.groups.bad[g.key]; bad {
					return &strata.Error{Code: strata.Conflict, Field: im.o.File.Name, Message: "the file was changed while it was imported", Hint: "import it again when it is complete"}
				}
				if err := add(m.groupUnit(g)); err != nil {
					return err
				}
			}
			m.groups.ready = m.groups.ready[:0]
			return nil
		}
		hash, err := im.read(ctx, Importing, true, m, func(u unit, rec *record) error {
			if u.skipped == 0 {
				u.raw = string(rec.raw)
			}
			if err := closed(); err != nil {
				return err
			}
			return add(u)
		})
		if err != nil {
			return err
		}
		if hash != im.hash {
			return &strata.Error{Code: strata.Conflict, Field: im.o.File.Name, Message: "the file was changed while it was imported", Hint: "import it again when it is complete"}
		}
		m.endAll()
		if err := closed(); err != nil {
			return err
		}
		return send(true)
	})
	return group.Wait()
}
