package compute

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
	"strata/audience"
	"strata/define"
)

// Migration is one tier at two instants, with the part that cut points have
// in how it changed.
type Migration struct {
	From, To strata.Instant
	Set      *define.Set
	Cuts     map[define.Ref]define.Calibration // in force at From; Version 0 = made for this answer
	CutsTo   map[define.Ref]define.Calibration // in force at To

	Before *audience.Levels // at From, by Cuts
	Frozen *audience.Levels // at To, by Cuts
	Own    *audience.Levels // at To, by CutsTo; Frozen itself where the cut points are the same
}

// SameCuts reports whether the cut points of both instants are the same.
func (m *Migration) SameCuts() bool { return m.Own == m.Frozen }

// Migrate evaluates one published tier at two instants. Where no calibration
// was in force at one of them, one is made of everyone as of it, as At does.
func (e *Engine) Migrate(ctx context.Context, tier string, from, to strata.Instant) (*Migration, error) {
	set, err := e.only(ctx, tier)
	if err != nil {
		return nil, err
	}
	before, err := e.answer(ctx, set, from, from)
	if err != nil {
		return nil, err
	}
	frozen, err := e.answer(ctx, set, to, from)
	if err != nil {
		return nil, err
	}
	m := &Migration{
		From: from, To: to, Set: set, Cuts: before.Calibrations, CutsTo: before.Calibrations,
		Before: before.Tiers[tier], Frozen: frozen.Tiers[tier], Own: frozen.Tiers[tier],
	}
	if len(before.Calibrations) == 0 {
		return m, nil
	}
	p, err := e.compile(set)
	if err != nil {
		return nil, err
	}
	if m.CutsTo, err = e.calibrate(ctx, p, to); err != nil {
		return nil, err
	}
	same := maps.EqualFunc(m.Cuts, m.CutsTo, func(a, b define.Calibration) bool { return maps.EqualFunc(a.Cuts, b.Cuts, slices.Equal) })
	if p.LooksBack() { // then what was in force in between counts too
		same = same && maps.EqualFunc(m.Cuts, m.CutsTo, func(a, b define.Calibration) bool { return a.Version == b.Version })
	}
	if same {
		return m, nil
	}
	own, err := e.answer(ctx, set, to, to)
	if err != nil {
		return nil, err
	}
	m.Own, m.CutsTo = own.Tiers[tier], own.Calibrations
	return m, nil
}

// only is the published set with one tier and what it stands on.
func (e *Engine) only(ctx context.Context, tier string) (*define.Set, error) {
	set, _, err := e.definitions.Published(ctx)
	if err != nil {
		return nil, err
	}
	ref := define.Ref{Kind: "tier", Name: tier}
	if !set.Has(ref) {
		return nil, &strata.Error{Code: strata.NotFound, Field: "tiers." + tier, Message: "no tier of that name is published"}
	}
	return set.Only(ref), nil
}

// Watched is one warning of a tier as it stands at an instant.
type Watched struct {
	Warning define.MoveWarning
	Since   strata.Instant  // the beginning of Per
	Was     *roaring.Bitmap // at a level of From at Since
	Moved   *roaring.Bitmap // those of Was who are at a level of To now, by the cut points of Since
	At      *roaring.Bitmap // at a level of From now
	Heading *roaring.Bitmap // those of At who reach a level of To within In if nothing more happens
}

// MovedShare is the share of Was that moved, 0 where nobody was there.
func (w *Watched) MovedShare() float64 { return shareOf(w.Moved, w.Was) }

// HeadingShare is the share of At that is heading there.
func (w *Watched) HeadingShare() float64 { return shareOf(w.Heading, w.At) }

func shareOf(part, whole *roaring.Bitmap) float64 {
	if whole.IsEmpty() {
		return 0
	}
	return float64(part.GetCardinality()) / float64(whole.GetCardinality())
}

// Watch evaluates the warnings of one published tier as of an instant, in
// their order.
func (e *Engine) Watch(ctx context.Context, tier string, at strata.Instant) ([]Watched, error) {
	set, err := e.only(ctx, tier)
	if err != nil {
		return nil, err
	}
	warnings := set.Tiers[tier].Warnings
	if len(warnings) == 0 {
		return nil, nil
	}
	zone, err := e.settings.Location()
	if err != nil {
		return nil, err
	}
	with := *set
	with.Segments = maps.Clone(set.Segments)
	if with.Segments == nil {
		with.Segments = map[string]define.Segment{}
	}
	heading := func(i int) string { return fmt.Sprintf("\x00heading%d", i) }
	for i, w := range warnings {
		with.Segments[heading(i)] = define.Segment{Where: define.Heading{Tier: tier, To: w.To, In: w.In}}
	}
	now, err := e.answer(ctx, &with, at, at)
	if err != nil {
		return nil, err
	}
	type pair struct{ before, after *audience.Levels }
	pairs := map[strata.Instant]pair{}
	var out []Watched
	for i, w := range warnings {
		since := w.Per.Add(at, -1, zone)
		p, known := pairs[since]
		if !known {
			before, err := e.answer(ctx, set, since, since)
			if err != nil {
				return nil, err
			}
			after, err := e.answer(ctx, set, at, since)
			if err != nil {
				return nil, err
			}
			p = pair{before.Tiers[tier], after.Tiers[tier]}
			pairs[since] = p
		}
		x := Watched{Warning: w, Since: since, Was: atAny(p.before, w.From), At: atAny(now.Tiers[tier], w.From)}
		x.Moved = roaring.And(x.Was, atAny(p.after, w.To))
		x.Heading = roaring.And(x.At, now.Segments[heading(i)])
		out = append(out, x)
	}
	return out, nil
}

// HeadingDown are, for each level of a published tier but the last, those who
// fall to a lower one within the time given if nothing more happens. A tier
// with levels that overlap has none.
func (e *Engine) HeadingDown(ctx context.Context, tier string, at strata.Instant, in define.Duration) (map[string]*roaring.Bitmap, error) {
	set, err := e.only(ctx, tier)
	if err != nil || set.Tiers[tier].Overlapping {
		return nil, err
	}
	levels := set.Tiers[tier].Levels
	with := *set
	with.Segments = maps.Clone(set.Segments)
	if with.Segments == nil {
		with.Segments = map[string]define.Segment{}
	}
	for i := range levels[:len(levels)-1] {
		var lower []string
		for _, l := range levels[i+1:] {
			lower = append(lower, l.ID)
		}
		with.Segments[fmt.Sprintf("\x00down%d", i)] = define.Segment{Where: define.All{Of: []define.Condition{
			define.TierIs{Tier: tier, Op: define.Is, Levels: []string{levels[i].ID}}, define.Heading{Tier: tier, To: lower, In: in},
		}}}
	}
	a, err := e.answer(ctx, &with, at, at)
	if err != nil {
		return nil, err
	}
	out := map[string]*roaring.Bitmap{}
	for i := range levels[:len(levels)-1] {
		out[levels[i].ID] = a.Segments[fmt.Sprintf("\x00down%d", i)]
	}
	return out, nil
}

// atAny are those at one of the levels.
func atAny(l *audience.Levels, levels []string) *roaring.Bitmap {
	out := roaring.New()
	for _, id := range levels {
		out.Or(l.Members(id))
	}
	return out
}

// Stay is one time at a level that began since histories began.
type Stay struct {
	Level string
	Days  float64
	Over  bool // it has ended; else it lasts until now
}

// Stays calls fn with every time at a level of a tier that histories know the
// beginning of, in no order; what began before histories did is left out.
func (l *Live) Stays(tier string, now strata.Instant, fn func(Stay)) error {
	l.mu.RLock()
	number, known := uint16(0), false
	if l.current != nil {
		number, known = l.current.Columns[define.Ref{Kind: "tier", Name: tier}.String()]
	}
	l.mu.RUnlock()
	if !known {
		return nil
	}
	const day = 24 * 60 * 60 * 1000
	var customer uint32
	var since strata.Instant
	level := ""
	end := func(at strata.Instant, over bool) {
		if level != "" && at > since {
			fn(Stay{Level: level, Days: float64(at-since) / day, Over: over})
		}
		level = ""
	}
	err := l.store.ScanKeys([]byte{'r', historyKind}, []byte{'r', historyKind + 1}, func(key, value []byte) error {
		if len(key) != 16 {
			return errRecord
		}
		if binary.BigEndian.Uint16(key[6:]) != number {
			return nil
		}
		if c := binary.BigEndian.Uint32(key[2:]); c != customer {
			end(now, false)
			customer = c
		}
		at := strata.Instant(binary.BigEndian.Uint64(key[8:]))
		d := decoder{b: value}
		cause := strata.Cause(d.byte())
		d.value()
		to := d.value()
		if d.bad {
			return errRecord
		}
		end(at, true)
		// The first levels under a definition are when it was applied, not when
		// the customer came to them.
		if to.Kind == strata.Text && cause != strata.ByDefinition {
			level, since = to.Text, at
		}
		return nil
	})
	end(now, false)
	return err
}
