package server

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/publish"
)

// Roles that may publish definitions.
var publishers = []string{"owner", "operator"}

// mayPublish refuses an account that only looks.
func mayPublish(a Account) error {
	if slices.Contains(publishers, a.Role) {
		return nil
	}
	return &strata.Error{Code: strata.Forbidden, Message: fmt.Sprintf("an account with the role %s may not change definitions", a.Role), Hint: "ask an owner or operator"}
}

// dated are the options of sentences that name concrete dates.
func (c *console) dated(asOf strata.Instant) define.SentenceOptions {
	o := c.sentences()
	o.AsOf = &asOf
	return o
}

// sentence is what a definition says; empty for kinds that have none.
func sentence(set *define.Set, ref define.Ref, o define.SentenceOptions) Text2 {
	switch ref.Kind {
	case "segment":
		return text2(set.SegmentSentence(set.Segments[ref.Name], o))
	case "tag":
		return text2(set.TagSentence(set.Tags[ref.Name], o))
	case "tier":
		return text2(set.TierSentence(set.Tiers[ref.Name], o))
	}
	return Text2{}
}

// titleOf is the name of a definition or catalogue entry.
func titleOf(set *define.Set, ref define.Ref) Text2 {
	switch ref.Kind {
	case "attribute":
		return named(set.Catalogue.Attributes[ref.Name].Name, ref.Name)
	case "event":
		return named(set.Catalogue.Events[ref.Name].Name, ref.Name)
	}
	h, _ := set.Header(ref)
	return named(h.Name, ref.Name)
}

// defined finds a published tag, segment or tier.
func defined(a *compute.Answer, ref define.Ref) error {
	if a.Set.Has(ref) {
		return nil
	}
	names := map[string]bool{}
	for _, r := range a.Set.Refs() {
		if r.Kind == ref.Kind {
			names[r.Name] = true
		}
	}
	return unknown("path.name", ref.Kind, ref.Name, maps.Keys(names))
}

func (c *console) definition(ctx context.Context, r *definitionRequest) (DefinitionDetail, error) {
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return DefinitionDetail{}, err
	}
	ref := define.Ref{Kind: r.Kind, Name: r.Name}
	if err := defined(a, ref); err != nil {
		return DefinitionDetail{}, err
	}
	header, _ := a.Set.Header(ref)
	count := int(publish.Holders(a, ref).GetCardinality())
	d := DefinitionDetail{
		Kind: ref.Kind, Name: ref.Name, Title: named(header.Name, ref.Name), Description: text2(header.Description), AsOf: c.time(a.AsOf),
		Sentence: sentence(a.Set, ref, c.dated(a.AsOf)), Versions: []DefinitionVersion{},
		Count: count, Share: part(count, int(a.Everyone.GetCardinality())), Calibration: c.calibration(a, ref),
		Owner: header.Owner, Purpose: header.Purpose, Consumer: header.Consumer,
	}
	d.Uses, d.UsedBy = relations(a.Set, ref)
	if d.YAML, err = yamlOf(a.Set, ref); err != nil {
		return DefinitionDetail{}, err
	}
	versions, err := c.Versions.Versions(ctx, ref.Kind, ref.Name)
	for _, v := range versions {
		v.At = v.At.In(c.zone)
		d.Versions = append(d.Versions, v)
	}
	return d, err
}

// Depth and breadth of the reasons beside samples.
const (
	sampleSize   = 10
	sampleDepth  = 3
	sampleEvents = 3
)

type samplesOf struct {
	view
	ref define.Ref
}

func (c *console) samples(ctx context.Context, r *definitionRequest) (Samples, error) {
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return Samples{}, err
	}
	ref := define.Ref{Kind: r.Kind, Name: r.Name}
	if err := defined(a, ref); err != nil {
		return Samples{}, err
	}
	return c.sampled.get(ctx, samplesOf{viewOf(a), ref}, func(ctx context.Context) (Samples, error) {
		near, err := c.border(ctx, a, ref)
		if err != nil {
			return Samples{}, err
		}
		s := Samples{AsOf: c.time(a.AsOf)}
		if s.Matching, err = c.reasoned(ctx, a, ref, pickMatching(a, ref)); err == nil {
			s.Others, err = c.reasoned(ctx, a, ref, near)
		}
		return s, err
	})
}

// reasoned says of each customer why the definition's answer is what it is.
func (c *console) reasoned(ctx context.Context, a *compute.Answer, ref define.Ref, numbers []strata.CustomerID) ([]Sample, error) {
	out := make([]Sample, len(numbers))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, n := range numbers {
		group.Go(func() (err error) {
			out[i], err = c.sample(ctx, a, ref, n)
			return err
		})
	}
	return out, group.Wait()
}

func (c *console) sample(ctx context.Context, a *compute.Answer, ref define.Ref, n strata.CustomerID) (Sample, error) {
	brief, err := c.brief(n)
	if err != nil {
		return Sample{}, err
	}
	why, err := c.Engine.Explain(ctx, n, ref.Kind, ref.Name, a.AsOf)
	if err != nil {
		return Sample{}, err
	}
	s := Sample{CustomerBrief: brief, Why: shallow(c.reason(&a.Set.Catalogue, why), sampleDepth)}
	switch ref.Kind {
	case "tag":
		if v := a.Tags[ref.Name].Get(n); !v.IsMissing() {
			text := c.tagText(a.Set, a.Set.Tags[ref.Name], v)
			s.Value = &text
		}
	case "tier":
		if id, i := a.Tiers[ref.Name].Get(n); i >= 0 {
			s.Level = id
			text := levelName(a.Set.Tiers[ref.Name], id)
			s.Value = &text
		}
	}
	return s, nil
}

// brief is who a customer is, in a line.
func (c *console) brief(n strata.CustomerID) (CustomerBrief, error) {
	p, err := c.person(n)
	if err != nil {
		return CustomerBrief{}, err
	}
	return CustomerBrief{ID: p.id, Name: p.name(), PhoneMasked: p.phone()}, nil
}

// shallow is a reason to a depth, 1 = without its parts.
func shallow(r Reason, depth int) Reason {
	r.Events = r.Events[:min(len(r.Events), sampleEvents)]
	if depth <= 1 {
		r.Parts = nil
	}
	for i := range r.Parts {
		r.Parts[i] = shallow(r.Parts[i], depth-1)
	}
	return r
}
