// Package publish says what definitions would change, and publishes exactly
// that.
//
// A [Draft] is a checked text over what is published. A [Plan] is the draft
// evaluated for everyone beside what is published, at one instant, with an id
// under which exactly it can be applied while neither data nor definitions
// have changed.
package publish
