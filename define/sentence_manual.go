package define

import "strata"

// ManualSentence says who set a tag by hand, when, why and until when; m is
// nil where nobody has. With AsOf it says so where that has ended.
func (s *Set) ManualSentence(m *strata.Manual, o SentenceOptions) Text2 {
	return s.both(o, func(p phrases) string {
		if m == nil {
			return p.say("没有人手工设置过", "nobody has set it by hand")
		}
		author := m.Author
		if author == "" {
			author = p.say("未署名者", "somebody unnamed")
		}
		var out string
		if m.Value.IsMissing() {
			out = p.say("%[1]s由%[2]s取消，原因：%[3]s", "taken away on %[1]s by %[2]s, because: %[3]s", p.instant(m.At), author, m.Reason)
		} else {
			value := p.literal(m.Value, TypeOf(p.set, p.set.Tags[m.Tag].Value))
			out = p.say("%[1]s由%[2]s设为%[4]s，原因：%[3]s", "set on %[1]s by %[2]s to %[4]s, because: %[3]s", p.instant(m.At), author, m.Reason, value)
		}
		switch {
		case m.Expires == 0 || m.Value.IsMissing():
			return out
		case o.AsOf != nil && *o.AsOf >= m.Expires:
			return out + p.say("；已于%[1]s到期", "; it expired on %[1]s", p.instant(m.Expires))
		}
		return out + p.say("；%[1]s到期", "; it expires on %[1]s", p.instant(m.Expires))
	})
}
