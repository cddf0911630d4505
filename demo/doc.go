// Package demo makes the demo business: Heweiji (和味集), an invented chain of
// Chinese hotpot restaurants with a retail shelf in each store and an online
// shop. It writes the files that such a business would export from its
// systems (members, orders, refunds, coupons, behaviour, social) and holds the
// mappings and the definitions that go with them, so that the demo enters
// through the same import path as anybody's data.
//
// # The calendar
//
// History is laid out on 105 whole weeks. The demo's last week is the week
// (Monday to Sunday) that holds the day before Options.Until; what would lie
// on or after Until is left out, so the history is between 729 and 735 days
// long and its last event is on the day before Until. Two dates that are whole
// weeks apart give the same members with the same lives, moved by whole weeks:
// weekdays keep their meaning. Festivals do not move with the weeks. Spring
// Festival, Mid-Autumn, 618, Double Eleven, National Day and the others lie on
// their real dates, and decide which of a member's possible visits take place;
// so orders near a festival may differ between two such runs, while roles,
// planted truths and the stories do not.
//
// # Determinism
//
// The same Options give the same bytes. Each member draws from an own source
// seeded by (Seed, member), so a member does not depend on how many others
// there are.
//
// # Planted truths
//
// Some members behave by a known rule, which later findings can be checked
// against; Summary.Truth lists them and Generate writes them to truth.json.
// docs/demo.md describes each.
package demo
