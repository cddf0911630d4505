package define

import (
	"slices"

	"strata"
)

// minorDigits are the currencies of ISO 4217 that do not have two digits
// after the point.
var minorDigits = map[string]uint8{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
	"UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4,
}

// MaxScale is how many digits after the point a number or an amount may have.
const MaxScale = 9

// FreeScale is how many digits after the point a number without a scale may
// have; each value keeps its own.
const FreeScale = 6

// DecimalScale returns the digits after the point of a money or number type.
// It reports false for a number without a fixed scale and for the other
// types.
func (t Type) DecimalScale(s strata.Settings) (uint8, bool) {
	if t.Scale != nil && (t.Name == TypeMoney || t.Name == TypeNumber) {
		return *t.Scale, true
	}
	if t.Name != TypeMoney {
		return 0, false
	}
	currency := t.Currency
	if currency == "" {
		currency = s.Currency
	}
	if n, ok := minorDigits[currency]; ok {
		return n, true
	}
	return 2, true
}

// Kind returns the kind of the type's values.
func (t Type) Kind() strata.Kind {
	if t.Many {
		return strata.List
	}
	switch t.Name {
	case TypeID:
		return strata.ID
	case TypeNumber:
		return strata.Number
	case TypeFloat:
		return strata.Float
	case TypeMoney:
		return strata.Money
	case TypeBoolean:
		return strata.Boolean
	case TypeDate:
		return strata.Date
	case TypeTime:
		return strata.Time
	}
	return strata.Text
}

// Numeric reports whether the type is number, float or money.
func (t Type) Numeric() bool {
	return !t.Many && (t.Name == TypeNumber || t.Name == TypeFloat || t.Name == TypeMoney)
}

// Instantly reports whether the type is date or time.
func (t Type) Instantly() bool { return t.Name == TypeDate || t.Name == TypeTime }

// Of returns the index of a choice in the order of Values, and -1 for another
// text.
func (t Type) Of(text string) int { return slices.Index(t.Values, text) }

func scaled(n uint8) *uint8 { return &n }

// wholeNumber is the type of counts.
func wholeNumber() Type { return Type{Name: TypeNumber, Scale: scaled(0)} }

// TypeOf returns the type of a value: what the tag that holds it has. The set
// gives the types of attributes, properties, tags and levels. It is the zero
// Type where a name is not known or tags go round in a circle.
//
// Counts, days and completed units are whole numbers; a sum, smallest or
// largest value has its property's type; averages, gaps, percentiles, scores
// and formulas are floats (a comparison is boolean); a favourite has its
// property's type, or is many texts where there are several; a level is an
// ordered choice, the worst first.
func TypeOf(set *Set, v Value) Type { return newTyper(set).of(v) }

// typer gives types, each tag's once.
type typer struct {
	set  *Set
	tags map[string]Type
}

func newTyper(set *Set) *typer { return &typer{set: set, tags: map[string]Type{}} }

func (t *typer) tag(name string) Type {
	if known, ok := t.tags[name]; ok {
		return known
	}
	tag, ok := t.set.Tags[name]
	if !ok {
		return Type{}
	}
	t.tags[name] = Type{} // what a circle sees
	out := t.of(tag.Value)
	t.tags[name] = out
	return out
}

func (t *typer) of(v Value) Type {
	switch v := v.(type) {
	case AttributeValue:
		return t.set.Catalogue.Attributes[v.Attribute].Type
	case TagValue:
		return t.tag(v.Tag)
	case FirstOf:
		for _, part := range v.Of {
			if out := t.of(part); out.Name != "" {
				return out
			}
		}
	case Aggregate:
		switch v.Kind {
		case Times, Distinct, DaysActive:
			return wholeNumber()
		case Average:
			return Type{Name: TypeFloat}
		}
		out, _ := propertyType(&t.set.Catalogue, v.Select.Events, v.Of)
		return out
	case Touch:
		if v.Of == "" {
			return Type{Name: TypeTime}
		}
		out, _ := propertyType(&t.set.Catalogue, v.Select.Events, v.Of)
		return out
	case Favourite:
		out, _ := propertyType(&t.set.Catalogue, v.Select.Events, v.By)
		if v.Top > 1 {
			return Type{Name: TypeText, Many: true}
		}
		return out
	case SinceEvent:
		return wholeNumber()
	case GapValue, Composite, ScoreValue, ModelValue:
		return Type{Name: TypeFloat}
	case Rules:
		return typeOfRules(v)
	case Bands:
		return Type{Name: TypeChoice, Values: v.Labels, Ordered: true}
	case Rank:
		if v.Percentile {
			return Type{Name: TypeFloat}
		}
		return wholeNumber()
	case Top:
		return Type{Name: TypeBoolean}
	case Grid:
		out := Type{Name: TypeChoice}
		for _, row := range v.Cells {
			for _, cell := range row {
				if !slices.Contains(out.Values, cell) {
					out.Values = append(out.Values, cell)
				}
			}
		}
		return out
	case Ladder:
		return t.of(v.Of)
	case Formula:
		if boolean(v.Expr) {
			return Type{Name: TypeBoolean}
		}
		return Type{Name: TypeFloat}
	case TierValue:
		tier, ok := t.set.Tiers[v.Tier]
		if !ok {
			return Type{}
		}
		return levelType(tier.Levels, tier.Overlapping)
	case ManualValue:
		return v.Type
	case ImportedValue:
		return v.Type
	}
	return Type{}
}

// levelType is the type of a tier's levels, given best first.
func levelType(levels []Level, overlapping bool) Type {
	out := Type{Name: TypeChoice, Ordered: !overlapping, Many: overlapping}
	for _, l := range slices.Backward(levels) {
		out.Values = append(out.Values, l.ID)
	}
	return out
}

func typeOfRules(v Rules) Type {
	var values []strata.Value
	for _, r := range v.Rules {
		values = append(values, r.Name)
	}
	if !v.Otherwise.IsMissing() {
		values = append(values, v.Otherwise)
	}
	if len(values) == 0 {
		return Type{}
	}
	out := Type{Name: TypeChoice, Many: v.All}
	for _, x := range values {
		switch x.Kind {
		case strata.Boolean:
			return Type{Name: TypeBoolean}
		case strata.Number:
			return Type{Name: TypeNumber}
		}
		if !slices.Contains(out.Values, x.Text) {
			out.Values = append(out.Values, x.Text)
		}
	}
	return out
}

// propertyType returns the type that a property has in the events named by
// names, prefixes and "*", and false where none of them has it. Where events
// give it unlike types it is the first of them by event name; the check
// refuses that.
func propertyType(c *Catalogue, events []string, property string) (Type, bool) {
	for _, name := range c.EventsNamed(events) {
		if p, ok := c.Events[name].Properties[property]; ok {
			return p.Type, true
		}
	}
	return Type{}, false
}

// EventsNamed returns the events of the catalogue that names, prefixes
// ("shop_*") and "*" pick, sorted.
func (c *Catalogue) EventsNamed(events []string) []string {
	var out []string
	for _, e := range events {
		prefix, isPrefix := cutStar(e)
		if !isPrefix {
			if _, ok := c.Events[e]; ok {
				out = append(out, e)
			}
			continue
		}
		for name := range c.Events {
			if len(name) >= len(prefix) && name[:len(prefix)] == prefix {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func cutStar(e string) (prefix string, ok bool) {
	if n := len(e); n > 0 && e[n-1] == '*' {
		return e[:n-1], true
	}
	return e, false
}
