package define

import (
	_ "embed" // the description of the language
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed schema.yaml
var schemaYAML []byte

// JSONSchema returns the JSON Schema (draft 2020-12) of a file of definitions,
// in YAML or JSON, for editors and for other programs that write definitions.
// What Parse accepts it accepts (but for placeholders of for_each in keys), and
// it refuses unknown keys and words, wrong shapes and missing keys. Names,
// types of operands and what contradicts itself are the business of Check.
// Each description is in Chinese and, on a line of its own, in English.
func JSONSchema() []byte {
	out := mapOf().putText("$schema", "https://json-schema.org/draft/2020-12/schema").putText("title", "Strata definitions").
		put("$ref", refTo("file").items[0])
	defs := mapOf()
	for _, s := range shapes() {
		defs.put(s.name, s.schema())
	}
	for _, family := range []string{"condition", "value"} {
		kinds := listOf()
		for _, s := range shapes() {
			if strings.HasPrefix(s.name, family+".") {
				kinds.items = append(kinds.items, refTo(s.name))
			}
		}
		defs.put(family, titled(mapOf(), familyTexts[family]).put("oneOf", kinds))
	}
	for _, f := range leafForms {
		defs.put(f.name, titled(mapOf(), f.text).merge(f.schema()))
	}
	return emitJSON(out.put("$defs", defs))
}

var familyTexts = map[string]Text2{
	"condition": {"条件，恰好一种", "A condition of exactly one kind"},
	"value":     {"标签的值，恰好一种", "A tag's value of exactly one kind"},
}

// shape is one mapping of the language.
type shape struct {
	name  string
	text  Text2
	keys  []shapeKey
	one   []string // keys of which exactly one stands there
	least int      // keys there are at least
}

// shapeKey is one key of a mapping: what stands under it is of the form is, or
// one of words.
type shapeKey struct {
	name  string
	need  bool
	is    string
	words []string
	text  Text2
}

// shapes are the mappings of schema.yaml, in its order.
var shapes = sync.OnceValue(func() []shape {
	root, err := readTree("schema.yaml", schemaYAML)
	if err != nil {
		panic(err) // a test reads the file
	}
	var out []shape
	for i, k := range root.keys {
		out = append(out, readShape(root, k.text, root.items[i]))
	}
	return out
})

func readShape(root *node, name string, n *node) shape {
	s := shape{name: name, text: Text2{n.get("zh").text, n.get("en").text}}
	if one := n.get("one"); one != nil {
		s.one = textsIn(one)
	}
	if least := n.get("least"); least != nil {
		s.least, _ = strconv.Atoi(least.text)
	}
	if with := n.get("with"); with != nil {
		for _, other := range with.items {
			s.keys = append(s.keys, readShape(root, other.text, root.get(other.text)).keys...)
		}
	}
	keys := n.get("keys")
	for i, k := range keys.keys {
		item := keys.items[i]
		read := shapeKey{text: Text2{item.get("zh").text, item.get("en").text}}
		read.name, read.need = strings.CutSuffix(k.text, "!")
		if words := item.get("words"); words != nil {
			read.words = textsIn(words)
		} else {
			read.is = item.get("is").text
		}
		s.keys = slices.DeleteFunc(s.keys, func(k shapeKey) bool { return k.name == read.name })
		s.keys = append(s.keys, read)
	}
	return s
}

func textsIn(list *node) []string {
	var out []string
	for _, item := range list.items {
		out = append(out, item.text)
	}
	return out
}

func shapeNamed(name string) (shape, bool) {
	i := slices.IndexFunc(shapes(), func(s shape) bool { return s.name == name })
	if i < 0 {
		return shape{}, false
	}
	return shapes()[i], true
}

func (s shape) schema() *node {
	properties, required := mapOf(), listOf()
	for _, k := range s.keys {
		properties.put(k.name, titled(mapOf(), k.text).merge(k.schema()))
		if k.need {
			required.items = append(required.items, textOf(k.name))
		}
	}
	out := titled(mapOf(), s.text).putText("type", "object").put("properties", properties).
		putFilled("required", required).put("additionalProperties", boolOf(false))
	if s.least > 0 {
		out.put("minProperties", intOf(s.least))
	}
	choice := listOf()
	for _, name := range s.one {
		choice.items = append(choice.items, mapOf().put("required", textsOf([]string{name})))
	}
	return out.putFilled("oneOf", choice)
}

func (k shapeKey) schema() *node {
	if len(k.words) > 0 {
		return oneWord(k.words...)
	}
	return formSchema(k.is)
}

// formSchema is the schema of a form as schema.yaml names it.
func formSchema(is string) *node {
	names := func(of string) *node {
		return mapOf().putText("type", "object").put("additionalProperties", formSchema(of))
	}
	switch prefix, of := formPrefix(is); prefix {
	case "list of ":
		return listForm(of, 1, 0)
	case "pair of ":
		return listForm(of, 2, 2)
	case "names of ":
		return names(of).put("propertyNames", mapOf().putText("pattern", namePattern))
	case "any names of ":
		return names(of)
	}
	if first, second, several := strings.Cut(is, " or "); several {
		out := listOf(formSchema(first))
		rest := formSchema(second)
		if more := rest.get("anyOf"); more != nil && len(rest.keys) == 1 {
			out.items = append(out.items, more.items...)
		} else {
			out.items = append(out.items, rest)
		}
		return mapOf().put("anyOf", out)
	}
	kind, limits, limited := strings.Cut(is, " ")
	if !limited || kind != "whole" && kind != "number" {
		return refTo(is)
	}
	out := mapOf().putText("type", map[string]string{"whole": "integer", "number": "number"}[kind])
	low, high, both := strings.Cut(limits, " to ")
	out.put("minimum", numberOf(strings.TrimPrefix(low, "from ")))
	if both {
		out.put("maximum", numberOf(high))
	}
	return orFilled(out)
}

// listForm is a list of at least and, unless it is 0, at most so many.
func listForm(of string, least, most int) *node {
	out := mapOf().putText("type", "array").put("items", formSchema(of)).put("minItems", intOf(least))
	if most > 0 {
		out.put("maxItems", intOf(most))
	}
	return out
}

// formPrefix cuts off what holds several of a form.
func formPrefix(is string) (prefix, of string) {
	for _, prefix := range []string{"list of ", "pair of ", "names of ", "any names of "} {
		if of, found := strings.CutPrefix(is, prefix); found {
			return prefix, of
		}
	}
	return "", is
}

// The patterns of texts. {KEY} stands in a definition that has for_each.
const (
	namePattern     = `^[\p{L}_{][\p{L}\p{Nd}\p{M}_{}]*$`
	categoryPattern = `^[\p{L}_{][\p{L}\p{Nd}\p{M}_{}]*(\.[\p{L}_{][\p{L}\p{Nd}\p{M}_{}]*)*$`
	filledPattern   = `\{[^{}]+\}`
	instantPattern  = `\d{4}-\d{2}-\d{2}(T\d{1,2}:\d{2}:\d{2}([.,]\d+)?(Z|[+-]\d{2}:\d{2}))?`
)

// leafForm is what stands in a place and is no mapping of the language.
type leafForm struct {
	name   string
	text   Text2
	schema func() *node
}

var leafForms = []leafForm{
	{"text", Text2{"文字", "A text"}, func() *node { return matching(`\S`) }},
	{"texts", Text2{"一段文字，或不重复的列表", "A text, or a list of different ones"}, func() *node {
		return anyOf(refTo("text"), formSchema("list of text").put("uniqueItems", boolOf(true)))
	}},
	{"bilingual", Text2{"中文，或中英文", "Chinese, or both languages"}, func() *node {
		both := mapOf().put("zh", titled(refTo("text"), Text2{"中文", "Chinese"})).put("en", titled(refTo("text"), Text2{"英文", "English"}))
		return anyOf(refTo("text"), mapOf().putText("type", "object").put("properties", both).put("additionalProperties", boolOf(false)))
	}},
	{"boolean", Text2{"是或否", "True or false"}, func() *node { return orFilled(mapOf().putText("type", "boolean")) }},
	{"yes", Text2{"是", "True"}, func() *node { return mapOf().put("const", boolOf(true)) }},
	{"number", Text2{"数", "A number"}, func() *node { return orFilled(mapOf().putText("type", "number")) }},
	{"percent", Text2{"百分数，0 到 100", "A percentage, 0 to 100"}, func() *node {
		return orFilled(mapOf().putText("type", "number").put("minimum", intOf(0)).put("maximum", intOf(100)))
	}},
	{"share", Text2{"百分比，如 5%、2.5%", "A share, such as 5% or 2.5%"}, func() *node { return matching(`^[0-9]{1,2}(\.[0-9]{1,2})?%$|` + filledPattern) }},
	{"digits", Text2{"小数位数", "Digits after the point"}, func() *node {
		return orFilled(mapOf().putText("type", "integer").put("minimum", intOf(0)).put("maximum", intOf(MaxScale)))
	}},
	{"duration", Text2{"时长：整数加 s m h（精确）或 d w mo y（按日历），如 36h、7d", "A whole number with s, m, h (exact) or d, w, mo, y (calendar), such as 36h or 7d"},
		func() *node { return matching("^[1-9][0-9]*" + unitPattern() + "$|" + filledPattern) }},
	{"span", Text2{"时长，可以为 0，如 0d", "A duration, which may be 0, such as 0d"},
		func() *node { return matching("^(0|[1-9][0-9]*)" + unitPattern() + "$|" + filledPattern) }},
	{"calendar_word", Text2{"日历词", "A calendar word"}, func() *node { return oneWord(calendarWords...) }},
	{"period_word", Text2{"自然日、周或月", "A calendar day, week or month"}, func() *node { return oneWord("day", "week", "month") }},
	{"instant", Text2{"日期（当天零点）或 RFC 3339 时刻", "A date (its 00:00), or an instant in RFC 3339"},
		func() *node { return matching("^" + instantPattern + "$|" + filledPattern) }},
	{"moment", Text2{"时间：日期（整天）、RFC 3339、now、today、yesterday、tomorrow、{ago: 4d}、{ahead: 5d}", "A time: a date (the whole day), RFC 3339, now, today, yesterday, tomorrow, {ago: 4d} or {ahead: 5d}"},
		func() *node {
			return anyOf(matching("^(now|today|yesterday|tomorrow|"+instantPattern+")$|"+filledPattern), refTo("relative"))
		}},
	{"scalar", Text2{"一个值", "A single value"}, func() *node {
		return mapOf().put("type", textsOf([]string{"string", "number", "boolean"})).put("minLength", intOf(1))
	}},
	{"operand", Text2{"一个值，或 {attribute: 属性}", "A value, or {attribute: NAME}"}, func() *node { return anyOf(refTo("scalar"), refTo("attribute_operand")) }},
	{"type_name", Text2{"类型", "A type"}, func() *node {
		return oneWord(slices.DeleteFunc(slices.Clone(typeNames), func(s string) bool { return s == string(TypeChoice) })...)
	}},
	{"currency", Text2{"币种的三个字母，如 CNY", "The three letters of a currency, such as CNY"}, func() *node { return matching("^[A-Z]{3}$|" + filledPattern) }},
	{"category", Text2{"用点连接的名字，如 consumption.total", "Names joined by dots, such as consumption.total"}, func() *node { return matching(categoryPattern) }},
	{"where", Text2{"事件属性到比较，都在同一事件上", "Properties to comparisons, all on the same event"}, func() *node {
		return formSchema("any names of tests").put("minProperties", intOf(1))
	}},
	{"members", Text2{"客户编号", "Ids of customers"}, func() *node { return mapOf().putText("type", "array").put("items", refTo("text")) }},
	{"steps", Text2{"至少两步", "At least two steps"}, func() *node { return listForm("step", 2, 0) }},
	{"cells", Text2{"每行一个列表", "A list for each row"}, func() *node { return formSchema("list of list of text") }},
	{"three_numbers", Text2{"三个数", "Three numbers"}, func() *node { return listForm("number", 3, 3) }},
	{"rfm_split", Text2{"只分高低：高于平均或中位数", "Only high or low: above the mean or the median"}, func() *node { return oneWord("mean", "median") }},
	{"for_each_values", Text2{"名字到取值列表", "Keys to lists of values"}, func() *node {
		return formSchema("names of list of scalar").put("minProperties", intOf(1))
	}},
	{"anything", Text2{"任意", "Anything"}, mapOf},
	{"filled", Text2{"for_each 的取值", "A value of for_each"}, func() *node { return matching(filledPattern) }},
}

func unitPattern() string {
	var suffixes []string
	for _, u := range durationUnits {
		suffixes = append(suffixes, u.suffix)
	}
	return "(" + strings.Join(suffixes, "|") + ")"
}

func titled(n *node, t Text2) *node { return n.putText("description", t.Zh+"\n"+t.En) }

func refTo(name string) *node {
	return mapOf().putText("$ref", "#/$defs/"+name)
}

func matching(p string) *node { return mapOf().putText("type", "string").putText("pattern", p) }

func oneWord(of ...string) *node { return orFilled(mapOf().put("enum", textsOf(of))) }

// orFilled is a form in whose place a value of for_each may stand.
func orFilled(n *node) *node { return anyOf(n, refTo("filled")) }

func anyOf(of ...*node) *node { return mapOf().put("anyOf", listOf(of...)) }

// merge adds the keys of another mapping.
func (n *node) merge(other *node) *node {
	for i, k := range other.keys {
		n.put(k.text, other.items[i])
	}
	return n
}
