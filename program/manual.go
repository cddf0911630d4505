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
			f.due(m.Expires)
			return v
		}
		return strata.Value{}
	}
}

// In says to which definition the parts belong that are added next.
func (p *Probe) In(ref define.Ref) { p.c.ref = ref }

// AsOf returns the probe's instant.
func (p *Probe) AsOf() strata.Instant { return p.e.f.asOf }

// Manual returns the latest entry by hand of a tag at or before the probe's
// instant.
func (p *Probe) Manual(tag string) (last strata.Manual, ok bool) {
	for i := range p.h.Attributes {
		a := &p.h.Attributes[i]
		if a.At > p.e.f.asOf || a.Name != strata.ManualName(tag) {
			continue
		}
		if m, readable := strata.ManualOf(a); readable {
			last, ok = m, true
		}
	}
	p.e.f.due(last.Expires)
	return last, ok
}
