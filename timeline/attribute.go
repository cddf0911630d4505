package timeline

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"strata"
)

const attributesVersion = 1

// attribute is one stored attribute value. The list of a customer is a
// version byte and then, in the order of compareAttributes, of each: uv
// attribute, uv instant, u8 priority, uv source, uv import, uv fragment, u8
// kind and the value: nothing (missing), u8 scale and varint (Number, Money),
// u64 (Float), uv length and bytes (Text, ID, List), else varint.
type attribute struct {
	code     uint16
	at       strata.Instant
	priority uint8
	value    strata.Value
	origin
}

// compareAttributes orders by attribute, instant and priority, then by text
// descending, so that the winner of an instant stands last.
func compareAttributes(a, b *attribute) int {
	if c := cmp.Compare(a.code, b.code); c != 0 {
		return c
	}
	if c := cmp.Compare(a.at, b.at); c != 0 {
		return c
	}
	if c := cmp.Compare(a.priority, b.priority); c != 0 {
		return c
	}
	if a.value != b.value {
		if c := strings.Compare(b.value.String(), a.value.String()); c != 0 {
			return c
		}
		if c := cmp.Compare(a.value.Kind, b.value.Kind); c != 0 {
			return c
		}
		if c := cmp.Compare(a.value.Scale, b.value.Scale); c != 0 {
			return c
		}
		if c := cmp.Compare(a.value.Int, b.value.Int); c != 0 {
			return c
		}
	}
	if c := cmp.Compare(a.source, b.source); c != 0 {
		return c
	}
	if c := cmp.Compare(a.fragment, b.fragment); c != 0 {
		return c
	}
	return cmp.Compare(a.imported, b.imported)
}

// sameFact reports whether b repeats a, perhaps from another import.
func sameFact(a, b attribute) bool {
	b.imported = a.imported
	return a == b
}

// appendAttributes sorts the list, drops repeats and appends the rest.
func appendAttributes(b []byte, list []attribute) []byte {
	slices.SortFunc(list, func(x, y attribute) int { return compareAttributes(&x, &y) })
	list = slices.CompactFunc(list, sameFact)
	b = append(b, attributesVersion)
	for i := range list {
		a := &list[i]
		b = binary.AppendUvarint(b, uint64(a.code))
		b = binary.AppendUvarint(b, uint64(a.at))
		b = append(b, a.priority)
		b = binary.AppendUvarint(b, uint64(a.source))
		b = binary.AppendUvarint(b, uint64(a.imported))
		b = binary.AppendUvarint(b, uint64(a.fragment))
		b = append(b, byte(a.value.Kind))
		switch a.value.Kind {
		case strata.Missing:
		case strata.Number, strata.Money:
			b = append(b, a.value.Scale)
			b = binary.AppendVarint(b, a.value.Int)
		case strata.Float:
			b = binary.LittleEndian.AppendUint64(b, uint64(a.value.Int))
		case strata.Text, strata.ID, strata.List:
			b = binary.AppendUvarint(b, uint64(len(a.value.Text)))
			b = append(b, a.value.Text...)
		default:
			b = binary.AppendVarint(b, a.value.Int)
		}
	}
	return b
}

// eachAttribute calls fn for every attribute of a stored list, in order. The
// value has no Text; text is a part of b.
func eachAttribute(b []byte, fn func(a *attribute, text []byte) error) error {
	if len(b) == 0 {
		return errDamaged
	}
	if b[0] != attributesVersion {
		return errVersion
	}
	r := reader{b: b[1:]}
	for len(r.b) > 0 {
		var a attribute
		var text []byte
		code, at := r.uvarint(), r.uvarint()
		a.priority = r.byte()
		source, imported, fragment := r.uvarint(), r.uvarint(), r.uvarint()
		a.value.Kind = strata.Kind(r.byte())
		switch a.value.Kind {
		case strata.Missing:
		case strata.Number, strata.Money:
			a.value.Scale = r.byte()
			a.value.Int = r.varint()
		case strata.Float:
			if bits := r.take(8); bits != nil {
				a.value.Int = int64(binary.LittleEndian.Uint64(bits))
			}
		case strata.Text, strata.ID, strata.List:
			text = r.take(r.uvarint())
		case strata.Boolean, strata.Date, strata.Time:
			a.value.Int = r.varint()
		default:
			return errDamaged
		}
		if r.bad || code > 0xffff || at >= uint64(endOfTime) || source > 0xffff || imported > 0xffffffff || fragment > 0xffffffff || a.value.Scale > maxScale {
			return errDamaged
		}
		a.code, a.at = uint16(code), strata.Instant(at)
		a.origin = origin{uint16(source), uint32(imported), uint32(fragment)}
		if err := fn(&a, text); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// mergeAttributes returns the list of all attributes of the operands.
func mergeAttributes(operands [][]byte) ([]byte, error) {
	var list []attribute
	size := 0
	for _, b := range operands {
		size += len(b)
		err := eachAttribute(b, func(a *attribute, t []byte) error {
			a.value.Text = text(t)
			list = append(list, *a)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return appendAttributes(make([]byte, 0, size), list), nil
}

// texts makes strings of bytes and returns the one it made before for the
// bytes that come often. The strings are copies.
type texts struct{ recent [512]string }

func (t *texts) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > 64 {
		return string(b)
	}
	h := uint32(2166136261) // FNV-1a
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	slot := &t.recent[(h^h>>16)%uint32(len(t.recent))]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
