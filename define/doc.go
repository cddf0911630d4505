// Package define is the catalogue (events, attributes) and the definitions
// (tags, segments, tiers, lists, scores, strategies) as data: parse, check,
// print and dependencies.
//
// [Parse] reads a file in YAML or JSON, [Check] merges it over what is
// published and returns a [Set] in which every name is known and every operand
// has the type of what it is compared with. [PrintYAML] and [PrintJSON] are the
// way back: parse, check, print, parse and check give the same Set. The package
// knows no store and no customer.
//
// # Choices
//
// Where the description of the language is silent:
//
//   - A name alone where two languages may stand is Chinese.
//   - for_each puts its values where {KEY} stands, in the name, in keys and in
//     texts; a text that is only {KEY} takes the value with its type. What is
//     printed is the expanded definitions.
//   - A number is never taken for a text (sku: {is: "22423"}), a text is taken
//     for a number or an amount when it is exactly one. Names and texts are in
//     NFC. exists: false is missing: true.
//   - times beside an event is {at_least: 1} when no measure is named.
//   - A window that stands alone (since, changed, anniversary) may be written
//     short, as a duration or calendar word. since on a tag of dates or times is
//     the comparison when a time stands after it, else the window.
//   - from of an anchor begins with that civil day, and without it with the
//     anchor itself; until: 0d ends with the anchor's day.
//   - avg is a float; its operands are compared as floats.
//   - A level of a tier is an ordered choice in a tag, the worst first.
//   - funnel names the stages in the order in which they are passed, levels the
//     best first, so the first condition is that of the last level.
//   - rfm: classes are eight by default; the score is mean for eight and
//     {quantile: 5} for grid and three.
//   - A snapshot's date is its 00:00 in the business zone.
package define
