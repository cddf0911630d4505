package define

import (
	"slices"
	"strings"

	"strata"
)

// SegmentSentence says who belongs to the segment: its condition, what it
// excludes and how many were picked by hand. The name is not part of it.
func (s *Set) SegmentSentence(g Segment, o SentenceOptions) Text2 {
	return s.both(o, func(p phrases) string { return p.segment(g) })
}

func (p phrases) segment(g Segment) string {
	where := Condition(Everyone{})
	if g.Where != nil {
		where = g.Where
	}
	parts := []string{p.clause(where)}
	if g.Exclude != nil {
		parts = append(parts, p.say("排除：%[1]s", "excluding: %[1]s", p.clause(g.Exclude)))
	}
	if n := len(g.PickedIn); n > 0 {
		parts = append(parts, p.say("另手工加入%[1]s人", "plus %[1]s picked in by hand", countText(n)))
	}
	if n := len(g.PickedOut); n > 0 {
		parts = append(parts, p.say("手工移出%[1]s人", "less %[1]s picked out by hand", countText(n)))
	}
	for i, stage := range g.Stages {
		parts = append(parts, p.say("第%[1]s轮按%[2]s保留最高的%[3]s人", "round %[1]s keeps the best %[3]s by %[2]s",
			countText(i+1), p.value(stage.By), thousands(countText(stage.Keep), 5)))
	}
	if g.Snapshot != nil {
		parts = append(parts, p.say("成员固定于%[1]s", "fixed as of %[1]s", p.instant(*g.Snapshot)))
	}
	return p.listed(parts)
}

// TierSentence says how the tier's levels come about. The name is not part of
// it.
func (s *Set) TierSentence(t Tier, o SentenceOptions) Text2 {
	return s.both(o, func(p phrases) string { return p.tier(t) })
}

// LevelSentence says what puts a customer at the level of the tier. An
// unknown level gives the sentence of the tier.
func (s *Set) LevelSentence(t Tier, level string, o SentenceOptions) Text2 {
	return s.both(o, func(p phrases) string {
		why := p.level(t, level)
		if why == "" {
			return p.tier(t)
		}
		return why
	})
}

// inTier names a level of the tier at hand, which need not be published.
func (p phrases) inTier(t Tier, id string) string {
	for _, l := range t.Levels {
		if l.ID == id {
			return p.marked(p.named(l.Name, id))
		}
	}
	return p.marked(id)
}

func (p phrases) tier(t Tier) string {
	var parts []string
	if t.AppliesTo != nil {
		parts = append(parts, p.say("适用于：%[1]s", "applies to: %[1]s", p.clause(t.AppliesTo)))
	}
	if len(t.AssignOn) > 0 {
		parts = append(parts, p.say("仅在发生%[1]s时评定", "assigned only at %[1]s", p.eventNames(Selection{Events: t.AssignOn})))
	}
	parts = append(parts, p.assignment(t))
	if !t.Hold.IsZero() {
		parts = append(parts, p.say("进入后至少保留%[1]s才可降级", "held for at least %[1]s before it goes down", p.duration(t.Hold)))
	}
	if !t.Grace.IsZero() {
		parts = append(parts, p.say("连续%[1]s不达标才降级", "goes down only after %[1]s below it without a break", p.duration(t.Grace)))
	}
	for _, m := range t.Moves {
		parts = append(parts, p.move(t, m))
	}
	for _, w := range t.Warnings {
		parts = append(parts, p.warning(t, w))
	}
	if !t.Review.IsZero() {
		parts = append(parts, p.say("每%[1]s复核一次", "reviewed every %[1]s", p.duration(t.Review)))
	}
	return p.listed(parts)
}

// assignment says which rules give the levels.
func (p phrases) assignment(t Tier) string {
	each := func(rules []LevelRule) string {
		said := make([]string, len(rules))
		for i, r := range rules {
			said[i] = p.say("%[1]s（%[2]s）", "%[1]s (%[2]s)", p.inTier(t, r.Level), p.clause(r.Where))
		}
		return p.listed(said)
	}
	switch {
	case t.RFM != nil:
		return p.rfm(t, *t.RFM)
	case len(t.AIPL) > 0:
		return p.say("取达到的最高阶段：%[1]s", "the furthest stage reached: %[1]s", each(t.AIPL))
	case len(t.Funnel) > 0:
		said := make([]string, len(t.Funnel))
		for i, c := range t.Funnel {
			said[i] = p.say("第%[1]s步（%[2]s）", "step %[1]s (%[2]s)", countText(i+1), p.clause(c))
		}
		return p.say("按漏斗取走到的最远一步：%[1]s", "the furthest step of the funnel: %[1]s", p.listed(said))
	case t.Promotion != nil:
		return p.promotion(*t.Promotion)
	case t.Score != "":
		return p.say("按积分「%[1]s」的分数分级，分界为%[2]s", "by the points of the score “%[1]s”, cut at %[2]s",
			p.scoreName(t.Score), strings.Join(p.literals(t.ScoreAt, Type{}), p.say("、", ", ")))
	}
	text := p.say("按顺序取第一个满足的规则：%[1]s", "the first rule that holds: %[1]s", each(t.Rules))
	switch {
	case t.Overlapping:
		text = p.say("满足规则即在该等级，可同时在多个等级：%[1]s", "every level whose rule holds, several at once: %[1]s", each(t.Rules))
	case t.Highest:
		text = p.say("取满足规则的最高等级：%[1]s", "the best level whose rule holds: %[1]s", each(t.Rules))
	}
	switch {
	case len(t.Rules) == 0 && t.Otherwise != "":
		return p.say("均为%[1]s", "always %[1]s", p.inTier(t, t.Otherwise))
	case t.Otherwise != "" && t.Overlapping:
		text += p.say("；都不满足则为%[1]s", "; where none does, %[1]s", p.inTier(t, t.Otherwise))
	case t.Otherwise != "":
		text += p.say("；否则为%[1]s", "; otherwise %[1]s", p.inTier(t, t.Otherwise))
	}
	return text
}

func (p phrases) move(t Tier, m Move) string {
	from := make([]string, len(m.From))
	for i, id := range m.From {
		from[i] = p.inTier(t, id)
	}
	since := p.say("进入后", "after entering")
	if m.Since != nil {
		since = p.say("自%[1]s起", "after %[1]s", p.edge(m.Since.Select, m.Since.First))
	}
	text := p.say("%[1]s%[3]s%[4]s转为%[2]s", "%[1]s becomes %[2]s %[4]s %[3]s", p.or(from), p.inTier(t, m.To), since, p.duration(m.After))
	if m.Unless != nil {
		text += p.note(p.say("除非%[1]s", "unless %[1]s", p.clause(m.Unless)))
	}
	return text
}

func (p phrases) promotion(m Promotion) string {
	orders := Selection{Events: []string{m.Order}}
	if !m.Within.IsZero() {
		orders.Window = pastWindow(m.Within)
	}
	compared := ""
	if m.By != "" {
		compared = p.say("，与同一%[1]s在售促销的占比相比", ", compared with how much of the same %[1]s was on promotion", p.propertyName(orders, m.By))
	}
	return p.say("按%[1]s中促销（%[2]s）所占比例评定促销敏感度%[3]s；自己找到的促销：%[4]s；不足%[5]s单时为未知", "promotion sensitivity by the share of promotion (%[2]s) among %[1]s%[3]s; found by the customer: %[4]s; unknown with less than %[5]s orders",
		p.measured(orders), p.where(orders, m.Promoted), compared, p.orNothing(p.where(orders, m.SelfFound)), countText(m.AtLeastOrders))
}

func (p phrases) orNothing(s string) string {
	if s == "" {
		return p.say("无", "none")
	}
	return s
}

// dimensions are the parts of RFM in their order.
var dimensions = [3]Text2{{"最近消费", "recency"}, {"消费频次", "frequency"}, {"消费金额", "monetary value"}}

func (p phrases) dimension(i int) string { return p.say(dimensions[i].Zh, dimensions[i].En) }

func (p phrases) rfm(t Tier, x RFM) string {
	values := [3]Value{x.Recency, x.Frequency, x.Monetary}
	var of []string
	for i, v := range values {
		if v != nil {
			of = append(of, p.say("%[1]s（%[2]s）", "%[1]s (%[2]s)", p.dimension(i), p.value(v)))
		} else {
			of = append(of, p.dimension(i))
		}
	}
	within := ""
	if !x.Within.IsZero() && (x.Recency == nil || x.Frequency == nil || x.Monetary == nil) {
		within = p.window(pastWindow(x.Within))
	}
	var how string
	switch s := x.Score; {
	case s.Quantile > 0:
		how = p.say("按人群分位各打1至%[1]s分", "each scored 1 to %[1]s by quantiles of everyone", countText(s.Quantile))
	case s.Breaks != nil:
		how = p.say("按固定分界各自打分（%[1]s）", "each scored by fixed cuts (%[1]s)", p.breaks(x))
	case s.Split == "median":
		how = p.say("各自与人群中位数比较分为高、低", "each high or low against the median of everyone")
	case s.Top != nil:
		tops := make([]string, 3)
		for i, top := range s.Top {
			tops[i] = p.dimension(i) + p.say("", " ") + p.topText(top)
		}
		how = p.say("各自取排名靠前者为高（%[1]s）", "each high for the top (%[1]s)", strings.Join(tops, p.say("、", ", ")))
	default:
		how = p.say("各自与人群平均值比较分为高、低", "each high or low against the mean of everyone")
	}
	var into string
	switch x.Classes {
	case "grid":
		into = p.say("按最近消费与消费频次的得分归入%[1]s个等级", "placed by the scores of recency and frequency into %[1]s levels", countText(len(t.Levels)))
	case "three":
		into = p.say("合并为高、中、低三级%[1]s", "combined into high, middle and low%[1]s", p.note(p.weights(x)))
	default:
		into = p.say("组合为八类", "combined into eight classes")
	}
	return p.say("RFM：%[4]s%[1]s，%[2]s，%[3]s", "RFM: %[1]s%[4]s, %[2]s, %[3]s", strings.Join(of, p.say("、", ", ")), how, into, p.say(within, leading(" ", within)))
}

func (p phrases) weights(x RFM) string {
	if len(x.Weights) != 3 {
		return p.say("三项权重相同", "with equal weights")
	}
	weights := make([]string, 3)
	for i, w := range x.Weights {
		weights[i] = plainNumber(w)
	}
	return p.say("权重%[1]s", "with weights %[1]s", strings.Join(weights, " : "))
}

func (p phrases) topText(t RFMTop) string {
	if t.Count > 0 {
		return p.say("前%[1]s名", "top %[1]s", thousands(countText(t.Count), 5))
	}
	return p.say("前%[1]s", "top %[1]s", plainNumber(t.Percent)+"%")
}

func (p phrases) breaks(x RFM) string {
	b := x.Score.Breaks
	said := make([]string, 3)
	for i, cuts := range [3][]strata.Value{b.Recency, b.Frequency, b.Monetary} {
		typ := Type{}
		if i == 2 {
			typ.Name = TypeMoney
		}
		said[i] = p.dimension(i) + p.say("", " ") + strings.Join(p.literals(cuts, typ), p.say("、", ", "))
	}
	return p.listed(said)
}

// rfmClassIDs are the ids of the eight classes, and rfmClassNames their usual
// Chinese names: bit 2 is a high monetary value, bit 1 a recent purchase, bit
// 0 a high frequency.
var (
	rfmClassIDs = [8]string{
		"general_winback", "general_keep", "general_develop", "general_value",
		"important_winback", "important_keep", "important_develop", "important_value",
	}
	rfmClassNames = [8]string{"一般挽留", "一般保持", "一般发展", "一般价值", "重要挽留", "重要保持", "重要发展", "重要价值"}
)

// level says what puts a customer at a level, and "" where the tier does not
// say.
func (p phrases) level(t Tier, id string) string {
	var ways []string
	rules := t.Rules
	if len(t.AIPL) > 0 {
		rules = t.AIPL
	}
	var own []Condition
	earlier := false
	for _, r := range rules {
		if r.Level == id {
			own = append(own, r.Where)
		} else if len(own) == 0 {
			earlier = true
		}
	}
	switch {
	case len(own) > 0:
		why := p.clause(simplest(Any{Of: own}))
		switch {
		case t.Overlapping || (len(t.AIPL) > 0 || t.Highest) && t.Levels[0].ID == id: // whatever the others are
			why = p.say("满足规则：%[1]s", "the rule holds: %[1]s", why)
		case len(t.AIPL) > 0 || t.Highest:
			why = p.say("没有达到更高的等级，且满足规则：%[1]s", "no better level is reached, and the rule holds: %[1]s", why)
		case earlier:
			why = p.say("不满足排在前面的规则，且满足规则：%[1]s", "no rule before holds, and this one does: %[1]s", why)
		default:
			why = p.say("满足规则：%[1]s", "the rule holds: %[1]s", why)
		}
		ways = append(ways, why)
	case t.RFM != nil:
		ways = p.rfmLevel(t, *t.RFM, id)
	case len(t.Funnel) == len(t.Levels) && len(t.Funnel) > 0:
		if i := slices.IndexFunc(t.Levels, func(l Level) bool { return l.ID == id }); i >= 0 {
			ways = append(ways, p.say("走到的最远一步：%[1]s", "the furthest step reached: %[1]s", p.clause(t.Funnel[len(t.Funnel)-1-i])))
		}
	case t.Score != "":
		ways = p.scoreLevel(t, id)
	}
	if t.Otherwise == id && len(rules) > 0 {
		ways = append(ways, p.say("不满足其他等级的规则", "no rule of another level holds"))
	}
	for _, m := range t.Moves {
		if m.To == id {
			ways = append(ways, p.move(t, m))
		}
	}
	if len(ways) == 0 {
		return ""
	}
	if t.AppliesTo != nil {
		ways[0] = p.say("在适用范围内，且%[1]s", "within the scope of the tier, and %[1]s", ways[0])
	}
	return strings.Join(ways, p.say("；或：", "; or: "))
}

// scoreLevel says the points of a level; the cuts ascend and the levels stand
// best first, so that the last level is below the first cut.
func (p phrases) scoreLevel(t Tier, id string) []string {
	i := slices.IndexFunc(t.Levels, func(l Level) bool { return l.ID == id })
	if i < 0 || len(t.ScoreAt) != len(t.Levels)-1 {
		return nil
	}
	cuts := p.literals(t.ScoreAt, Type{})
	band := len(t.Levels) - 1 - i
	name := p.scoreName(t.Score)
	switch {
	case band == 0:
		return []string{p.say("积分「%[1]s」低于%[2]s分", "the score “%[1]s” is below %[2]s points", name, cuts[0])}
	case band == len(cuts):
		return []string{p.say("积分「%[1]s」达到%[2]s分及以上", "the score “%[1]s” is %[2]s points or more", name, cuts[band-1])}
	}
	return []string{p.say("积分「%[1]s」在%[2]s分（含）至%[3]s分（不含）之间", "the score “%[1]s” is from %[2]s points (included) to %[3]s (not included)", name, cuts[band-1], cuts[band])}
}

func (p phrases) rfmLevel(t Tier, x RFM, id string) []string {
	switch x.Classes {
	case "grid":
		var cells []string
		for _, c := range x.Grid {
			if c.Level == id {
				cells = append(cells, p.say("最近消费得分为%[1]s且消费频次得分为%[2]s", "the score of recency is %[1]s and that of frequency %[2]s",
					scoreRange(c.RFrom, c.RTo), scoreRange(c.FFrom, c.FTo)))
			}
		}
		if len(cells) == 0 {
			return nil
		}
		return []string{strings.Join(cells, p.say("，或", ", or "))}
	case "three":
		i := slices.IndexFunc(t.Levels, func(l Level) bool { return l.ID == id })
		if i < 0 || i > 2 {
			return nil
		}
		share := [3]Text2{
			{"不低于三分之二", "at least two thirds"},
			{"不低于三分之一、低于三分之二", "at least one third and less than two thirds"},
			{"低于三分之一", "less than one third"},
		}[i]
		return []string{p.say("最近消费、消费频次、消费金额的加权得分（最低分计0，满分计1，%[2]s）%[1]s", "the weighted score of recency, frequency and monetary value (the lowest counts 0, the highest 1, %[2]s) is %[1]s", p.say(share.Zh, share.En), p.weights(x))}
	}
	class := slices.Index(rfmClassIDs[:], id)
	if class < 0 {
		for _, l := range t.Levels {
			if l.ID == id {
				class = slices.IndexFunc(rfmClassNames[:], func(name string) bool { return strings.HasPrefix(l.Name.Zh, name) })
			}
		}
	}
	if class < 0 {
		return nil
	}
	highs := [3]bool{class&2 != 0, class&1 != 0, class&4 != 0}
	said := make([]string, 3)
	for i, high := range highs {
		said[i] = p.dimension(i) + p.say("", " ") + p.height(x, i, high)
	}
	return []string{strings.Join(said, p.say("，", ", "))}
}

// height says that a part of RFM is high or low, and against what.
func (p phrases) height(x RFM, dimension int, high bool) string {
	word := p.say("低", "low")
	if high {
		word = p.say("高", "high")
	}
	if dimension == 0 {
		word = p.say("较远", "long ago")
		if high {
			word = p.say("较近", "recent")
		}
	}
	var against string
	switch s := x.Score; {
	case s.Quantile > 0:
		against = p.scoreHeight(s.Quantile, high)
	case s.Breaks != nil:
		cuts := [3]int{len(s.Breaks.Recency), len(s.Breaks.Frequency), len(s.Breaks.Monetary)}
		against = p.scoreHeight(cuts[dimension]+1, high)
	case s.Top != nil:
		against = p.say("不在%[1]s内", "not in the %[1]s", p.topText(s.Top[dimension]))
		if high {
			against = p.say("在%[1]s内", "in the %[1]s", p.topText(s.Top[dimension]))
		}
	default:
		middle := p.say("平均值", "the mean")
		if s.Split == "median" {
			middle = p.say("中位数", "the median")
		}
		against = p.splitHeight(dimension, high, middle)
	}
	return word + p.note(against)
}

// scoreHeight says which scores are high: those above the middle.
func (p phrases) scoreHeight(scores int, high bool) string {
	lowest := (scores+1)/2 + 1
	if high {
		return p.say("得分%[1]s及以上", "a score of %[1]s or more", countText(lowest))
	}
	return p.say("得分%[1]s及以下", "a score of %[1]s or less", countText(lowest-1))
}

func (p phrases) splitHeight(dimension int, high bool, middle string) string {
	switch {
	case dimension == 0 && high:
		return p.say("距今天数不高于%[1]s", "days since then at or below %[1]s", middle)
	case dimension == 0:
		return p.say("距今天数高于%[1]s", "days since then above %[1]s", middle)
	case high:
		return p.say("不低于%[1]s", "at or above %[1]s", middle)
	}
	return p.say("低于%[1]s", "below %[1]s", middle)
}

func scoreRange(from, to int) string {
	if from == to {
		return countText(from)
	}
	return countText(from) + "–" + countText(to)
}
