package program

import (
	"slices"
	"strings"

	"strata"
	"strata/define"
)

// codeTally is what is known of the events with one text.
type codeTally struct {
	code      uint64
	n, amount int64
	last      strata.Instant // of one run alone, the place of the event instead
}

// codeTallies counts texts by their dictionary codes.
type codeTallies struct {
	of    []codeTally
	marks []uint32 // by code: the mark of the count that saw it last
	place []uint32 // by code: where in of it is
	mark  uint32
}

// start empties the tallies.
func (t *codeTallies) start() {
	t.of = t.of[:0]
	if t.mark++; t.mark == 0 {
		clear(t.marks)
		t.mark = 1
	}
}

// see returns the tally of a code.
func (t *codeTallies) see(code uint64) *codeTally {
	for code >= uint64(len(t.marks)) {
		t.marks, t.place = append(t.marks, 0), append(t.place, 0)
	}
	if t.marks[code] != t.mark {
		t.marks[code], t.place[code] = t.mark, uint32(len(t.of))
		t.of = append(t.of, codeTally{code: code})
	}
	return &t.of[t.place[code]]
}

// favouriteText computes a favourite whose values are all texts of one
// dictionary, and whose amounts are decimals of one scale; false where they
// are not.
func (s *selection) favouriteText(f *frame, x *define.Favourite, by, of uint16) (strata.Value, bool) {
	w, ok := s.window(f)
	if !ok {
		return strata.Value{}, true
	}
	tallies := &f.tallies
	tallies.start()
	if r, from, to, ok := s.single(f, w); ok {
		if r == nil {
			s.timers(f)
			return strata.Value{}, true
		}
		if c, regular := onlyColumn(r, by); regular && c != nil && c.Kind == strata.Text && c.Valid == nil && !x.Sum {
			for i := from; i < to; i++ {
				t := tallies.see(c.Code(i))
				t.n++
				t.last = strata.Instant(i)
			}
			for i := range tallies.of {
				tallies.of[i].last = r.At(int(tallies.of[i].last))
			}
			s.timers(f)
			return tallies.best(f, x, by), true
		}
	}
	var like *strata.Column
	for _, code := range s.codes {
		r := s.run(f, code)
		if r == nil {
			continue
		}
		from, to := r.Search(w.from), r.Search(min(w.to, f.until))
		if from >= to {
			continue
		}
		c, regular := onlyColumn(r, by)
		if !regular || c != nil && c.Kind != strata.Text {
			return strata.Value{}, false
		}
		if c == nil {
			continue
		}
		var amounts *strata.Column
		if x.Sum {
			amounts, regular = onlyColumn(r, of)
			if !regular || amounts != nil && amounts.Kind != strata.Money && amounts.Kind != strata.Number {
				return strata.Value{}, false
			}
			if amounts != nil {
				if like != nil && like.Scale != amounts.Scale {
					return strata.Value{}, false
				}
				like = amounts
			}
		}
		for i := from; i < to; i++ {
			if !c.Has(i) || len(s.where) > 0 && !s.matches(f, r, i) {
				continue
			}
			t := tallies.see(c.Code(i))
			t.n++
			t.last = max(t.last, r.At(i))
			if amounts != nil && amounts.Has(i) {
				t.amount += amounts.Int(i)
			}
		}
	}
	s.timers(f)
	return tallies.best(f, x, by), true
}

// best is the favourite among the texts that have been counted.
func (t *codeTallies) best(f *frame, x *define.Favourite, by uint16) strata.Value {
	better := func(a, b *codeTally) bool {
		switch {
		case x.Sum && a.amount != b.amount:
			return a.amount > b.amount
		case !x.Sum && a.n != b.n:
			return a.n > b.n
		case a.last != b.last:
			return a.last > b.last
		}
		return strings.Compare(f.text(by, a.code), f.text(by, b.code)) < 0
	}
	top := max(x.Top, 1)
	if top == 1 {
		var best *codeTally
		if !x.Sum && len(t.of) > 0 {
			best = &t.of[0]
			for i := range t.of[1:] {
				one := &t.of[i+1]
				if one.n > best.n || one.n == best.n && (one.last > best.last || one.last == best.last && better(one, best)) {
					best = one
				}
			}
			if best.n < int64(x.AtLeast) {
				return strata.Value{}
			}
			return strata.Value{Kind: strata.Text, Text: f.text(by, best.code)}
		}
		for i := range t.of {
			if one := &t.of[i]; one.n >= int64(x.AtLeast) && (best == nil || better(one, best)) {
				best = one
			}
		}
		if best == nil {
			return strata.Value{}
		}
		return strata.Value{Kind: strata.Text, Text: f.text(by, best.code)}
	}
	t.of = slices.DeleteFunc(t.of, func(t codeTally) bool { return t.n < int64(x.AtLeast) })
	slices.SortFunc(t.of, func(a, b codeTally) int {
		if better(&a, &b) {
			return -1
		}
		return 1
	})
	texts := make([]string, 0, top)
	for i := range t.of[:min(top, len(t.of))] {
		texts = append(texts, f.text(by, t.of[i].code))
	}
	return strata.ListOf(texts) // in the order of rank
}

// text returns a text of the dictionary. What a frame has asked for once it
// does not ask for again.
func (f *frame) text(property uint16, code uint64) string {
	for int(property) >= len(f.texts) {
		f.texts = append(f.texts, nil)
	}
	of := f.texts[property]
	if code < uint64(len(of)) && of[code] != "" {
		return of[code]
	}
	text := f.p.dict.Text(property, code)
	if code < 1<<20 {
		for code >= uint64(len(of)) {
			of = append(of, "")
		}
		of[code] = text
		f.texts[property] = of
	}
	return text
}
