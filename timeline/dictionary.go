package timeline

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"

	"strata"
)

// maxTexts is the number of texts of a property that get codes.
var maxTexts = 1 << 16

// The kinds of names, as they stand in keys.
const (
	eventNames     = 'e'
	propertyNames  = 'p'
	attributeNames = 'a'
	sourceNames    = 's'
)

// names gives each name of a kind a code, from 0.
type names struct {
	kind  byte
	codes map[string]uint16
	list  []string // by code; only ever appended to
}

// propertyTexts gives each text of a property a code, from 1.
type propertyTexts struct {
	codes map[string]uint32
	list  []string // by code - 1
}

// entry is a code that is not yet on its way to disk.
type entry struct{ key, value []byte }

// dictionary is the Store's strata.Dictionary.
type dictionary struct {
	hash keyedHash

	mu         sync.RWMutex
	events     names
	properties names
	attributes names
	sources    names
	texts      []propertyTexts // by property
	ranks      []uint16        // by attribute code: its place among the names in order
	pending    []entry
}

func newDictionary(hash keyedHash) *dictionary {
	d := &dictionary{hash: hash}
	for kind, n := range map[byte]*names{eventNames: &d.events, propertyNames: &d.properties, attributeNames: &d.attributes, sourceNames: &d.sources} {
		*n = names{kind: kind, codes: map[string]uint16{}}
	}
	return d
}

// Dictionary keys: d, n, kind, code(2) holds a name; d, x, property(2),
// code(4) a text.
func nameKey(kind byte, code uint16) []byte {
	return binary.BigEndian.AppendUint16([]byte{'d', 'n', kind}, code)
}

func textKey(property uint16, code uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16([]byte{'d', 'x'}, property), code)
}

// load takes in one stored entry; they come in the order of their keys.
func (d *dictionary) load(key, value []byte) error {
	switch {
	case len(key) == 5 && key[1] == 'n':
		n := d.names(key[2])
		code := binary.BigEndian.Uint16(key[3:])
		if n == nil || int(code) != len(n.list) {
			return errDamaged
		}
		n.add(string(value))
	case len(key) == 8 && key[1] == 'x':
		property, code := binary.BigEndian.Uint16(key[2:]), binary.BigEndian.Uint32(key[4:])
		if int(property) >= len(d.properties.list) {
			return errDamaged
		}
		d.growTexts()
		t := &d.texts[property]
		if uint64(code) != uint64(len(t.list))+1 {
			return errDamaged
		}
		t.add(string(value))
	default:
		return errDamaged
	}
	return nil
}

func (d *dictionary) names(kind byte) *names {
	switch kind {
	case eventNames:
		return &d.events
	case propertyNames:
		return &d.properties
	case attributeNames:
		return &d.attributes
	case sourceNames:
		return &d.sources
	}
	return nil
}

func (n *names) add(name string) uint16 {
	code := uint16(len(n.list))
	n.codes[name] = code
	n.list = append(n.list, name)
	return code
}

func (t *propertyTexts) add(text string) uint32 {
	if t.codes == nil {
		t.codes = map[string]uint32{}
	}
	t.list = append(t.list, text)
	code := uint32(len(t.list))
	t.codes[text] = code
	return code
}

func (d *dictionary) growTexts() {
	for len(d.texts) < len(d.properties.list) {
		d.texts = append(d.texts, propertyTexts{})
	}
}

// rank puts the attributes in the order of their names. It makes a new slice,
// because scans hold the last one.
func (d *dictionary) rank() {
	codes := make([]uint16, len(d.attributes.list))
	for i := range codes {
		codes[i] = uint16(i)
	}
	slices.SortFunc(codes, func(a, b uint16) int { return cmp.Compare(d.attributes.list[a], d.attributes.list[b]) })
	d.ranks = make([]uint16, len(codes))
	for place, code := range codes {
		d.ranks[code] = uint16(place)
	}
}

// nameCode returns the name's code and makes one where there is none. The
// caller holds mu for writing.
func (d *dictionary) nameCode(n *names, name string) (uint16, error) {
	if code, ok := n.codes[name]; ok {
		return code, nil
	}
	what := map[byte]string{eventNames: "event", propertyNames: "property", attributeNames: "attribute", sourceNames: "source"}[n.kind]
	if name == "" {
		return 0, &strata.Error{Code: strata.Invalid, Field: what, Message: "the name is empty"}
	}
	if len(n.list) > math.MaxUint16 {
		return 0, &strata.Error{Code: strata.Invalid, Field: name,
			Message: fmt.Sprintf("there are 65,536 %s names already", what), Hint: "put what varies into a value, not into the name"}
	}
	code := n.add(name)
	d.pending = append(d.pending, entry{nameKey(n.kind, code), []byte(name)})
	if n.kind == attributeNames {
		d.rank()
	}
	return code, nil
}

// textCode returns the text's code and makes one where there is none and
// room, or where always is set. The caller holds mu for writing.
func (d *dictionary) textCode(property uint16, text string, always bool) (uint32, bool) {
	d.growTexts()
	t := &d.texts[property]
	if code, ok := t.codes[text]; ok {
		return code, true
	}
	if len(t.list) >= maxTexts && !always || len(t.list) == math.MaxUint32 {
		return 0, false
	}
	code := t.add(text)
	d.pending = append(d.pending, entry{textKey(property, code), []byte(text)})
	return code, true
}

// EventCode implements strata.Dictionary.
func (d *dictionary) EventCode(name string) (uint16, bool) { return d.code(&d.events, name) }

// PropertyCode implements strata.Dictionary.
func (d *dictionary) PropertyCode(name string) (uint16, bool) { return d.code(&d.properties, name) }

func (d *dictionary) code(n *names, name string) (uint16, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	code, ok := n.codes[name]
	return code, ok
}

// EventNames implements strata.Dictionary.
func (d *dictionary) EventNames() []string { return d.list(&d.events) }

// PropertyNames implements strata.Dictionary.
func (d *dictionary) PropertyNames() []string { return d.list(&d.properties) }

// list returns the names by code as they are now.
func (d *dictionary) list(n *names) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return n.list[:len(n.list):len(n.list)]
}

// TextCode implements strata.Dictionary.
func (d *dictionary) TextCode(property uint16, text string) (uint64, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if int(property) >= len(d.texts) {
		return 0, false
	}
	code, ok := d.texts[property].codes[text]
	return uint64(code), ok
}

// Text implements strata.Dictionary. It returns "" for a code that was never
// given out.
func (d *dictionary) Text(property uint16, code uint64) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if int(property) >= len(d.texts) || code == 0 || code > uint64(len(d.texts[property].list)) {
		return ""
	}
	return d.texts[property].list[code-1]
}

// IDHash implements strata.Dictionary.
func (d *dictionary) IDHash(text string) uint64 { return d.hash.sum(text) }

// unwritten returns the entries that no commit has carried yet.
func (d *dictionary) unwritten() []entry {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.pending[:len(d.pending):len(d.pending)]
}

// written drops the first n entries from those.
func (d *dictionary) written(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending = append([]entry(nil), d.pending[n:]...)
}
