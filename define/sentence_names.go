package define

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"strata"
)

// named returns the name in its language, else in the other, else the
// identifier.
func (p phrases) named(name Text2, id string) string {
	lang := "zh"
	if p.en {
		lang = "en"
	}
	if text := name.In(lang); text != "" {
		return text
	}
	return id
}

func (p phrases) attributeName(id string) string {
	return p.inner(p.named(p.set.Catalogue.Attributes[id].Name, id))
}

func (p phrases) eventName(id string) string { return p.named(p.set.Catalogue.Events[id].Name, id) }
func (p phrases) tagName(id string) string   { return p.named(p.set.Tags[id].Name, id) }
func (p phrases) tierName(id string) string  { return p.named(p.set.Tiers[id].Name, id) }
func (p phrases) listName(id string) string  { return p.named(p.set.Lists[id].Name, id) }
func (p phrases) scoreName(id string) string { return p.named(p.set.Scores[id].Name, id) }

func (p phrases) segmentName(id string) string { return p.named(p.set.Segments[id].Name, id) }

func (p phrases) levelName(tier, id string) string {
	for _, l := range p.set.Tiers[tier].Levels {
		if l.ID == id {
			return p.named(l.Name, id)
		}
	}
	return id
}

func (p phrases) levelNames(tier string, ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = p.marked(p.levelName(tier, id))
	}
	return out
}

// marked sets a name that somebody gave apart from the sentence around it.
func (p phrases) marked(name string) string { return p.say("「%[1]s」", "“%[1]s”", name) }

// property finds a property's entry in the first of the selected events that
// has it.
func (p phrases) property(sel Selection, id string) EventProperty {
	for _, pattern := range sel.Events {
		if e, ok := p.set.Catalogue.Events[pattern].Properties[id]; ok {
			return e
		}
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
			var found string
			for name, event := range p.set.Catalogue.Events {
				if _, has := event.Properties[id]; has && strings.HasPrefix(name, prefix) && (found == "" || name < found) {
					found = name
				}
			}
			if found != "" {
				return p.set.Catalogue.Events[found].Properties[id]
			}
		}
	}
	return EventProperty{}
}

func (p phrases) propertyName(sel Selection, id string) string {
	return p.inner(p.named(p.property(sel, id).Name, id))
}

// inner makes an English name fit the middle of a sentence: a first word in
// title case loses its capital ("Registered city", not "WeCom" or "RFM").
func (p phrases) inner(name string) string {
	if !p.en {
		return name
	}
	first, size := utf8.DecodeRuneInString(name)
	if !unicode.IsUpper(first) {
		return name
	}
	word := name[size:]
	if i := strings.IndexByte(word, ' '); i >= 0 {
		word = word[:i]
	}
	if word == "" || strings.ToLower(word) != word {
		return name
	}
	return string(unicode.ToLower(first)) + name[size:]
}

// capitalised begins an English sentence.
func capitalised(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if word, _, _ := strings.Cut(s, " "); strings.Contains(word, "_") {
		return s // an identifier that stands for itself
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// tagType is how a tag's values are shown.
func (p phrases) tagType(id string) Type { return p.shownType(p.set.Tags[id].Value, 0) }

// shownType is the type as which a value is shown: its own, but an average of
// money is shown as money. Tags of tags are followed to a depth that no
// sensible set exceeds, so that it ends on a circle that is not refused yet.
func (p phrases) shownType(v Value, depth int) Type {
	switch v := v.(type) {
	case TagValue:
		if depth < 20 {
			return p.shownType(p.set.Tags[v.Tag].Value, depth+1)
		}
	case Ladder:
		return p.shownType(v.Of, depth+1)
	case Aggregate:
		if v.Kind == Average {
			return p.property(v.Select, v.Of).Type
		}
	}
	return TypeOf(p.set, v)
}

// tierOf returns the tier whose levels are the tag's values, "" for none.
func (p phrases) tierOf(tag string) string {
	v, _ := p.set.Tags[tag].Value.(TierValue)
	return v.Tier
}

// namedLevels returns the test with the names of a tier's levels instead of
// their ids.
func (p phrases) namedLevels(t Test, tier string) Test {
	out := Test{Fold: t.Fold, Comparisons: slices.Clone(t.Comparisons)}
	for i := range out.Comparisons {
		c := &out.Comparisons[i]
		c.Operands = slices.Clone(c.Operands)
		for j := range c.Operands {
			if o := &c.Operands[j]; o.Literal.Kind == strata.Text {
				o.Literal.Text = p.levelName(tier, o.Literal.Text)
			}
		}
	}
	return out
}

// literal says a value of a type. Missing values are said as no value.
func (p phrases) literal(v strata.Value, t Type) string {
	switch v.Kind {
	case strata.Missing:
		return p.say("无值", "no value")
	case strata.Boolean:
		if v.Bool() {
			return p.say("是", "yes")
		}
		return p.say("否", "no")
	case strata.Money:
		return moneyText(v, t.Currency)
	case strata.Number:
		if t.Name == TypeMoney {
			return moneyText(v, t.Currency)
		}
		return p.withUnit(thousands(strata.FormatDecimal(v.Int, v.Scale), 5), t.Unit)
	case strata.Float:
		if exact, ok := decimalOf(v.Float64()); ok && t.Name == TypeMoney {
			return moneyText(exact, t.Currency)
		}
		return p.withUnit(thousands(v.String(), 5), t.Unit)
	case strata.Time:
		if p.options.Zone == nil {
			return v.String()
		}
		return p.instant(strata.Instant(v.Int))
	case strata.List:
		texts := v.Texts()
		for i, text := range texts {
			texts[i] = quotedText(text)
		}
		return strings.Join(texts, p.say("、", ", "))
	case strata.Text, strata.ID:
		return quotedText(v.Text)
	}
	return v.String()
}

func (p phrases) withUnit(number, unit string) string {
	switch {
	case unit == "":
		return number
	case unit == "%":
		return number + unit
	case p.en:
		return number + " " + unit
	}
	return number + unit
}

// quotedText sets a text apart where it would run into the sentence around it.
func quotedText(s string) string {
	if strings.ContainsAny(s, " \t\n,，;；、。:：()（）“”\"且或") {
		return "“" + s + "”"
	}
	return s
}

// decimalOf returns a float as the shortest amount of money that is read as
// it, where nine digits after the point hold it.
func decimalOf(f float64) (strata.Value, bool) {
	text := plainNumber(f)
	_, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > 9 {
		return strata.Value{}, false
	}
	n, ok := strata.ParseDecimal(text, uint8(len(fraction)))
	return strata.MoneyOf(n, uint8(len(fraction))), ok
}

var currencySigns = map[string]string{"": "¥", "CNY": "¥", "USD": "US$", "EUR": "€", "GBP": "£", "HKD": "HK$"}

// moneyText prints an amount with its sign and thousands separators, with at
// least two digits after the point. The empty currency is yuan.
func moneyText(v strata.Value, currency string) string {
	if n, ok := strata.Rescale(v.Int, v.Scale, 2); ok && v.Scale < 2 {
		v.Int, v.Scale = n, 2
	}
	sign, ok := currencySigns[currency]
	if !ok {
		sign = currency + " "
	}
	text := thousands(strata.FormatDecimal(v.Int, v.Scale), 4)
	if digits, minus := strings.CutPrefix(text, "-"); minus {
		return "-" + sign + digits
	}
	return sign + text
}

// thousands sets commas into the whole part of a plain decimal that has at
// least the given number of digits.
func thousands(s string, digits int) string {
	whole, sign := s, ""
	if w, ok := strings.CutPrefix(whole, "-"); ok {
		whole, sign = w, "-"
	}
	rest := ""
	if i := strings.IndexAny(whole, ".e"); i >= 0 {
		whole, rest = whole[:i], whole[i:]
	}
	if len(whole) < digits || strings.Trim(whole, "0123456789") != "" || strings.ContainsRune(rest, 'e') {
		return s
	}
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return sign + b.String() + rest
}

// hundredths prints hundredths of a percent as a percentage.
func hundredths(n int) string { return plainNumber(float64(n)/100) + "%" }

// plainNumber prints a number with no more digits than it needs.
func plainNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func countText(n int) string { return strconv.Itoa(n) }
