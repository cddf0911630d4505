package define

import (
	"strings"

	"strata"
)

// ValueSentence says in words how the value comes about. The sentence has no
// full stop.
func (s *Set) ValueSentence(v Value, o SentenceOptions) Text2 {
	return s.both(o, func(p phrases) string { return p.value(v) })
}

// TagSentence says how the tag's value comes about and what happens to it
// when it is empty or old. The tag's name is not part of it.
func (s *Set) TagSentence(t Tag, o SentenceOptions) Text2 {
	return s.both(o, func(p phrases) string {
		parts := []string{p.value(t.Value)}
		if t.KeepOnEmpty {
			parts = append(parts, p.say("为空时保留上次的值", "the last value is kept when there is none"))
		}
		if !t.Expires.IsZero() {
			parts = append(parts, p.say("%[1]s未更新即失效", "expires %[1]s after the last change", p.duration(t.Expires)))
		}
		return p.listed(parts)
	})
}

func (p phrases) value(v Value) string {
	switch v := v.(type) {
	case AttributeValue:
		return p.attributeName(v.Attribute)
	case TagValue:
		return p.say("标签「%[1]s」", "the tag “%[1]s”", p.tagName(v.Tag))
	case FirstOf:
		return p.say("依次取第一个有值的：%[1]s", "the first that has a value of: %[1]s", p.listed(p.values(v.Of)))
	case Aggregate:
		return p.aggregate(v)
	case Touch:
		edge := p.edge(v.Select, v.First)
		if v.Of == "" {
			return p.say("%[2]s%[1]s的时间", "the time of %[1]s%[2]s", edge, p.windowAround(v.Select))
		}
		return p.say("%[2]s%[1]s的%[3]s", "the %[3]s of %[1]s%[2]s", edge, p.windowAround(v.Select), p.propertyName(v.Select, v.Of))
	case Favourite:
		return p.favourite(v)
	case SinceEvent:
		unit := unitWords[v.Unit]
		return p.say("距%[3]s%[1]s已过的%[2]s数", "completed %[2]ss since %[1]s%[3]s", p.edge(v.Select, v.First), p.say(strings.TrimPrefix(unit.Zh, "个"), unit.En), p.windowAround(v.Select))
	case GapValue:
		unit := unitWords[v.Unit]
		return p.gap(v.Select, v.Stat) + p.note(p.say("单位："+strings.TrimPrefix(unit.Zh, "个"), "in "+unit.En+"s"))
	case Rules:
		return p.rules(v)
	case Bands:
		return p.bands(v)
	case Rank:
		return p.rank(v)
	case Top:
		return p.top(v)
	case Composite:
		return p.composite(v)
	case Grid:
		return p.grid(v)
	case Ladder:
		typ := p.shownType(v.Of, 0)
		return p.say("高于%[1]s的第一档（%[2]s），超过最高档时取最高档", "the first step above %[1]s (%[2]s), beyond the last step the last one",
			p.value(v.Of), strings.Join(p.literals(v.Steps, typ), p.say("、", ", ")))
	case Formula:
		if v.Expr == nil {
			return p.say("公式：%[1]s", "formula: %[1]s", v.Text)
		}
		return p.say("公式：%[1]s", "formula: %[1]s", p.expr(v.Expr, false))
	case ScoreValue:
		return p.say("积分「%[1]s」的分数", "the points of the score “%[1]s”", p.scoreName(v.Score))
	case TierValue:
		return p.say("层级「%[1]s」中的等级", "the level in the tier “%[1]s”", p.tierName(v.Tier))
	case ManualValue:
		if len(v.Values) > 0 {
			quotedValues := make([]string, len(v.Values))
			for i, value := range v.Values {
				quotedValues[i] = quotedText(value)
			}
			return p.say("由员工手工设置：%[1]s", "set by hand by staff: %[1]s", p.or(quotedValues))
		}
		return p.say("由员工手工设置", "set by hand by staff")
	case ImportedValue:
		return p.say("由导入数据设置", "set by imported data")
	case ModelValue:
		return p.say("模型「%[1]s」的输出", "the output of the model “%[1]s”", v.Model)
	}
	return ""
}

func (p phrases) values(values []Value) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = p.value(v)
	}
	return out
}

func (p phrases) literals(values []strata.Value, typ Type) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = p.literal(v, typ)
	}
	return out
}

// windowAround is the window before a Chinese noun and behind an English one.
func (p phrases) windowAround(sel Selection) string {
	if p.en {
		return leading(" ", p.window(sel.Window))
	}
	return p.window(sel.Window)
}

func (p phrases) aggregate(v Aggregate) string {
	switch v.Kind {
	case Times:
		return p.say("%[1]s的次数", "number of %[1]s", p.measured(v.Select))
	case DaysActive:
		return p.say("%[1]s的天数", "number of days with %[1]s", p.measured(v.Select))
	case Distinct:
		return p.say("%[1]s的不同%[2]s数", "number of different values of %[2]s in %[1]s", p.measured(v.Select), p.propertyName(v.Select, v.Of))
	}
	return p.total(v.Kind, v.Select, v.Of)
}

func (p phrases) favourite(v Favourite) string {
	by := p.propertyName(v.Select, v.By)
	measure := p.say("按次数", "by number")
	if v.Sum {
		measure = p.say("按%[1]s合计", "by total %[1]s", p.propertyName(v.Select, v.Of))
	}
	text := p.say("%[1]s中最多的%[2]s（%[3]s）", "the most frequent %[2]s of %[1]s (%[3]s)", p.measured(v.Select), by, measure)
	if v.Sum && p.en {
		text = "the leading " + by + " of " + p.measured(v.Select) + " (" + measure + ")"
	}
	if v.Top > 1 {
		text = p.say("%[1]s中排在前%[4]s名的%[2]s（%[3]s）", "the top %[4]s of %[2]s in %[1]s (%[3]s)", p.measured(v.Select), by, measure, countText(v.Top))
	}
	if v.AtLeast > 1 {
		text += p.say("，至少出现%[1]s次", ", with at least %[1]s events", countText(v.AtLeast))
	}
	return text
}

func (p phrases) rules(v Rules) string {
	said := make([]string, len(v.Rules))
	for i, r := range v.Rules {
		said[i] = p.say("%[1]s（%[2]s）", "%[1]s (%[2]s)", p.literal(r.Name, Type{}), p.clause(r.Where))
	}
	text := p.say("按顺序取第一个满足的规则：%[1]s", "the first rule that holds: %[1]s", p.listed(said))
	if v.All {
		text = p.say("所有满足的规则：%[1]s", "all rules that hold: %[1]s", p.listed(said))
	}
	if !v.Otherwise.IsMissing() {
		text += p.say("；否则为%[1]s", "; otherwise %[1]s", p.literal(v.Otherwise, Type{}))
	}
	return text
}

// among says over whom a population measure is taken.
func (p phrases) among(c Condition) string {
	if c == nil {
		return p.say("所有有值的客户", "everyone with a value")
	}
	return p.say("满足条件的客户（%[1]s）", "customers for whom it holds (%[1]s)", p.clause(c))
}

func (p phrases) bands(v Bands) string {
	of, typ := p.value(v.Of), p.shownType(v.Of, 0)
	switch {
	case len(v.At) > 0:
		return p.say("按%[1]s分档：%[2]s", "bands of %[1]s: %[2]s", of, p.listed(p.fixedBands(v, typ)))
	case len(v.Percentiles) > 0:
		return p.say("按%[1]s在%[3]s中的百分位分档：%[2]s", "bands of %[1]s by percentile among %[3]s: %[2]s", of, p.listed(p.percentileBands(v)), p.among(v.Among))
	}
	return p.say("按%[1]s在%[3]s中的自然断点分为%[4]s档，从低到高：%[2]s", "%[4]s bands of %[1]s by natural breaks among %[3]s, from low to high: %[2]s",
		of, strings.Join(v.Labels, p.say("、", ", ")), p.among(v.Among), countText(v.Natural))
}

// label names the i-th band, by its number where it has no label.
func (p phrases) label(v Bands, i int) string {
	if i < len(v.Labels) {
		return v.Labels[i]
	}
	return p.say("第%[1]s档", "band %[1]s", countText(i+1))
}

// fixedBands says bands [a, b).
func (p phrases) fixedBands(v Bands, typ Type) []string {
	cuts := p.literals(v.At, typ)
	out := make([]string, len(cuts)+1)
	for i := range out {
		var span string
		switch i {
		case 0:
			span = p.say("低于%[1]s", "below %[1]s", cuts[0])
		case len(cuts):
			span = p.say("%[1]s及以上", "%[1]s and above", cuts[i-1])
		default:
			span = p.say("%[1]s（含）至%[2]s（不含）", "%[1]s (included) to %[2]s (not included)", cuts[i-1], cuts[i])
		}
		out[i] = p.say("%[1]s＝%[2]s", "%[1]s = %[2]s", p.label(v, i), span)
	}
	return out
}

// percentileBands says bands whose upper end belongs to them.
func (p phrases) percentileBands(v Bands) []string {
	cuts := make([]string, len(v.Percentiles))
	for i, f := range v.Percentiles {
		cuts[i] = p.say("第%[1]s百分位", "percentile %[1]s", plainNumber(f))
	}
	out := make([]string, len(cuts)+1)
	for i := range out {
		var span string
		switch i {
		case 0:
			span = p.say("不高于%[1]s", "up to %[1]s", cuts[0])
		case len(cuts):
			span = p.say("高于%[1]s", "above %[1]s", cuts[i-1])
		default:
			span = p.say("高于%[1]s、不高于%[2]s", "above %[1]s, up to %[2]s", cuts[i-1], cuts[i])
		}
		out[i] = p.say("%[1]s＝%[2]s", "%[1]s = %[2]s", p.label(v, i), span)
	}
	return out
}

func (p phrases) best(ascending bool) string {
	if ascending {
		return p.say("数值越小越好", "the smallest is best")
	}
	return p.say("数值越大越好", "the largest is best")
}

func (p phrases) rank(v Rank) string {
	if v.Percentile {
		return p.say("%[1]s在%[2]s中的百分位（0–100，100为最好，%[3]s）", "percentile of %[1]s among %[2]s (0–100, 100 is best, %[3]s)", p.value(v.Of), p.among(v.Among), p.best(v.Ascending))
	}
	return p.say("%[1]s在%[2]s中的名次（第1名为最好，%[3]s）", "rank of %[1]s among %[2]s (1 is best, %[3]s)", p.value(v.Of), p.among(v.Among), p.best(v.Ascending))
}

func (p phrases) top(v Top) string {
	if v.Count > 0 {
		return p.say("%[1]s在%[2]s中是否排在前%[3]s名", "whether %[1]s is in the top %[3]s of %[2]s", p.value(v.Of), p.among(v.Among), thousands(countText(v.Count), 5))
	}
	return p.say("%[1]s在%[2]s中是否排在前%[3]s", "whether %[1]s is in the top %[3]s of %[2]s", p.value(v.Of), p.among(v.Among), plainNumber(v.Percent)+"%")
}

func (p phrases) composite(v Composite) string {
	total := 0.0
	for _, part := range v.Parts {
		total += part.Weight
	}
	parts := make([]string, len(v.Parts))
	for i, part := range v.Parts {
		share := plainNumber(part.Weight)
		if total > 0 {
			share = percentText(part.Weight / total)
		}
		low := ""
		if part.Ascending {
			low = p.note(p.best(true))
		}
		parts[i] = p.say("%[1]s%[3]s占%[2]s", "%[2]s from %[1]s%[3]s", p.value(part.Of), share, low)
	}
	missing := p.say("缺失按最低计", "a missing part counts as the lowest")
	if v.Missing == "median" {
		missing = p.say("缺失按中位数计", "a missing part counts as the median")
	}
	return p.say("%[2]s中百分位的加权综合分（0–100）：%[1]s（%[3]s）", "weighted percentiles among %[2]s (0–100): %[1]s (%[3]s)",
		p.listed(parts), p.among(v.Among), missing)
}

// percentText prints a share with at most one digit after the point.
func percentText(share float64) string {
	n := int64(share*1000 + 0.5)
	return strings.TrimSuffix(strata.FormatDecimal(n, 1), ".0") + "%"
}

// grid lists the cells of each name in the order in which names first appear.
func (p phrases) grid(v Grid) string {
	cells := map[string][]string{}
	var names []string
	for r, row := range v.Cells {
		for c, name := range row {
			if _, known := cells[name]; !known {
				names = append(names, name)
			}
			cells[name] = append(cells[name], p.label(v.Rows, r)+"×"+p.label(v.Columns, c))
		}
	}
	said := make([]string, len(names))
	for i, name := range names {
		said[i] = p.say("%[1]s＝%[2]s", "%[1]s = %[2]s", name, strings.Join(cells[name], p.say("、", ", ")))
	}
	return p.say("由两个维度交叉得出（行：%[1]s；列：%[2]s）：%[3]s", "where two bands cross (rows: %[1]s; columns: %[2]s): %[3]s",
		p.bands(v.Rows), p.bands(v.Columns), p.listed(said))
}

var operatorWords = map[string]Text2{
	"*": {"×", "×"}, "/": {"÷", "÷"}, "-": {"−", "−"}, "<=": {"≤", "≤"}, ">=": {"≥", "≥"}, "!=": {"≠", "≠"},
	"and": {"且", "and"}, "or": {"或", "or"}, "not": {"非", "not"},
}

var functionWords = map[string]Text2{
	"if": {"如果", "if"}, "min": {"最小值", "min"}, "max": {"最大值", "max"}, "abs": {"绝对值", "abs"}, "round": {"四舍五入", "round"},
	"floor": {"向下取整", "floor"}, "ceil": {"向上取整", "ceil"}, "coalesce": {"第一个有值的", "first with a value"},
}

// expr prints a formula with names in words; inner says that it is an operand
// and needs brackets where it has operands of its own.
func (p phrases) expr(e Expr, inner bool) string {
	word := func(words map[string]Text2, id string) string {
		if w, ok := words[id]; ok {
			return p.say(w.Zh, w.En)
		}
		return id
	}
	switch e := e.(type) {
	case NumberExpr:
		return p.literal(e.Value, Type{})
	case NameExpr:
		name := p.attributeName(e.Name)
		if _, ok := p.set.Tags[e.Name]; ok {
			name = p.tagName(e.Name)
		}
		return p.say("「%[1]s」", "“%[1]s”", name)
	case UnaryExpr:
		if e.Op == "not" && p.en {
			return "not " + p.expr(e.X, true)
		}
		return word(operatorWords, e.Op) + p.expr(e.X, true)
	case BinaryExpr:
		text := p.expr(e.X, true) + " " + word(operatorWords, e.Op) + " " + p.expr(e.Y, true)
		if inner {
			return "(" + text + ")"
		}
		return text
	case CallExpr:
		args := make([]string, len(e.Args))
		for i, a := range e.Args {
			args[i] = p.expr(a, false)
		}
		return word(functionWords, e.Func) + "(" + strings.Join(args, p.say("，", ", ")) + ")"
	}
	return ""
}
