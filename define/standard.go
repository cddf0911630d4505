package define

import (
	_ "embed" // the standard vocabulary
	"sync"
)

//go:embed standard.yaml
var standardYAML []byte

// Standard returns a fresh copy of the standard vocabulary: the events and
// attributes that every business of the trades served has, with their types
// and their names in both languages.
func Standard() Catalogue { return standard().clone() }

var standard = sync.OnceValue(func() Catalogue {
	f, err := Parse("standard.yaml", standardYAML)
	if err != nil {
		panic(err) // a test reads the file
	}
	c := f.written().Catalogue
	for name, a := range c.Attributes {
		a.Standard = true
		c.Attributes[name] = a
	}
	for name, e := range c.Events {
		e.Standard = true
		c.Events[name] = e
	}
	return c
})
