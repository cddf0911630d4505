// Package define is the catalogue (events, attributes) and the definitions
// (tags, segments, tiers, lists, scores, strategies) as data: parse, check,
// print and dependencies.
//
// [Parse] reads a file in YAML or JSON, [Check] merges it over what is
// published and returns a [Set] in which every name is known and every operand
// has the type of what it is compared with. [PrintYAML] and [PrintJSON] are the
// way back: parse, check, print, parse and check give the same Set. The package
// knows no store and no customer.
package define
