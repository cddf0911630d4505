package audience

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// dictionary gives texts codes, in the order in which they came. It may be
// used by several goroutines; looking up what is known takes no lock.
type dictionary struct {
	seed  maphash.Seed
	texts atomic.Pointer[[]string]        // by code; what is in it never changes
	slots atomic.Pointer[[]atomic.Uint32] // code + 1 at the text's hash or after it; 0 = free
	mu    sync.Mutex                      // held while a text is added
}

func newDictionary() *dictionary {
	d := &dictionary{seed: maphash.MakeSeed()}
	d.texts.Store(new([]string))
	slots := make([]atomic.Uint32, 16)
	d.slots.Store(&slots)
	return d
}

// text is the text of a code that code gave.
func (d *dictionary) text(code int64) string { return (*d.texts.Load())[code] }

// find returns the code of a text, and false where it has none.
func (d *dictionary) find(text string) (uint32, bool) {
	// The slots are read first: every code in them has its text by then.
	slots := *d.slots.Load()
	for i := maphash.String(d.seed, text); ; i++ {
		code := slots[i&uint64(len(slots)-1)].Load()
		if code == 0 {
			return 0, false
		}
		if (*d.texts.Load())[code-1] == text {
			return code - 1, true
		}
	}
}

// code returns the code of a text, a new one where it has none.
func (d *dictionary) code(text string) uint32 {
	if code, ok := d.find(text); ok {
		return code
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if code, ok := d.find(text); ok {
		return code
	}
	texts := append(*d.texts.Load(), text)
	d.texts.Store(&texts)
	slots := *d.slots.Load()
	if 2*len(texts) > len(slots) {
		slots = make([]atomic.Uint32, 2*len(slots))
		for i := range texts[:len(texts)-1] {
			d.put(slots, uint32(i), texts[i])
		}
	}
	d.put(slots, uint32(len(texts)-1), text)
	d.slots.Store(&slots)
	return uint32(len(texts) - 1)
}

func (d *dictionary) put(slots []atomic.Uint32, code uint32, text string) {
	for i := maphash.String(d.seed, text); ; i++ {
		if slots[i&uint64(len(slots)-1)].CompareAndSwap(0, code+1) {
			return
		}
	}
}
