package measure

import (
	"fmt"
	"slices"
)

// Note is one thing that a tier's designer should look at. It is advice: none
// of them makes a tier wrong.
type Note struct {
	Kind  NoteKind
	Level string // empty where the whole tier is meant
	Other string // the level beside it that it is compared with
}

// NoteKind is what is noted.
type NoteKind string

// The kinds of notes.
const (
	ManyLevels  NoteKind = "many_levels"   // more than MostLevels: people cannot tell them apart
	EmptyLevel  NoteKind = "empty_level"   // nobody is at the level
	BigLevel    NoteKind = "big_level"     // the level holds more than nine tenths of all
	SizesRise   NoteKind = "sizes_rise"    // the level is larger than the next one below it
	ValuesFall  NoteKind = "values_fall"   // a customer of the level buys less than one of the next one below it
	NothingToDo NoteKind = "nothing_to_do" // the level has neither advice nor an explicit no-action
	FewCovered  NoteKind = "few_covered"   // fewer than half of everyone have a level
	NobodyAtAll NoteKind = "nobody"        // nobody has a level
)

// MostLevels is how many levels people tell apart; more are noted.
const MostLevels = 10

// LevelPlan says of a level what its designer wrote.
type LevelPlan struct {
	ID       string
	Advised  bool // advice, or an explicit no-action
	Sequence bool // compared with the level below it by size and value
}

// Design notes what of a tier's sizes and values does not look as a tier
// should: few at the top and many below, and more value a head the higher the
// level. Levels are best first, as weights are; levels that are no ladder
// (Sequence false) are not compared. everyone is the number of all customers.
func Design(levels []LevelPlan, weights []Weight, everyone int) []Note {
	var notes []Note
	if len(levels) > MostLevels {
		notes = append(notes, Note{Kind: ManyLevels})
	}
	people := func(i int) int { return int(weights[i].People.GetCardinality()) }
	all := 0
	for i := range weights {
		all += people(i)
	}
	switch {
	case everyone == 0:
	case all == 0:
		return append(notes, Note{Kind: NobodyAtAll})
	case 2*all < everyone:
		notes = append(notes, Note{Kind: FewCovered})
	}
	for i, l := range levels {
		if !l.Advised {
			notes = append(notes, Note{Kind: NothingToDo, Level: l.ID})
		}
		switch {
		case people(i) == 0:
			notes = append(notes, Note{Kind: EmptyLevel, Level: l.ID})
			continue
		case 10*people(i) > 9*all:
			notes = append(notes, Note{Kind: BigLevel, Level: l.ID})
		}
		// The next level below that has anybody.
		below := slices.IndexFunc(levels[i+1:], func(b LevelPlan) bool {
			return people(slices.IndexFunc(levels, func(x LevelPlan) bool { return x.ID == b.ID })) > 0
		})
		if below < 0 || !l.Sequence {
			continue
		}
		j := i + 1 + below
		if people(i) > people(j) {
			notes = append(notes, Note{Kind: SizesRise, Level: l.ID, Other: levels[j].ID})
		}
		if PerHead(weights[i].Sales, int64(people(i))).Float64() < PerHead(weights[j].Sales, int64(people(j))).Float64() {
			notes = append(notes, Note{Kind: ValuesFall, Level: l.ID, Other: levels[j].ID})
		}
	}
	return notes
}

// Words says a note to people, in Chinese and English. name gives the names
// of levels.
func (n Note) Words(name func(level string) (zh, en string)) (zh, en string) {
	lz, le := name(n.Level)
	oz, oe := name(n.Other)
	switch n.Kind {
	case ManyLevels:
		return fmt.Sprintf("等级超过%d个，一线人员难以区分；建议合并", MostLevels), fmt.Sprintf("more than %d levels are hard to tell apart; merge some", MostLevels)
	case EmptyLevel:
		return "「" + lz + "」目前没有人", "nobody is at “" + le + "”"
	case BigLevel:
		return "「" + lz + "」占了九成以上的人，这一级没有区分度", "“" + le + "” holds more than nine tenths of all, so that it tells little"
	case SizesRise:
		return "「" + lz + "」比下一级「" + oz + "」的人还多", "“" + le + "” has more people than “" + oe + "” below it"
	case ValuesFall:
		return "「" + lz + "」的人均消费低于下一级「" + oz + "」", "a customer of “" + le + "” buys less than one of “" + oe + "” below it"
	case NothingToDo:
		return "「" + lz + "」既没有运营建议，也没有写明不行动（no_action）", "“" + le + "” has neither advice nor an explicit no_action"
	case FewCovered:
		return "不到一半的客户有等级", "fewer than half of all customers have a level"
	case NobodyAtAll:
		return "目前没有任何客户有等级", "nobody has a level"
	}
	return "", ""
}
