package audience

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/zeebo/xxh3"

	"strata"
)

// LoadTable reads a table that Save wrote. Whatever is not exactly what was
// written is an Unavailable error, another version an Unsupported one.
func LoadTable(r io.Reader) (*Table, error) {
	l := &loader{r: r, hashes: xxh3.New(), table: NewTable(0)}
	if err := l.load(); err != nil {
		return nil, err
	}
	return l.table, nil
}

// damaged is the error of a file that is not what was written.
func damaged(where, what string, cause error) error {
	return &strata.Error{
		Code: strata.Unavailable, Field: where, Message: "the saved table is damaged: " + what,
		Hint: "remove it; everyone is then evaluated anew", Cause: cause,
	}
}

type loader struct {
	r      io.Reader
	hashes *xxh3.Hasher
	table  *Table
	buffer []byte
}

func (l *loader) load() error {
	head, err := l.read(len(magic) + 4)
	if err != nil {
		return err
	}
	if string(head[:len(magic)]) != magic {
		return damaged("magic", "it does not begin as one", nil)
	}
	if v := order.Uint32(head[len(magic):]); v != version {
		return &strata.Error{
			Code: strata.Unsupported, Field: "version", Message: fmt.Sprintf("the saved table has the version %d, and this program reads %d", v, version),
			Hint: "remove it; everyone is then evaluated anew",
		}
	}
	for count := uint64(0); ; count++ {
		kind, name, content, hash, err := l.section()
		if err != nil {
			return err
		}
		if kind == sectionEnd {
			if len(content) != 16 || name != "" || order.Uint64(content) != count || order.Uint64(content[8:]) != l.hashes.Sum64() {
				return damaged("end", "sections are missing or not its own", nil)
			}
			break
		}
		if (count == 0) != (kind == sectionMeta) || (count == 1) != (kind == sectionEveryone) {
			return damaged(string(kind), "sections are not in their order", nil)
		}
		l.hashes.Write(hash)
		if err := l.take(kind, name, content); err != nil {
			return damaged(string(kind)+" "+name, err.Error(), nil)
		}
	}
	if n, err := io.ReadFull(l.r, make([]byte, 1)); n != 0 {
		return damaged("end", "something follows", nil)
	} else if err != io.EOF {
		return damaged("end", "it cannot be read", err)
	}
	return nil
}

// read replaces the buffer by the next n bytes.
func (l *loader) read(n int) ([]byte, error) {
	l.buffer = l.buffer[:0]
	return l.more(uint64(n))
}

// more appends the next n bytes to the buffer, and returns them. A wrong n
// takes no more memory than there are bytes.
func (l *loader) more(n uint64) ([]byte, error) {
	from := len(l.buffer)
	for n > 0 {
		step := int(min(n, uint64(max(1<<20, len(l.buffer)))))
		l.buffer = slices.Grow(l.buffer, step)
		at := len(l.buffer)
		l.buffer = l.buffer[:at+step]
		if _, err := io.ReadFull(l.r, l.buffer[at:]); err != nil {
			return nil, damaged("end", "it cannot be read to its end", err)
		}
		n -= uint64(step)
	}
	return l.buffer[from:], nil
}

// section reads the next one and checks its hash.
func (l *loader) section() (kind byte, name string, content, hash []byte, err error) {
	fail := func(err error) (byte, string, []byte, []byte, error) { return 0, "", nil, nil, err }
	b, err := l.read(3)
	if err != nil {
		return fail(err)
	}
	kind = b[0]
	size := int(order.Uint16(b[1:]))
	if b, err = l.more(uint64(size) + 8); err != nil {
		return fail(err)
	}
	name = string(b[:size])
	at := len(l.buffer)
	if _, err = l.more(order.Uint64(b[size:])); err != nil {
		return fail(err)
	}
	end := len(l.buffer)
	if hash, err = l.more(8); err != nil {
		return fail(err)
	}
	if xxh3.Hash(l.buffer[:end]) != order.Uint64(hash) {
		return fail(damaged(string(kind)+" "+name, "its hash is another", nil))
	}
	return kind, name, l.buffer[at:end], hash, nil
}

// take puts a section into the table.
func (l *loader) take(kind byte, name string, content []byte) (err error) {
	p := &parser{b: content}
	t := l.table
	switch kind {
	case sectionMeta:
		t.AsOf, t.DataUntil = strata.Instant(p.uint64()), strata.Instant(p.uint64())
		t.Sequence = p.uint64()
	case sectionEveryone:
		t.Everyone, err = parseSet(content)
		return err
	case sectionSegment:
		t.Segments[name], err = parseSet(content)
		return err
	case sectionTag:
		t.Tags[name] = p.column()
	case sectionTier:
		levels := NewLevels(p.texts(), 0)
		levels.best, levels.several = p.column(), p.column()
		if p.err == nil {
			p.err = levels.check()
		}
		if p.err != nil {
			return p.err
		}
		levels.index()
		t.Tiers[name] = levels
	default:
		return errors.New("a section of no known kind")
	}
	if p.err == nil && len(p.b) != 0 {
		return errors.New("something follows its content")
	}
	return p.err
}

func parseSet(b []byte) (*roaring.Bitmap, error) {
	set := roaring.New()
	n, err := set.ReadFrom(bytes.NewReader(b))
	if err == nil && int(n) != len(b) {
		return nil, errors.New("something follows the set")
	}
	if err == nil {
		err = set.Validate()
	}
	if set.IsEmpty() {
		return roaring.New(), err // Validate refuses it
	}
	return set, err
}

// check reports levels that are not among the IDs.
func (l *Levels) check() error {
	wrong := errors.New("a level of no known number")
	for _, b := range l.best.blocks {
		if b != nil && b.kind != strata.Number {
			return wrong
		}
		if b != nil {
			bad := false
			b.each(func(at int) { n := b.number(at); bad = bad || n < 0 || n >= int64(len(l.IDs)) })
			if bad {
				return wrong
			}
		}
	}
	for i, b := range l.several.blocks {
		if b == nil {
			continue
		}
		if b.kind != strata.Number {
			return wrong
		}
		bad := false
		b.each(func(at int) {
			mask := uint64(b.number(at))
			best := l.Index(strata.CustomerID(i<<blockBits | at))
			bad = bad || mask&(mask-1) == 0 || best != bits.TrailingZeros64(mask) || len(l.IDs) < 64 && mask>>len(l.IDs) != 0
		})
		if bad {
			return wrong
		}
	}
	return nil
}

// parser reads from bytes and keeps the first error; after it, it gives
// zeros.
type parser struct {
	b   []byte
	err error
}

func (p *parser) fail(what string) {
	if p.err == nil {
		p.err = errors.New(what)
	}
	p.b = nil
}

// take returns the next n bytes, or nil.
func (p *parser) take(n int) []byte {
	if n > len(p.b) {
		p.fail("it ends too early")
		return nil
	}
	b := p.b[:n:n]
	p.b = p.b[n:]
	return b
}

func (p *parser) byte() byte {
	if b := p.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (p *parser) uint64() uint64 {
	if b := p.take(8); b != nil {
		return order.Uint64(b)
	}
	return 0
}

// length reads a number of things of which each takes a byte at least.
func (p *parser) length() int {
	n, size := binary.Uvarint(p.b)
	if size <= 0 || n > uint64(len(p.b)-size) {
		p.fail("a length beyond its end")
		return 0
	}
	p.b = p.b[size:]
	return int(n)
}

func (p *parser) varint() int64 {
	n, size := binary.Varint(p.b)
	if size <= 0 {
		p.fail("a number beyond its end")
		return 0
	}
	p.b = p.b[size:]
	return n
}

func (p *parser) text() string { return string(p.take(p.length())) }

func (p *parser) texts() []string {
	n := p.length()
	texts := make([]string, 0, n)
	for range n {
		texts = append(texts, p.text())
	}
	return texts
}

func (p *parser) column() *Column {
	c := NewColumn(0)
	texts := p.texts()
	for code, text := range texts {
		if int(c.texts.code(text)) != code {
			p.fail("a text twice")
		}
	}
	n := p.length()
	if n > 1<<(32-blockBits) {
		p.fail("more blocks than customers")
		return c
	}
	c.blocks = make([]*block, n)
	for i := range c.blocks {
		c.blocks[i] = p.block(len(texts))
		if b := c.blocks[i]; b != nil {
			b.owner = c.owner
		}
		if p.err != nil {
			break
		}
	}
	return c
}

func (p *parser) block(texts int) *block {
	b := &block{kind: strata.Kind(p.byte())}
	if b.kind == strata.Missing {
		return nil
	}
	b.scale = p.byte()
	wide := int(p.byte())
	b.base, b.unit = int64(p.uint64()), int64(p.uint64())
	for w := range b.has {
		b.has[w] = p.uint64()
	}
	if b.kind == mixed {
		values := new(cells[strata.Value])
		b.each(func(at int) {
			values[at] = strata.Value{Kind: strata.Kind(p.byte()), Scale: p.byte(), Int: p.varint(), Text: p.text()}
			if p.err == nil && (values[at].Kind == strata.Missing || values[at].Kind > strata.List) {
				p.fail("a value of no known kind")
			}
		})
		b.cells = values
		return b
	}
	switch {
	case b.has.empty() || b.kind > strata.List || b.kind == strata.ID || !plain(strata.Value{Kind: b.kind, Scale: b.scale}):
		p.fail("a block of no known kind")
	case b.unit != 1 && b.unit != millisecondsPerSecond:
		p.fail("a block of no known unit")
	}
	from := p.take(BlockSize * wide)
	if p.err != nil {
		return nil
	}
	b.cells = blank(wide)
	switch c := b.cells.(type) {
	case nil:
		if wide != 0 {
			p.fail("a block of no known width")
		}
	case *cells[int8]:
		for i := range c {
			c[i] = int8(from[i])
		}
	case *cells[int16]:
		for i := range c {
			c[i] = int16(order.Uint16(from[2*i:]))
		}
	case *cells[int32]:
		for i := range c {
			c[i] = int32(order.Uint32(from[4*i:]))
		}
	case *cells[int64]:
		for i := range c {
			c[i] = int64(order.Uint64(from[8*i:]))
		}
	}
	if coded(b.kind) && p.err == nil {
		bad := false
		b.each(func(at int) { n := b.number(at); bad = bad || n < 0 || n >= int64(texts) })
		if bad {
			p.fail("a code of no text")
		}
	}
	return b
}
