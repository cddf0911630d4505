package server

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/cases"

	"strata"
	"strata/identity"
)

// Attributes that lists of customers show.
const (
	nameAttribute       = "name"
	levelAttribute      = "member_level"
	storeAttribute      = "home_store"
	staffAttribute      = "responsible_staff"
	registeredAttribute = "registered_on"
)

// person is what is shown of a customer wherever one is named.
type person struct {
	number     strata.CustomerID
	id         string // as in addresses
	keys       []strata.Key
	attributes map[string]strata.Value // in force now
}

// person reads a customer's keys and the attributes in force now.
func (c *console) person(number strata.CustomerID) (person, error) {
	p := person{number: number, attributes: map[string]strata.Value{}}
	var err error
	if p.keys, err = c.Identity.Keys(number); err != nil {
		return person{}, err
	}
	if p.id, err = c.publicID(number, p.keys); err != nil {
		return person{}, err
	}
	now := strata.At(c.Now())
	err = c.Timeline.Load(number, func(h *strata.History) error {
		for i := range h.Attributes {
			if a := &h.Attributes[i]; a.At <= now || p.attributes[a.Name].IsMissing() {
				p.attributes[strings.Clone(a.Name)] = cloned(a.Value)
			}
		}
		return nil
	})
	return p, err
}

// cloned is a value that outlives the history it came from.
func cloned(v strata.Value) strata.Value {
	v.Text = strings.Clone(v.Text)
	return v
}

func (p *person) text(attribute string) string { return p.attributes[attribute].String() }

func (p *person) name() string { return p.text(nameAttribute) }

// phone is the customer's first phone number, masked.
func (p *person) phone() string {
	for _, k := range p.keys {
		if k.Namespace == identity.Phone {
			return identity.Mask(k)
		}
	}
	return ""
}

// numberMark begins the id, in addresses, of a customer whose public id is a
// phone number or an e-mail address, which the console does not show.
const numberMark = "~"

func (c *console) publicID(number strata.CustomerID, keys []strata.Key) (string, error) {
	if len(keys) == 0 {
		return numberMark + strconv.FormatUint(uint64(number), 10), nil
	}
	if ns := keys[0].Namespace; ns == identity.Phone || ns == identity.Email {
		return numberMark + strconv.FormatUint(uint64(number), 10), nil
	}
	return c.Identity.PublicOf(number, keys)
}

// find is the inverse of publicID.
func (c *console) find(id string) (strata.CustomerID, error) {
	if text, ok := strings.CutPrefix(id, numberMark); ok {
		if n, err := strconv.ParseUint(text, 10, 32); err == nil && n > 0 && n <= uint64(c.Identity.Last()) {
			return strata.CustomerID(n), nil
		}
		return 0, &strata.Error{Code: strata.NotFound, Field: "path.id", Message: "there is no customer " + id, Hint: "search the list of customers"}
	}
	return c.Identity.ByPublicID(id)
}

// nameIndex holds the folded name of everyone who has one.
type nameIndex struct {
	numbers []strata.CustomerID
	names   []string
}

// fold makes texts that differ in case equal.
func fold(s string) string { return cases.Fold().String(strings.TrimSpace(s)) }

// named returns the customers whose name contains the text.
func (c *console) named(ctx context.Context, text string) ([]strata.CustomerID, error) {
	index, err := c.names.get(ctx, c.Timeline.Commits(), func(ctx context.Context) (*nameIndex, error) {
		index := &nameIndex{}
		err := c.Timeline.Scan(ctx, 1, c.Identity.Last()+1, func(h *strata.History) error {
			name := ""
			for i := range h.Attributes {
				if h.Attributes[i].Name == nameAttribute {
					name = h.Attributes[i].Value.String()
				}
			}
			if name != "" {
				index.numbers, index.names = append(index.numbers, h.Customer), append(index.names, fold(name))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading everyone's names: %w", err)
		}
		return index, nil
	})
	if err != nil {
		return nil, err
	}
	var found []strata.CustomerID
	text = fold(text)
	for i, name := range index.names {
		if strings.Contains(name, text) {
			found = append(found, index.numbers[i])
		}
	}
	return found, nil
}
