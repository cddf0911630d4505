// Package timeline stores each customer's events and attributes together, in
// time order, durably; one value to read per customer.
//
// It opens the one Pebble database of a data directory for all stages and
// owns the keys that begin with t, d and m in it; the table of keys stands in
// docs/architecture.md.
//
// # Events
//
// All events of a customer are one columnar chunk under one key. An append
// writes a small chunk as a merge operand, so it never reads what is there;
// Pebble merges operands when it flushes, compacts or reads. Merging needs
// nothing but the chunks, is associative, and keeps every event, equal ones
// too: folding of repeats happens before.
//
// A chunk is, in this order (uv = unsigned varint, all else little-endian):
//
//	version      u8, 2
//	layouts      uv count; each: uv columns, each: uv property,
//	             u8 kind | log2(width)<<4 | 64 where it has validity bytes, u8 scale (Number and Money only)
//	runs         uv count, by ascending event code; each:
//	             uv event, uv N, uv layout<<1 | 1 where it has milliseconds
//	             and after all of these, run by run:
//	             N x u32 seconds, N x u16 milliseconds where it has them,
//	             for each column of the layout N x width bytes,
//	             for each that has validity bytes (N+7)/8 of them
//	provenance   which computing never decodes:
//	             uv origins, each: u16 source, u32 import, u32 fragment;
//	             where there are several, the origin of each event as u8, u16 or u32
//	             uv files, each: u64 file hash
//	             for each event its id: uv 0, uv length, text; or uv 1 + file, u32 row
//	             uv texts, each: uv length, text: of the distinct hashes in ID columns, ascending
//
// Columns are as wide as their values need, in all runs of a chunk alike, so
// that the runs of a customer, and mostly those of all customers, have few
// layouts; one that equals the layouts of the customer before is not read
// again. How long the runs are stands before them, together, so that finding
// one does not wait for memory to give the one before. Columns are read in
// place: see strata.Run and strata.Column. A column of decimals has the
// largest scale that was seen; in the rare case that a value does not fit an
// int64 at that scale, the run has a second column of the property and kind,
// with another scale.
//
// Chunks of version 1, which the first release wrote, are read and merged as
// before; what they are merged into has version 2.
//
// # Dictionary
//
// Names of events, properties, attributes and sources, and the texts of each
// property, are stored as codes. A new code is written in the same commit as
// the first fact that uses it. After 65,536 texts a property's new texts are
// stored as ID values: a 64-bit keyed hash in the column, the text in the
// provenance.
package timeline
