package publish

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"strata"
	"strata/audience"
	"strata/compute"
	"strata/define"
)

// Plan is what applying a draft changes for everyone at an instant.
type Plan struct {
	ID       string
	AsOf     strata.Instant
	Commits  uint64 // of the data
	Draft    *Draft
	Items    []Item // everything in the draft, in the order of Refs
	Affected []Item // published definitions that stand on what changes, where anybody's answer changes
}

// Item is what changes in one definition. Before and After count members,
// those with a value, or those with a level; for catalogue entries all counts
// are 0.
type Item struct {
	Ref           define.Ref
	Change        Change
	Before, After uint64
	Entered, Left *roaring.Bitmap
	Changed       uint64 // those with another value or level than before, of those with one before and after
	Moves         []Move // of a tier, largest first
}

// Move is how many customers go from a level to another; "" is no level.
type Move struct {
	From, To string
	Count    uint64
}

// moves reports whether anybody's answer changes.
func (i *Item) moves() bool { return !i.Entered.IsEmpty() || !i.Left.IsEmpty() || i.Changed > 0 }

// Plan evaluates a draft beside what is published and keeps it under its id,
// which depends on text, owner, instant, data and definitions alone.
func (p *Publisher) Plan(ctx context.Context, d *Draft, asOf strata.Instant) (*Plan, error) {
	before, after, err := p.both(ctx, d.Running, asOf)
	if err != nil {
		return nil, err
	}
	plan := &Plan{AsOf: asOf, Commits: before.Commits, Draft: d}
	for _, ref := range d.Refs() {
		plan.Items = append(plan.Items, compare(before, after, d.before(ref), ref, d.Change(ref)))
	}
	for _, ref := range d.affected() {
		if item := compare(before, after, ref, ref, Same); item.moves() {
			plan.Affected = append(plan.Affected, item)
		}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%d\n%d%s", d.Text, asOf, before.Commits, d.Version, d.Owner))
	plan.ID = hex.EncodeToString(sum[:8])
	kept, err := json.Marshal(storedPlan{File: d.Name, Text: string(d.Text), Owner: d.Owner, AsOf: asOf, Commits: before.Commits, Version: d.Version})
	if err != nil {
		return nil, err
	}
	return plan, p.plans.SetSetting(ctx, settingOf(plan.ID), string(kept))
}

// both evaluates what is published and a set over the same data; where data
// keep coming in, over those of two moments, which outdates the plan.
func (p *Publisher) both(ctx context.Context, set *define.Set, asOf strata.Instant) (before, after *compute.Answer, err error) {
	for range 2 {
		if before, err = p.engine.At(ctx, asOf); err != nil {
			return nil, nil, err
		}
		if after, err = p.engine.Evaluate(ctx, set, asOf); err != nil || after.Commits == before.Commits {
			break
		}
	}
	return before, after, err
}

// affected are the definitions outside the draft that stand on something that
// it changes, directly or not, in the order of Refs of a set.
func (d *Draft) affected() []define.Ref {
	usedBy := map[define.Ref][]define.Ref{}
	for _, ref := range d.Set.Refs() {
		for _, used := range define.Uses(d.Set, ref) {
			usedBy[used] = append(usedBy[used], ref)
		}
		events, attributes := define.Facts(d.Set, ref)
		for _, name := range events {
			usedBy[define.Ref{Kind: "event", Name: name}] = append(usedBy[define.Ref{Kind: "event", Name: name}], ref)
		}
		for _, name := range attributes {
			usedBy[define.Ref{Kind: "attribute", Name: name}] = append(usedBy[define.Ref{Kind: "attribute", Name: name}], ref)
		}
	}
	reached := map[define.Ref]bool{}
	var visit func(define.Ref)
	visit = func(ref define.Ref) {
		for _, user := range usedBy[ref] {
			if !reached[user] {
				reached[user] = true
				visit(user)
			}
		}
	}
	for _, ref := range d.Changed() {
		visit(ref)
	}
	own := d.Refs()
	return slices.DeleteFunc(d.Set.Refs(), func(r define.Ref) bool { return !reached[r] || slices.Contains(own, r) })
}

// compare says how a definition's answers differ; was is its name before.
func compare(before, after *compute.Answer, was, ref define.Ref, change Change) Item {
	old, now := Holders(before, was), Holders(after, ref)
	item := Item{Ref: ref, Change: change, Before: old.GetCardinality(), After: now.GetCardinality(), Entered: roaring.AndNot(now, old), Left: roaring.AndNot(old, now)}
	switch ref.Kind {
	case "tag":
		from, to := before.Tags[was.Name], after.Tags[ref.Name]
		for it := roaring.And(old, now).Iterator(); it.HasNext(); {
			if n := strata.CustomerID(it.Next()); from.Get(n).String() != to.Get(n).String() {
				item.Changed++
			}
		}
	case "tier":
		item.Moves = levelMoves(before.Tiers[was.Name], after.Tiers[ref.Name])
		for _, m := range item.Moves {
			if m.From != "" && m.To != "" {
				item.Changed += m.Count
			}
		}
	}
	return item
}

// Holders are the members of a segment, or those with a value or level.
func Holders(a *compute.Answer, ref define.Ref) *roaring.Bitmap {
	switch ref.Kind {
	case "segment":
		if members := a.Segments[ref.Name]; members != nil {
			return members
		}
	case "tag":
		return a.Tags[ref.Name].Holders()
	case "tier":
		return a.Tiers[ref.Name].Holders()
	}
	return roaring.New()
}

func levelMoves(before, after *audience.Levels) []Move {
	counts := map[Move]uint64{}
	for it := roaring.Or(before.Holders(), after.Holders()).Iterator(); it.HasNext(); {
		id := strata.CustomerID(it.Next())
		from, _ := before.Get(id)
		to, _ := after.Get(id)
		if from != to {
			counts[Move{From: from, To: to}]++
		}
	}
	var out []Move
	for move, n := range counts {
		move.Count = n
		out = append(out, move)
	}
	slices.SortFunc(out, func(a, b Move) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return out
}
