// Package measure says what changed: figures of a period against the one
// before, moves between levels, the weight of each level, and how values are
// spread.
package measure
