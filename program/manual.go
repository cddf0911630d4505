package program

import (
	"strata"
	"strata/define"
)

// manual compiles to what was set by hand: the latest entry at or before the
// evaluator's instant, gone from its expiry on. A value that is not of the
// type that the tag has now is missing.
func (c *compiler) manual(x define.ManualValue) valueFunc {
	if c.ref.Kind != "tag" {
		c.unsupported("manual outside a tag")
		return missing
	}
	slot := c.attribute(strata.ManualName(c.ref.Name))
	name, kind := strata.ManualName(c.ref.Name), x.Type.Kind()
	return func(f *frame) strata.Value {
		stored := f.attributes[slot]
		if stored.IsMissing() {
			return stored
		}
		m, ok := strata.ManualOf(&strata.Attribute{Name: name, Value: stored})
		if v := m.InForce(f.asOf); ok && v.Kind == kind {
			return v
		}
		return strata.Value{}
	}
}

// In says to which definition the parts belong that are added next.
func (p *Probe) In(ref define.Ref) { p.c.ref = ref }

// AsOf returns the probe's instant.
func (p *Probe) AsOf() strata.Instant { return p.f.asOf }

// Manual returns the latest entry by hand of a tag at or before the probe's
// instant.
func (p *Probe) Manual(tag string) (last strata.Manual, ok bool) {
	for i := range p.h.Attributes {
		a := &p.h.Attributes[i]
		if a.At > p.f.asOf || a.Name != strata.ManualName(tag) {
			continue
		}
		if m, readable := strata.ManualOf(a); readable {
			last, ok = m, true
		}
	}
	return last, ok
}

// manualInstants are those at which what was set by hand expires.
func (p *Probe) manualInstants() []strata.Instant {
	var out []strata.Instant
	for i := range p.h.Attributes {
		if m, ok := strata.ManualOf(&p.h.Attributes[i]); ok && m.Expires != 0 {
			out = append(out, m.Expires)
		}
	}
	return out
}
