package ingest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"strata/define"
)

var valueKeys = []string{"column", "constant", "product", "count", "sum", "take", "negate", "unit", "integer", "values", "layouts", "zone", "separator", "required",
	"at_least", "at_most", "greater_than", "less_than"}

// value reads NAME: COLUMN or NAME: {column, ...}.
func (b *mappingReader) value(e entry, typ define.Type, grouped bool, more ...string) valueRule {
	r := valueRule{name: e.key, place: place{path: e.value.path, line: e.value.line}, typ: typ, column: -1, take: "first"}
	if !isMapping(e.value) {
		r.column = b.columnAt(e.value)
		return r
	}
	f := b.fields(e.value, "a value", append(slices.Clone(valueKeys), more...)...)
	if f == nil {
		return r
	}
	origins := 0
	if v, ok := f["column"]; ok {
		origins++
		r.column = b.columnAt(v)
	}
	if v, ok := f["constant"]; ok {
		origins++
		r.constant = b.text(v, "constant")
	}
	if v, ok := f["product"]; ok {
		origins++
		if r.product = b.columnList(v); len(r.product) < 2 {
			b.fail(v, "a product needs two or more columns", "write product: [QUANTITY, PRICE], or column: for one")
		}
	}
	if v, ok := f["count"]; ok {
		origins++
		if r.count = b.boolean(v); !grouped {
			b.fail(v, "count is of the rows of a group", "add group: {by: COLUMN} to the event")
		}
	}
	if origins != 1 {
		b.fail(e.value, fmt.Sprintf("%s needs exactly one of column, constant, product and count", e.key), "write one of them")
	}
	numeric := typ.Name == define.TypeNumber || typ.Name == define.TypeMoney || typ.Name == define.TypeFloat
	if (len(r.product) > 0 || r.count) && typ.Name != define.TypeNumber && typ.Name != define.TypeMoney {
		b.fail(e.value, fmt.Sprintf("a product or count is a number, but %s is of type %s", e.key, typ.Name), "use it for a number or money property")
	}
	if v, ok := f["sum"]; ok {
		r.sum = b.boolean(v)
		if r.sum && !grouped {
			b.fail(v, "sum is over the rows of a group", "add group: {by: COLUMN} to the event")
		}
		if r.sum && typ.Name != define.TypeNumber && typ.Name != define.TypeMoney {
			b.fail(v, fmt.Sprintf("%s is of type %s and cannot be summed exactly", e.key, typ.Name), "use a number or money property")
		}
	}
	if v, ok := f["take"]; ok {
		r.take = b.oneOf(v, "first", "last", "min", "max")
		if !grouped {
			b.fail(v, "take chooses among the rows of a group", "add group: {by: COLUMN} to the event")
		}
		if r.sum {
			b.fail(v, "both sum and take", "keep one of them")
		}
	}
	if v, ok := f["negate"]; ok {
		if r.negate = b.boolean(v); !numeric {
			b.fail(v, fmt.Sprintf("%s is of type %s and has no sign", e.key, typ.Name), "leave negate out")
		}
	}
	if v, ok := f["unit"]; ok {
		r.minor = b.oneOf(v, "minor", "major") == "minor"
		if typ.Name != define.TypeMoney {
			b.fail(v, fmt.Sprintf("unit is of money, but %s is of type %s", e.key, typ.Name), "leave it out")
		} else if r.minor && len(r.product) > 0 {
			b.fail(v, "a product is in major units", "leave unit out")
		}
	}
	if v, ok := f["integer"]; ok {
		if r.integer = b.boolean(v); typ.Name != define.TypeID && typ.Name != define.TypeText {
			b.fail(v, fmt.Sprintf("integer is for ids that a spreadsheet wrote as 17850.0; %s is of type %s", e.key, typ.Name), "leave it out")
		}
	}
	if v, ok := f["values"]; ok {
		r.translate = map[string]string{}
		list, _ := b.entries(v, "values")
		for _, t := range list {
			to, ok := scalar(t.value)
			if !ok {
				b.fail(t.value, "must be a text, found "+describe(t.value), "write TEXT OF THE FILE: VALUE")
			}
			if typ.Name == define.TypeChoice && !slices.Contains(typ.Values, to) {
				b.fail(t.value, fmt.Sprintf("%s has no value %q", e.key, to), meant(to, typ.Values))
			}
			r.translate[cleanText(t.key)] = cleanText(to)
		}
	}
	if _, ok := f["layouts"]; ok && typ.Name != define.TypeDate && typ.Name != define.TypeTime {
		b.fail(f["layouts"], fmt.Sprintf("layouts are of dates and times, but %s is of type %s", e.key, typ.Name), "leave them out")
	}
	r.time = b.timeFormat(f)
	if v, ok := f["separator"]; ok {
		r.separator = b.text(v, "separator")
		if !typ.Many {
			b.fail(v, e.key+" holds one value", "leave separator out")
		}
	}
	for _, op := range []string{"at_least", "at_most", "greater_than", "less_than"} {
		v, ok := f[op]
		if !ok {
			continue
		}
		if !numeric {
			b.fail(v, fmt.Sprintf("%s is of type %s and cannot be compared with a number", e.key, typ.Name), "use is, in or matches in a refuse: rule")
		}
		if n, ok := b.decimal(v); ok {
			r.limits = append(r.limits, limit{op, n})
		}
	}
	r.required = r.sum || len(r.product) > 0 || len(r.limits) > 0
	if v, ok := f["required"]; ok {
		r.required = b.boolean(v)
	}
	return r
}

// declare reads the mapping's own part of the catalogue.
func (b *mappingReader) declare(p place) {
	f := b.fields(p, "catalogue", "attributes", "events")
	if v, ok := f["attributes"]; ok {
		list, _ := b.entries(v, "attributes")
		for _, e := range list {
			a := b.catalogue.Attributes[e.key]
			a.Type, a.Standard = b.typ(e.value, a.Type), false
			b.m.declared.Attributes[e.key] = a
		}
	}
	v, ok := f["events"]
	if !ok {
		return
	}
	list, _ := b.entries(v, "events")
	for _, e := range list {
		own := b.catalogue.Events[e.key]
		base := own.Properties
		own.Properties, own.Standard = map[string]define.EventProperty{}, false
		maps.Copy(own.Properties, base)
		g := b.fields(e.value, "an event", "name", "properties")
		if v, ok := g["name"]; ok {
			own.Name = b.name(v)
		}
		if v, ok := g["properties"]; ok {
			properties, _ := b.entries(v, "properties")
			for _, pe := range properties {
				pr := base[pe.key]
				pr.Type = b.typ(pe.value, pr.Type)
				own.Properties[pe.key] = pr
			}
		}
		b.m.declared.Events[e.key] = own
	}
}

func (b *mappingReader) name(p place) (t define.Text2) {
	if !isMapping(p) {
		t.Zh = b.text(p, "name")
		return t
	}
	f := b.fields(p, "name", "zh", "en")
	if v, ok := f["zh"]; ok {
		t.Zh = b.text(v, "zh")
	}
	if v, ok := f["en"]; ok {
		t.En = b.text(v, "en")
	}
	return t
}

var typeNames = []string{"text", "id", "number", "money", "boolean", "date", "time", "choice", "float"}

// typ reads TYPE or {type, scale, ...}; what it leaves out stays as in base.
func (b *mappingReader) typ(p place, base define.Type) define.Type {
	if !isMapping(p) {
		t := define.Type{Name: define.TypeName(b.oneOf(p, typeNames...))}
		if t.Name == base.Name {
			return base
		}
		return t
	}
	t := base
	f := b.fields(p, "a type", "type", "scale", "currency", "values", "ordered", "many", "unit", "name")
	if v, ok := f["type"]; ok {
		if name := define.TypeName(b.oneOf(v, typeNames...)); name != t.Name {
			t = define.Type{Name: name}
		}
	} else if t.Name == "" && f != nil {
		b.fail(p, "type is missing", "write type: "+orList(typeNames))
	}
	if v, ok := f["scale"]; ok {
		s, _ := scalar(v)
		n, err := strconv.ParseUint(s, 10, 8)
		if err != nil || n > 9 {
			b.fail(v, "found "+describe(v), "write how many digits after the point are kept, from 0 to 9")
		} else if t.Name != define.TypeMoney && t.Name != define.TypeNumber {
			b.fail(v, fmt.Sprintf("scale is of numbers and money, not of type %s", t.Name), "leave it out")
		}
		scale := uint8(n)
		t.Scale = &scale
	}
	if v, ok := f["currency"]; ok {
		t.Currency = b.text(v, "currency")
	}
	if v, ok := f["values"]; ok {
		t.Values = nil
		for _, item := range b.items(v) {
			t.Values = append(t.Values, b.text(item, "a value"))
		}
	}
	if v, ok := f["ordered"]; ok {
		t.Ordered = b.boolean(v)
	}
	if v, ok := f["many"]; ok {
		t.Many = b.boolean(v)
	}
	if v, ok := f["unit"]; ok {
		t.Unit = b.text(v, "unit")
	}
	if t.Name == define.TypeChoice && len(t.Values) == 0 {
		b.fail(p, "a choice needs its values", "write values: [A, B, C]")
	}
	return t
}
