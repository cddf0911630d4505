package timeline

import (
	"slices"

	"strata"
)

// Withdrawn is what one import had given a customer.
type Withdrawn struct {
	Events     []strata.Event // their Name, At and ID
	Attributes int            // values
}

// Withdraw takes back, in the batch, the events and attribute values of a
// customer that one import brought; what others brought stays. Of values and
// events that several brought, the first one's are all there is. Nothing else
// may write to the customer until the batch is committed.
func (s *Store) Withdraw(b strata.Batch, c strata.CustomerID, imported uint32) (Withdrawn, error) {
	var out Withdrawn
	gone := Facts{Import: imported}
	key := appendKey(nil, uint64(c), eventsSuffix)
	value, err := s.Get(key)
	if err != nil {
		return out, err
	}
	if value != nil {
		t, err := new(space).decode(value)
		if err != nil {
			return out, damage(key, err)
		}
		kept, events, err := s.dictionary.without(&t, imported)
		if err != nil {
			return out, damage(key, err)
		}
		if out.Events = events; len(events) > 0 {
			gone.Events = events
			if len(kept.runs) == 0 {
				err = b.Delete(key)
			} else {
				err = b.Set(key, new(encoder).append(nil, &kept))
			}
			if err != nil {
				return out, err
			}
		}
	}
	key = appendKey(nil, uint64(c), attributesSuffix)
	if value, err = s.Get(key); err != nil {
		return out, err
	}
	if value != nil {
		var kept []attribute
		names := s.dictionary.list(&s.dictionary.attributes)
		err := eachAttribute(value, func(a *attribute, text []byte) error {
			if int(a.code) >= len(names) {
				return errDamaged
			}
			if a.imported != imported {
				a.value.Text = string(text)
				kept = append(kept, *a)
				return nil
			}
			out.Attributes++
			gone.Attributes = append(gone.Attributes, strata.Attribute{Name: names[a.code], At: a.at})
			return nil
		})
		if err != nil {
			return out, damage(key, err)
		}
		if out.Attributes > 0 {
			if len(kept) == 0 {
				err = b.Delete(key)
			} else {
				err = b.Set(key, appendAttributes(nil, kept))
			}
			if err != nil {
				return out, err
			}
		}
	}
	if own, ok := b.(*Batch); ok {
		own.touches.add(c, &gone)
	}
	return out, nil
}

// without returns a table in canonical form of the events that others than
// the import brought, and which events those of the import were.
func (d *dictionary) without(t *table, imported uint32) (kept table, gone []strata.Event, err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	used := map[uint64]bool{} // hashes of texts
	for k := range t.runs {
		run := &t.runs[k]
		if int(run.event) >= len(d.events.list) {
			return table{}, nil, errDamaged
		}
		var keep []int
		for i := range run.at {
			if run.origins[i].imported == imported {
				gone = append(gone, strata.Event{Name: d.events.list[run.event], At: run.at[i], ID: run.ids[i].String()})
			} else {
				keep = append(keep, i)
			}
		}
		if len(keep) == 0 {
			continue
		}
		out := tableRun{event: run.event, at: picked(run.at, keep), ids: picked(run.ids, keep), origins: picked(run.origins, keep)}
		for c := range run.columns {
			from := &run.columns[c]
			column := tableColumn{property: from.property, kind: from.kind, scale: from.scale, values: picked(from.values, keep)}
			there := 0
			valid := make([]byte, (len(keep)+7)/8)
			for to, i := range keep {
				if !from.has(i) {
					continue
				}
				valid[to>>3] |= 1 << (to & 7)
				there++
				if from.kind == strata.ID {
					used[uint64(from.values[i])] = true
				}
			}
			if there == 0 {
				continue
			}
			if there < len(keep) {
				column.valid = valid
			}
			out.columns = append(out.columns, column)
		}
		kept.runs = append(kept.runs, out)
	}
	for _, text := range t.texts {
		if used[text.hash] {
			kept.texts = append(kept.texts, text)
		}
	}
	return kept, gone, nil
}

func picked[T any](from []T, keep []int) []T {
	out := make([]T, 0, len(keep))
	for _, i := range keep {
		out = append(out, from[i])
	}
	return slices.Clip(out)
}
