// Package ingest reads a source, maps its rows to events and attributes, folds
// repeats, and keeps what it refused with the reason.
//
// A file import reads its file twice. The first reading checks: that the file
// can be read to its end and every byte decodes, which rows the mapping
// refuses, and which groups of rows (an order with its lines) agree. Nothing
// is written until it ends well. The second reading writes, in batches each of
// which holds its facts, the folding keys that make a repeat harmless, the
// refused rows and the progress of the import; so an import that was
// interrupted at any point goes on where its last whole batch ended when the
// same file is imported again with the same mapping.
//
// # What makes two events the same
//
// An event with an id (its id column, or the value of its group) is the same
// as an earlier one when source, event name and id are equal. With an equal
// body (name, keys, time, properties) it is a repeat and is left out; with
// another body it is refused. Events of unlike names may share an id: an
// order and its refund may both carry the order's number.
//
// An event without an id is the same as an earlier one when the content of
// the file, the number of the row and the event name are equal. So the same
// file twice is once, whatever it is called and however it is compressed, and
// equal rows within a file all count.
//
// # Refused, skipped, grouped
//
// A row is taken whole or refused whole. A refused row makes its group
// refused too, with all its rows, so that an order is never stored with a
// part of its amount; the rows of the refused group can be corrected and
// imported as a file of their own. A row that a mapping's skip rule names is
// left out on purpose and only counted.
package ingest
