package main

import (
	"fmt"
	"math"
	"math/bits"
	"time"

	"strata"
	"strata/define"
)

// Workload W: what the customers of one business did in a year. It is a
// function of its numbers alone, so that every engine is given the same rows
// without anybody keeping them.
type Workload struct {
	Customers int    `json:"customers"` // numbered from 1
	Events    int    `json:"events"`    // at least one a customer
	Seed      uint64 `json:"seed"`
}

// Event is one row of W.
type Event struct {
	Customer uint32
	At       uint32 // whole seconds since 1970, never two of one customer at once
	Amount   uint32 // in cents
	Brand    uint16 // below Brands, skewed
	Type     uint8  // index into EventTypes
	Category uint8  // below Categories, skewed
	Store    uint8  // below Stores
	Channel  uint8  // index into ChannelNames
}

// The sizes of W besides customers and events.
const (
	Days       = 365
	Categories = 50
	Brands     = 2000
	Stores     = 50
	Channels   = 5
)

// EventTypes are the names of the types, the most frequent first, and how many
// of 100 events are of each.
var (
	EventTypes  = [8]string{"viewed", "searched", "carted", "ordered", "bought", "visited", "shared", "rated"}
	typePercent = [8]int{30, 16, 12, 12, 12, 8, 6, 4}
)

// ChannelNames are the texts of the channels.
var ChannelNames = [Channels]string{"app", "store", "wechat", "douyin", "web"}

// The texts of the other codes.
func categoryName(i int) string { return fmt.Sprintf("category %02d", i) }
func brandName(i int) string    { return fmt.Sprintf("brand %04d", i) }
func storeName(i int) string    { return fmt.Sprintf("store %02d", i) }

// settings are those of the business, and its zone.
var (
	settings = strata.DefaultSettings()
	zone     = must(settings.Location())
)

// The year: [begin, asOf) in civil days of the business zone. Everything is
// evaluated as of its end.
var (
	begin = time.Date(2025, time.January, 1, 0, 0, 0, 0, zone)
	asOf  = strata.At(begin.AddDate(0, 0, Days))
)

// windowDays are those of D80.
var windowDays = [5]int{7, 30, 90, 180, 365}

// windowStart is where the civil window of so many days begins.
func windowStart(days int) strata.Instant {
	y, m, d := asOf.In(zone).Date()
	return define.DayStart(define.DayNumber(y, m, d)-int64(days), zone)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// random is splitmix64 (Steele, Lea, Flood 2014): eight bytes of state for
// each customer.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// float is in (0, 1].
func (r *random) float() float64 { return float64(r.next()>>11+1) / (1 << 53) }

// normal is Box and Muller's.
func (r *random) normal() float64 {
	return math.Sqrt(-2*math.Log(r.float())) * math.Cos(2*math.Pi*r.float())
}

// tables turn uniform bits into the skewed values of W.
type tables struct {
	kinds      [256]uint8
	categories [1 << 10]uint8
	brands     [1 << 16]uint16
	amounts    [1 << 10]uint32
}

func newTables() *tables {
	t := &tables{}
	share(t.kinds[:], len(EventTypes), func(i int) float64 { return float64(typePercent[i]) })
	share(t.categories[:], Categories, func(i int) float64 { return 1 / math.Sqrt(float64(i+1)) })
	share(t.brands[:], Brands, func(i int) float64 { return 1 / float64(i+5) })
	// A log-normal amount around 80.00, from below 10.00 to some hundreds.
	r := random(1)
	for i := range t.amounts {
		t.amounts[i] = uint32(100*math.Exp(math.Log(80)+0.8*r.normal())) + 100
	}
	return t
}

// share gives each of n values its part of the table, at least one place.
func share[T uint8 | uint16](table []T, n int, weight func(int) float64) {
	total, sum := 0.0, 0.0
	for i := range n {
		total += weight(i)
	}
	at := 0
	for i := range n {
		sum += weight(i)
		for end := max(at+1, int(sum/total*float64(len(table)))); at < min(end, len(table)-(n-1-i)); at++ {
			table[at] = T(i)
		}
	}
	for ; at < len(table); at++ {
		table[at] = 0
	}
}

// Stream hands out W part by part: all events of [0, end), then those of [end,
// next end) and so on, each part by customer and each customer's in order of
// time. It keeps 24 bytes a customer.
type Stream struct {
	w       Workload
	tables  *tables
	cursors []cursor
}

// cursor is where a customer stands: the instant of the next event, in parts
// of the year, and how many are left with it.
type cursor struct {
	random random
	next   float64
	last   uint32 // second of the last event, 0 = none
	left   uint32
}

// NewStream begins at the start of the year.
func (w Workload) NewStream() *Stream {
	s := &Stream{w: w, tables: newTables(), cursors: make([]cursor, w.Customers)}
	weights, total := make([]float32, w.Customers), 0.0
	for i := range s.cursors {
		c := &s.cursors[i]
		c.random = random(w.Seed ^ uint64(i+1)*0xD6E8FEB86659FD93)
		c.random.next()
		weights[i] = float32(math.Exp(c.random.normal())) // a sigma of 1
		total += float64(weights[i])
	}
	sum, given := 0.0, 0
	for i := range s.cursors {
		sum += float64(weights[i])
		upTo := min(int(sum/total*float64(w.Events-w.Customers)), w.Events-w.Customers)
		if i == w.Customers-1 {
			upTo = w.Events - w.Customers
		}
		c := &s.cursors[i]
		c.left = uint32(1 + upTo - given)
		given = upTo
		c.step()
	}
	return s
}

// step draws the next of the left events' instants: the least of as many
// uniform ones on what remains of the year.
func (c *cursor) step() {
	c.next += (1 - c.next) * (1 - math.Pow(c.random.float(), 1/float64(c.left)))
}

// Part calls fn for every event that is not handed out yet and whose instant
// lies before the given part of the year; 1 is the end.
func (s *Stream) Part(end float64, fn func(*Event) error) error {
	return s.PartOf(0, len(s.cursors), end, fn)
}

// PartOf is Part for the customers at [from, to), counted from 0.
func (s *Stream) PartOf(from, to int, end float64, fn func(*Event) error) error {
	first := uint32(begin.Unix())
	// The last hour stays free, for events that move on because another of
	// their customer has their second.
	seconds := float64(Days*86400 - 3600)
	var e Event
	for i := from; i < to; i++ {
		c := &s.cursors[i]
		for c.left > 0 && (c.next < end || end >= 1) {
			at := first + uint32(c.next*seconds)
			if at <= c.last {
				at = c.last + 1
			}
			c.last = at
			s.fill(&e, c)
			e.Customer, e.At = uint32(i+1), at
			if c.left--; c.left > 0 {
				c.step()
			}
			if err := fn(&e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Stream) fill(e *Event, c *cursor) {
	r := c.random.next()
	e.Type = s.tables.kinds[r&0xff]
	e.Category = s.tables.categories[r>>8&0x3ff]
	e.Brand = s.tables.brands[r>>18&0xffff]
	e.Amount = s.tables.amounts[r>>34&0x3ff] + uint32(r>>44&0x3f)
	hi, _ := bits.Mul64(r<<14, Stores)
	e.Store = uint8(hi)
	hi, _ = bits.Mul64(r*0x9E3779B97F4A7C15, Channels)
	e.Channel = uint8(hi)
}

// day is the event's civil day, in days since 1970. The zone of W has had one
// offset since 1992.
func (e *Event) day() uint16 { return uint16((e.At + 8*3600) / 86400) }
