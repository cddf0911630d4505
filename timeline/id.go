package timeline

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"strings"
)

// eventID is an event's id. The ids that importing makes for the rows of a
// file ("f:", 16 hex digits of the file's hash, ":", row in 10 digits) are
// kept as numbers.
type eventID struct {
	text   string // where isFile is false
	file   uint64
	row    uint32
	isFile bool
}

const fileIDLength = 2 + 16 + 1 + 10

func parseID(s string) eventID {
	if len(s) != fileIDLength || s[0] != 'f' || s[1] != ':' || s[18] != ':' {
		return eventID{text: s}
	}
	var file, row uint64
	for i := 2; i < 18; i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			file = file<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			file = file<<4 | uint64(c-'a'+10)
		default:
			return eventID{text: s}
		}
	}
	for i := 19; i < fileIDLength; i++ {
		if s[i] < '0' || s[i] > '9' {
			return eventID{text: s}
		}
		row = row*10 + uint64(s[i]-'0')
	}
	if row > math.MaxUint32 {
		return eventID{text: s}
	}
	return eventID{file: file, row: uint32(row), isFile: true}
}

func (id eventID) String() string {
	if !id.isFile {
		return id.text
	}
	b := make([]byte, fileIDLength)
	copy(b, "f:0000000000000000:0000000000")
	const hex = "0123456789abcdef"
	for i, n := 17, id.file; n > 0; i, n = i-1, n>>4 {
		b[i] = hex[n&15]
	}
	for i, n := fileIDLength-1, id.row; n > 0; i, n = i-1, n/10 {
		b[i] = '0' + byte(n%10)
	}
	return string(b)
}

// compareIDs orders ids by their text.
func compareIDs(a, b *eventID) int {
	switch {
	case a.isFile && b.isFile:
		if a.file != b.file {
			return cmp.Compare(a.file, b.file)
		}
		return cmp.Compare(a.row, b.row)
	case !a.isFile && !b.isFile:
		return strings.Compare(a.text, b.text)
	}
	return strings.Compare(a.String(), b.String())
}

// keyedHash is SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast
// short-input PRF", 2012) under a 128-bit key.
type keyedHash struct{ k0, k1 uint64 }

func newKeyedHash(key []byte) keyedHash {
	return keyedHash{binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[8:])}
}

func (h keyedHash) sum(s string) uint64 {
	v0 := h.k0 ^ 0x736f6d6570736575
	v1 := h.k1 ^ 0x646f72616e646f6d
	v2 := h.k0 ^ 0x6c7967656e657261
	v3 := h.k1 ^ 0x7465646279746573
	rounds := func(n int) {
		for ; n > 0; n-- {
			v0 += v1
			v1 = bits.RotateLeft64(v1, 13) ^ v0
			v0 = bits.RotateLeft64(v0, 32)
			v2 += v3
			v3 = bits.RotateLeft64(v3, 16) ^ v2
			v0 += v3
			v3 = bits.RotateLeft64(v3, 21) ^ v0
			v2 += v1
			v1 = bits.RotateLeft64(v1, 17) ^ v2
			v2 = bits.RotateLeft64(v2, 32)
		}
	}
	last := uint64(len(s)) << 56
	for ; len(s) >= 8; s = s[8:] {
		m := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		v3 ^= m
		rounds(2)
		v0 ^= m
	}
	for i := 0; i < len(s); i++ {
		last |= uint64(s[i]) << (8 * i)
	}
	v3 ^= last
	rounds(2)
	v0 ^= last
	v2 ^= 0xff
	rounds(4)
	return v0 ^ v1 ^ v2 ^ v3
}
