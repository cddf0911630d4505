package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"sync"

	"strata"
	"strata/compute"
	"strata/define"
)

// Definitions is where definitions are published.
type Definitions interface {
	// Published returns the current set and a number that grows with every
	// change of definitions or calibrations.
	Published(ctx context.Context) (*define.Set, uint64, error)
	// Publish makes those definitions and catalogue entries what they are in
	// the set, all or nothing, and returns the number of Published.
	Publish(ctx context.Context, set *define.Set, refs []define.Ref, author string, at strata.Instant) (uint64, error)
	// As returns a context in which what the engine stores is the author's.
	As(ctx context.Context, author string, at strata.Instant) context.Context
}

// Plans keeps small texts by key; the registry's settings do.
type Plans interface {
	SetSetting(ctx context.Context, key, value string) error
	Setting(ctx context.Context, key string) (value string, ok bool, err error)
}

// Demands are what the business demands of its definitions beyond what the
// language does; the registry keeps them.
type Demands interface {
	Governance(ctx context.Context) (define.Governance, error)
}

// Publisher drafts, plans and applies definitions, one apply at a time. It may
// be used by several goroutines.
type Publisher struct {
	definitions Definitions
	plans       Plans
	demands     Demands
	engine      *compute.Engine
	commits     func() uint64 // of the data
	settings    strata.Settings

	applying sync.Mutex
}

// New returns a publisher over the engine's definitions and data; commits
// gives a number that grows with every commit of data.
func New(definitions Definitions, plans Plans, demands Demands, engine *compute.Engine, commits func() uint64, settings strata.Settings) *Publisher {
	return &Publisher{definitions: definitions, plans: plans, demands: demands, engine: engine, commits: commits, settings: settings}
}

// Draft is a checked text against what was published then.
type Draft struct {
	Name     string // of the text, in messages
	Text     []byte
	File     *define.File
	Base     *define.Set // what is published
	Version  uint64      // of the base
	Set      *define.Set // the base with the text laid over it
	Running  *define.Set // Set without what is paused
	Paused   []define.Ref
	Owner    string // who owns what is new and has no owner; "" = nobody
	Warnings []define.Warning

	refused error
}

// Publishable says why the draft cannot be applied although it can be planned:
// a joined error of one *strata.Error for each owner, purpose or consumer that
// the business requires and that is not there.
func (d *Draft) Publishable() error { return d.refused }

// Draft checks a text of definitions over what is published, and against what
// the business demands of definitions. The error joins everything that is
// wrong with it (define.Errors), or everything in it that the engine cannot
// run. The owner, who may be nobody, gets what is new and has no owner.
func (p *Publisher) Draft(ctx context.Context, name string, text []byte, owner string) (*Draft, error) {
	base, version, err := p.definitions.Published(ctx)
	if err != nil {
		return nil, err
	}
	file, err := define.Parse(name, text)
	if file == nil {
		return nil, err
	}
	demands, demandsErr := p.demands.Governance(ctx)
	if demandsErr != nil {
		return nil, demandsErr
	}
	if err == nil {
		if err := demands.CheckPaused(base.Catalogue, file); err != nil {
			return nil, err
		}
	}
	// What Parse found Check finds again, with the rest.
	set, warnings, err := define.Check(base, file, p.settings)
	if err != nil {
		return nil, err
	}
	set.GiveOwner(base, file.Refs(), owner)
	governed, err := demands.Check(base, set, file)
	if err != nil {
		return nil, err
	}
	d := &Draft{Name: name, Text: text, File: file, Base: base, Version: version, Set: set, Paused: demands.Paused, Owner: owner,
		Running: set.WithoutRefs(demands.Paused...), Warnings: append(warnings, governed...), refused: demands.CheckPublished(set, file)}
	if err := p.engine.Check(d.Running); err != nil {
		return nil, err
	}
	return d, nil
}

// Refs are the catalogue entries and definitions that the draft holds: the
// entries by kind and name, then the definitions in the order of the text.
func (d *Draft) Refs() []define.Ref { return append(d.File.Entries(), d.File.Refs()...) }

// Changed are those of Refs that applying would change.
func (d *Draft) Changed() []define.Ref {
	return slices.DeleteFunc(d.Refs(), func(r define.Ref) bool { return d.Change(r) == Same })
}

// Change says what applying does to one definition.
type Change string

// The changes.
const (
	Create Change = "create"
	Update Change = "update"
	Same   Change = "same"
	Paused Change = "paused" // takes what the draft says, and stays paused
)

// Change says what applying the draft does to one of its definitions.
func (d *Draft) Change(ref define.Ref) Change {
	if is, ok := d.Set.Catalogue.Entry(ref); ok {
		was, known := d.Base.Catalogue.Entry(ref)
		switch {
		case !known:
			return Create
		case !reflect.DeepEqual(was, is):
			return Update
		}
		return Same
	}
	if slices.Contains(d.Paused, ref) {
		return Paused
	}
	old := d.before(ref)
	if !d.Base.Has(old) {
		return Create
	}
	was, _ := define.PrintOne(d.Base, old)
	is, _ := define.PrintOne(d.Set, ref)
	if old != ref || !bytes.Equal(was, is) {
		return Update
	}
	return Same
}

// before is what a definition of the draft is called in the base: another
// name where it is being renamed.
func (d *Draft) before(ref define.Ref) define.Ref {
	if d.Base.Has(ref) {
		return ref
	}
	if h, _ := d.Set.Header(ref); h.RenamedFrom != "" {
		if old := (define.Ref{Kind: ref.Kind, Name: h.RenamedFrom}); d.Base.Has(old) && !d.Set.Has(old) {
			return old
		}
	}
	return ref
}

// Apply publishes a draft and gives every new or changed population kind its
// first calibration, effective at once, if anybody has a value. It returns the
// number that Published returns for what was published. It fails as
// [Draft.Publishable] does.
func (p *Publisher) Apply(ctx context.Context, d *Draft, author string, at strata.Instant) (uint64, error) {
	p.applying.Lock()
	defer p.applying.Unlock()
	return p.apply(ctx, d, author, at)
}

func (p *Publisher) apply(ctx context.Context, d *Draft, author string, at strata.Instant) (uint64, error) {
	if err := d.Publishable(); err != nil {
		return 0, err
	}
	changed := d.Changed()
	version, err := p.definitions.Publish(ctx, d.Set, changed, author, at)
	if err != nil {
		return 0, err
	}
	running := slices.DeleteFunc(changed, func(r define.Ref) bool { return d.Change(r) == Paused })
	return version, p.engine.CalibrateNew(p.definitions.As(ctx, author, at), running, at)
}

// ApplyPlan publishes the draft of a plan as Apply does, if neither data nor
// definitions have changed since the plan was made: else it is Conflict. A
// plan that was never made is NotFound. The draft is returned also where it is
// not [Draft.Publishable].
func (p *Publisher) ApplyPlan(ctx context.Context, id, author string, at strata.Instant) (*Draft, uint64, error) {
	p.applying.Lock()
	defer p.applying.Unlock()
	d, _, err := p.Planned(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	version, err := p.apply(ctx, d, author, at)
	return d, version, err
}

// storedPlan is what a plan is applied from.
type storedPlan struct {
	File    string         `json:"file"`
	Text    string         `json:"text"`
	Owner   string         `json:"owner,omitempty"`
	AsOf    strata.Instant `json:"as_of"`
	Commits uint64         `json:"commits"`
	Version uint64         `json:"version"`
}

func settingOf(id string) string { return "plan." + id }

// Planned returns the draft of a plan and the instant that it was made for.
// The errors are those of ApplyPlan; their field is plan.
func (p *Publisher) Planned(ctx context.Context, id string) (*Draft, strata.Instant, error) {
	text, ok, err := p.plans.Setting(ctx, settingOf(id))
	if err != nil {
		return nil, 0, err
	}
	if !ok {
		return nil, 0, &strata.Error{Code: strata.NotFound, Field: "plan", Message: "there is no plan " + id, Hint: "make a plan first"}
	}
	var kept storedPlan
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return nil, 0, err
	}
	if _, version, err := p.definitions.Published(ctx); err != nil {
		return nil, 0, err
	} else if version != kept.Version {
		return nil, 0, Outdated()
	}
	d, err := p.Draft(ctx, kept.File, []byte(kept.Text), kept.Owner)
	if err != nil {
		return nil, 0, err
	}
	if d.Version != kept.Version || p.commits() != kept.Commits {
		return nil, 0, Outdated()
	}
	return d, kept.AsOf, nil
}

// Outdated is the Conflict of a plan that no longer says what applying does.
func Outdated() error {
	return &strata.Error{Code: strata.Conflict, Field: "plan", Message: "data or definitions have changed since the plan was made", Hint: "plan again and apply the new plan"}
}
