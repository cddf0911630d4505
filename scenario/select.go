package scenario

import (
	"slices"
	"strings"

	"strata"
	"strata/define"
)

// span is the instants [from, to).
type span struct{ from, to strata.Instant }

func (s span) has(at strata.Instant) bool { return at >= s.from && at < s.to }

// window returns the window's span; false where its anchor never happened.
func (v view) window(w define.Window) (span, bool) {
	if w.Kind != define.Anchored {
		from, to := w.Bounds(v.asOf, v.zone, v.w.Settings.WeekStart)
		return span{from, to}, true
	}
	anchors := v.selected(w.Anchor.Select)
	if len(anchors) == 0 {
		return span{}, false
	}
	anchor := anchors[len(anchors)-1]
	if w.Anchor.First {
		anchor = anchors[0]
	}
	from, to := w.Anchor.Bounds(anchor.At, v.asOf, v.zone)
	return span{from, to}, true
}

// selected returns the matching events in the window, in order.
func (v view) selected(s define.Selection) []event {
	in, ok := v.window(s.Window)
	if !ok {
		return nil
	}
	return v.matching(s, in)
}

// matching returns the events in a span that match, whatever the selection's
// own window is.
func (v view) matching(s define.Selection, in span) []event {
	events := v.eventsSeen()
	if !s.Gross {
		events = v.netOfRefunds(events)
	}
	var out []event
	for _, e := range events {
		if in.has(e.At) && named(s.Events, e.Name) && v.passes(e, s.Where) {
			out = append(out, e)
		}
	}
	return out
}

// always is the span of everything up to the instant.
func (v view) always() span { return span{define.Earliest, v.asOf + 1} }

func named(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(name, prefix)
		}
		return pattern == name
	})
}

func (v view) passes(e event, where []define.PropertyTest) bool {
	for _, w := range where {
		typ := v.set.Catalogue.Events[e.Name].Properties[w.Property].Type
		if !v.test(w.Test, e.Property(w.Property), typ) {
			return false
		}
	}
	return true
}
