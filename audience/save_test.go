package audience_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/zeebo/xxh3"

	"strata"
	"strata/audience"
)

var order = binary.LittleEndian

// savedTable is a small table with all kinds of blocks, and the same saved.
func savedTable(t testing.TB) (*audience.Table, []byte) {
	b := audience.NewBuilder(1_700_000_000_000, 9000, layout)
	for id := strata.CustomerID(1); id < 9000; id += 100 {
		n := int64(id)
		b.Set(id, audience.Row{
			Tags: []strata.Value{
				strata.NumberOf(n%7, 0), strata.MoneyOf(n*n*100_000, 2), strata.TextOf([]string{"北京", "上海"}[id%2]),
				[]strata.Value{strata.TimeOf(strata.Instant(n)), strata.ListOf([]string{"a", "b"}), strata.FloatOf(1.5), {}}[id/4096],
			},
			Segments: []bool{id%3 == 0, false}, Levels: []int{int(id%4) - 1},
		})
	}
	table := b.Table()
	table.Sequence, table.DataUntil = 42, 5
	table.Tags["any"].Set(1, strata.IDOf("13800000000"))
	table.Tiers["t"].SetMask(8, 3)
	table.Tags["city"].Set(1, strata.TextOf("only once"))
	table.Tags["city"].Set(1, strata.TextOf("北京"))
	return table, save(t, table)
}

func save(t testing.TB, table *audience.Table) []byte {
	var file bytes.Buffer
	if err := table.Save(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestSave(t *testing.T) {
	table, file := savedTable(t)
	loaded, err := audience.LoadTable(iotest.HalfReader(bytes.NewReader(file)))
	if err != nil {
		t.Fatal(err)
	}
	if loaded.AsOf != table.AsOf || loaded.DataUntil != 5 || loaded.Sequence != 42 {
		t.Errorf("%+v", loaded)
	}
	if !bytes.Equal(save(t, loaded), file) {
		t.Error("saved again it is another file")
	}
	if bytes.Contains(file, []byte("only once")) {
		t.Error("a text that nobody has any more is saved")
	}
	// What was loaded can be written.
	loaded.Writer(layout).Apply(1, audience.Row{
		Tags: make([]strata.Value, 4), Segments: []bool{true, true}, Levels: []int{2},
	})
	if !loaded.Tags["city"].Get(1).IsMissing() || !loaded.Segments["b"].Contains(1) || loaded.Tiers["t"].Index(1) != 2 {
		t.Error("a loaded table does not change")
	}
}

// TestDamagedFiles flips a bit of and cuts at every byte of the first, and
// then every so many.
func TestDamagedFiles(t *testing.T) {
	_, file := savedTable(t)
	refused := func(what string, at int, r io.Reader) {
		t.Helper()
		_, err := audience.LoadTable(r)
		if code := strata.CodeOf(err); code != strata.Unavailable && code != strata.Unsupported {
			t.Errorf("%s %d of %d: %v", what, at, len(file), err)
		}
	}
	for at := 0; at < len(file); at += 1 + min(at/200, 1)*61 {
		broken := bytes.Clone(file)
		broken[at] ^= 1 << (at % 8)
		refused("flipped at", at, bytes.NewReader(broken))
		refused("cut at", at, bytes.NewReader(file[:at]))
	}
	refused("a byte more at", len(file), bytes.NewReader(append(bytes.Clone(file), 0)))
	broken := errors.New("the disk is gone")
	_, err := audience.LoadTable(io.MultiReader(bytes.NewReader(file[:300]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("the cause is lost: %v", err)
	}
	if err := new(audience.Table).Save(brokenWriter{broken}); !errors.Is(err, broken) {
		t.Errorf("the cause is lost: %v", err)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

// FuzzLoadTable loads anything, also with hashes that are made right: it is
// refused, or it is a table that can be read, written and saved.
func FuzzLoadTable(f *testing.F) {
	_, file := savedTable(f)
	f.Add(file)
	small := audience.NewTable(3)
	small.Tags["x"] = audience.NewColumn(0)
	for id := range strata.CustomerID(3) {
		small.Tags["x"].Set(id, strata.NumberOf(int64(id), 0))
	}
	small.Tiers["t"] = audience.LevelsOf([]string{"a"}, 1, 0, 1)
	f.Add(save(f, small))
	f.Add(save(f, audience.NewTable(3)))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, file := range [][]byte{file, rehashed(file)} {
			table, err := audience.LoadTable(bytes.NewReader(file))
			if err != nil {
				continue
			}
			for _, column := range table.Tags {
				n := 0
				column.Each(column.Holders(), func(id strata.CustomerID, v strata.Value) {
					if n++; column.Get(id) != v {
						t.Error("a value is read in two ways")
					}
				})
				if n != column.Len() {
					t.Errorf("%d values of %d", n, column.Len())
				}
				column.Set(1, strata.NumberOf(1, 0))
				column.Set(2, strata.TextOf("x"))
			}
			for _, levels := range table.Tiers {
				for id := range strata.CustomerID(9000) {
					levels.Get(id)
					levels.Mask(id)
				}
				levels.Set(1, -1)
			}
			table.Everyone.Add(1)
			save(t, table)
		}
	})
}

// rehashed is the file with right hashes, as far as it has sections.
func rehashed(file []byte) []byte {
	out := bytes.Clone(file)
	all := xxh3.New()
	count := uint64(0)
	for at := 12; at+3 <= len(out); count++ {
		kind := out[at]
		content := at + 3 + int(out[at+1]) + int(out[at+2])<<8 + 8
		if content > len(out) {
			break
		}
		length := order.Uint64(out[content-8:])
		if length > uint64(len(out)-content) || len(out)-content-int(length) < 8 {
			break
		}
		end := content + int(length)
		if kind == 'z' && length == 16 {
			order.PutUint64(out[content:], count)
			order.PutUint64(out[content+8:], all.Sum64())
		}
		order.PutUint64(out[end:], xxh3.Hash(out[at:end]))
		all.Write(out[end : end+8])
		at = end + 8
	}
	return out
}
