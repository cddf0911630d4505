package server

import (
	"cmp"
	"context"
	"slices"

	"strata"
	"strata/compute"
	"strata/define"
)

const (
	mostChanges   = 200     // in one answer
	changesBlock  = 2000    // how many are read at a time, newest first
	changesLooked = 100_000 // how far back one answer looks
)

// The ways in which a definition's answer for a customer moves.
const (
	entered = "entered" // a segment, or a tier from no level
	left    = "left"
	moved   = "moved"
)

// moveInfo says one move in words. It reports false for a definition that is
// no longer published.
func (c *console) moveInfo(set *define.Set, m strata.Move) (MoveInfo, bool) {
	ref := define.Ref{Kind: m.Kind, Name: m.Name}
	if !set.Has(ref) {
		return MoveInfo{}, false
	}
	info := MoveInfo{Kind: m.Kind, Name: m.Name, Title: titleOf(set, ref), How: moved}
	switch m.Kind {
	case "segment":
		info.How = left
		if m.To.Bool() {
			info.How = entered
		}
	case "tier":
		info.FromLevel, info.ToLevel = cmp.Or(m.From.String(), "-"), cmp.Or(m.To.String(), "-")
		info.From, info.To = levelName(set.Tiers[m.Name], info.FromLevel), levelName(set.Tiers[m.Name], info.ToLevel)
		if m.From.IsMissing() {
			info.How = entered
		} else if m.To.IsMissing() {
			info.How = left
		}
	default:
		info.From, info.To = c.tagText(set, set.Tags[m.Name], m.From), c.tagText(set, set.Tags[m.Name], m.To)
	}
	return info, true
}

// changes are the newest changes that were published, with the moves that are
// asked for.
func (c *console) changes(ctx context.Context, r *changesRequest) (Changes, error) {
	a, err := c.now(ctx)
	if err != nil {
		return Changes{}, err
	}
	out := Changes{AsOf: c.time(a.AsOf), HistoriesSince: c.time(c.Live.Since()), Complete: true, Items: []ChangeInfo{}, Definitions: c.followed(a)}
	ref := define.Ref{Kind: r.Kind, Name: r.Name}
	if r.Kind != "" || r.Name != "" {
		if err := defined(a, ref); err != nil {
			return Changes{}, err
		}
	}
	since := strata.Instant(0)
	if r.Since != "" {
		if since, err = c.instant("query.since", r.Since); err != nil {
			return Changes{}, err
		}
	}
	people := map[strata.CustomerID]CustomerBrief{}
	looked, more := 0, true
	for to := c.Live.LastChange(); to > 0 && more; {
		if looked >= changesLooked || ctx.Err() != nil {
			out.Complete = false
			break
		}
		from := to - min(to, changesBlock)
		var block []strata.Change
		err := c.Live.Changes(from, func(x *strata.Change) bool {
			if x.Number <= to {
				block = append(block, *x)
			}
			return x.Number < to
		})
		if err != nil {
			return Changes{}, err
		}
		looked, to = looked+len(block), from
		for _, x := range slices.Backward(block) {
			if x.Published < since || since == 0 && len(out.Items) == mostChanges {
				more = false
				break
			}
			if x.At < since {
				continue // late: it was of an earlier day
			}
			if err := c.addChange(&out, a.Set, &x, ref, people); err != nil {
				return Changes{}, err
			}
		}
	}
	return out, ctx.Err()
}

// addChange counts the moves of a change that are asked for, and lists them
// while there is room.
func (c *console) addChange(out *Changes, set *define.Set, x *strata.Change, ref define.Ref, people map[strata.CustomerID]CustomerBrief) error {
	var moves []MoveInfo
	for _, m := range x.Moves {
		if ref.Name != "" && (m.Kind != ref.Kind || m.Name != ref.Name) {
			continue
		}
		info, ok := c.moveInfo(set, m)
		if !ok {
			continue
		}
		switch info.How {
		case entered:
			out.Entered++
		case left:
			out.Left++
		default:
			out.Moved++
		}
		moves = append(moves, info)
	}
	if len(moves) == 0 || len(out.Items) == mostChanges {
		return nil
	}
	who, known := people[x.Customer]
	if !known {
		var err error
		if who, err = c.brief(x.Customer); err != nil {
			return err
		}
		people[x.Customer] = who
	}
	out.Items = append(out.Items, ChangeInfo{Number: x.Number, At: c.time(x.At), Cause: x.Cause.String(), Customer: who, Moves: moves})
	return nil
}

// followed are the definitions whose changes are kept: segments, tiers, and
// tags that are dynamic and not the time since something.
func (c *console) followed(a *compute.Answer) []DefinitionRef {
	out := []DefinitionRef{}
	for _, ref := range a.Set.Refs() {
		if c.Live.Follows(ref) {
			out = append(out, DefinitionRef{Kind: ref.Kind, Name: ref.Name, Title: titleOf(a.Set, ref)})
		}
	}
	return out
}

// history is what changed for one customer, newest first, in event time.
func (c *console) history(ctx context.Context, r *customerOnlyRequest) (CustomerHistory, error) {
	n, err := c.find(r.ID)
	if err != nil {
		return CustomerHistory{}, err
	}
	a, err := c.now(ctx)
	if err != nil {
		return CustomerHistory{}, err
	}
	p, err := c.person(n)
	if err != nil {
		return CustomerHistory{}, err
	}
	if err := c.recordView(ctx, p.id); err != nil {
		return CustomerHistory{}, err
	}
	type entry struct {
		compute.HistoryEntry
		move MoveInfo
	}
	var all []entry
	for _, ref := range a.Set.Refs() {
		if !c.Live.Follows(ref) {
			continue
		}
		list, err := c.Live.History(n, ref)
		if err != nil {
			return CustomerHistory{}, err
		}
		for _, e := range list {
			if info, ok := c.moveInfo(a.Set, strata.Move{Kind: ref.Kind, Name: ref.Name, From: e.From, To: e.To}); ok {
				all = append(all, entry{e, info})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.Cause, b.Cause))
	})
	out := CustomerHistory{Since: c.time(c.Live.Since()), Entries: []HistoryInfo{}}
	for i, e := range all {
		if i == 0 || e.At != all[i-1].At || e.Cause != all[i-1].Cause {
			if len(out.Entries) == mostChanges {
				break
			}
			out.Entries = append(out.Entries, HistoryInfo{At: c.time(e.At), Cause: e.Cause.String()})
		}
		last := &out.Entries[len(out.Entries)-1]
		last.Moves = append(last.Moves, e.move)
	}
	return out, nil
}
