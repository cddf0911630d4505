package identity

import (
	"errors"
	"strings"

	"strata"
)

// Search returns at most limit customers that text may mean: first those with
// exactly that key, then those with a phone that ends in it (four digits or
// more; in the order of their digits read from the end), then those with a
// key that begins with it (by namespace, then value), nobody twice. Text is
// written as people write it: a phone may have blanks, hyphens or no country
// code.
func (s *Store) Search(text string, limit int) ([]strata.CustomerID, error) {
	text = clean(text)
	if text == "" || limit <= 0 {
		return nil, nil
	}
	found := hits{limit: limit, seen: map[strata.CustomerID]struct{}{}}
	namespaces := s.byPriority()
	for _, namespace := range namespaces {
		value := text
		if k, err := Normalise(namespace, text); err == nil {
			value = k.Value
		}
		c, ok, err := s.Find(strata.Key{Namespace: namespace, Value: value})
		if err != nil {
			return nil, err
		}
		if ok {
			found.add(c)
		}
	}
	digits := digitsOf(text)
	if len(digits) >= 4 && !found.full() {
		if err := s.collect(appendSuffix(nil, digits), &found); err != nil {
			return nil, err
		}
	}
	for _, namespace := range namespaces {
		for _, prefix := range prefixes(namespace, text, digits) {
			if found.full() {
				return found.customers, nil
			}
			if err := s.collect(appendKey(nil, strata.Key{Namespace: namespace, Value: prefix}), &found); err != nil {
				return nil, err
			}
		}
	}
	return found.customers, nil
}

// prefixes are the ways in which text can begin a value of the namespace.
func prefixes(namespace, text, digits string) []string {
	switch namespace {
	case Phone:
		switch {
		case digits == "":
			return nil
		case strings.HasPrefix(text, "+"):
			return []string{"+" + digits}
		}
		return []string{"+86" + digits, "+" + digits}
	case Email:
		return []string{strings.ToLower(text)}
	}
	return []string{text}
}

// digitsOf returns the digits of what may be a part of a phone, "" where it
// holds anything that phones do not.
func digitsOf(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case !strings.ContainsRune("+ -().", r):
			return ""
		}
	}
	return b.String()
}

// collect adds the customers of all keys that start with prefix.
func (s *Store) collect(prefix []byte, found *hits) error {
	err := s.db.ScanKeys(prefix, after(prefix), func(key, value []byte) error {
		c, err := number(value, string(key))
		if err != nil {
			return err
		}
		found.add(c)
		if found.full() {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return reading("the keys", err)
	}
	return nil
}

type hits struct {
	limit     int
	customers []strata.CustomerID
	seen      map[strata.CustomerID]struct{}
}

func (h *hits) full() bool { return len(h.customers) >= h.limit }

func (h *hits) add(c strata.CustomerID) {
	if _, ok := h.seen[c]; ok || h.full() {
		return
	}
	h.seen[c] = struct{}{}
	h.customers = append(h.customers, c)
}
