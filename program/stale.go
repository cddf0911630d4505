package program

import "strata"

// noting is a dictionary that notes which properties were asked for, and what
// it did not know, so that a program can tell when facts have brought it since.
type noting struct {
	strata.Dictionary
	found      map[uint16]bool // properties
	properties map[string]bool // not known
	texts      map[propertyText]bool
}

type propertyText struct {
	property uint16
	text     string
}

func newNoting(d strata.Dictionary) *noting {
	return &noting{Dictionary: d, found: map[uint16]bool{}, properties: map[string]bool{}, texts: map[propertyText]bool{}}
}

func (n *noting) PropertyCode(name string) (uint16, bool) {
	code, known := n.Dictionary.PropertyCode(name)
	switch {
	case known:
		n.found[code] = true
	case name != "":
		n.properties[name] = true
	}
	return code, known
}

func (n *noting) TextCode(property uint16, text string) (uint64, bool) {
	code, known := n.Dictionary.TextCode(property, text)
	if !known {
		n.texts[propertyText{property, text}] = true
	}
	return code, known
}

// Stale reports whether facts that came after compiling brought names or
// texts that the program looked for in vain, so that it must be compiled anew
// to see them.
func (p *Program) Stale() bool {
	if len(p.noted.EventNames()) != len(p.names) {
		return true
	}
	for name := range p.noted.properties {
		if _, known := p.noted.Dictionary.PropertyCode(name); known {
			return true
		}
	}
	for x := range p.noted.texts {
		if _, known := p.noted.Dictionary.TextCode(x.property, x.text); known {
			return true
		}
	}
	return false
}

// HoldsAlways reports whether the program looks at an attribute whose values
// hold at every instant, also before they were given.
func (p *Program) HoldsAlways() bool {
	for _, static := range p.static {
		if static {
			return true
		}
	}
	return false
}
