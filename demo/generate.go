package demo

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"strata"
)

// Options say which demo is made.
type Options struct {
	Seed    uint64    // the same seed, the same people
	Until   time.Time // its civil day is the first without events; the last event is on the day before
	Members int       // 0 = 20,000; at least 200, at most 99,999
}

// Summary is what Generate made.
type Summary struct {
	Files    []string       `json:"files"` // names in dir, in the order of import: members first
	Members  int            `json:"members"`
	Events   map[string]int `json:"events"` // by event name
	Total    int            `json:"total"`  // of all events
	Turnover int64          `json:"turnover"`
	First    time.Time      `json:"first"` // of all events, in China's time
	Last     time.Time      `json:"last"`
	Truth    Truth          `json:"truth"`
}

// Zone is the zone in which the files' times are written.
var Zone = time.FixedZone("Asia/Shanghai", 8*3600)

// candidate is a possible order: its day and the draw that decides on it.
type candidate struct {
	day int
	u   float64
}

// maker makes one member after the other.
type maker struct {
	options    Options
	calendar   *calendar
	source     *rand.PCG
	rand       *rand.Rand
	member     member
	candidates []candidate
	basket     int // where the lines of the order being filled begin
	day        int // of the order being filled
	scratch    []byte
	tables     [files]*table
	summary    Summary
	first      int
	last       int
}

// seed starts the stream of a member.
func (m *maker) seed(number, stream uint64) {
	m.source.Seed(mix(m.options.Seed, number), mix(number, stream))
}

func (m *maker) saw(at int) {
	m.first, m.last = min(m.first, at), max(m.last, at)
}

// Generate writes the demo's files and truth.json into dir, which must be
// there. Files of the same names are replaced. The error is a *strata.Error:
// Invalid for options out of range, Unavailable where a file cannot be
// written.
func Generate(dir string, o Options) (Summary, error) {
	if o.Members == 0 {
		o.Members = 20000
	}
	if o.Members < 200 || o.Members > 99999 {
		return Summary{}, &strata.Error{Code: strata.Invalid, Field: "members", Message: fmt.Sprintf("the demo cannot have %d members", o.Members), Hint: "give 200 to 99999"}
	}
	if y := o.Until.Year(); y < 2000 || y > 2200 {
		return Summary{}, &strata.Error{Code: strata.Invalid, Field: "until", Message: "the demo needs a date at which it ends", Hint: "give a day such as 2026-01-31"}
	}
	source := rand.NewPCG(o.Seed, 0)
	m := &maker{options: o, calendar: newCalendar(o.Until), source: source, rand: rand.New(source), first: days * daySec}
	m.summary.Events = map[string]int{}
	for i := range m.tables {
		t, err := create(dir, fileNames[i], headers[i])
		if err != nil {
			return Summary{}, err
		}
		defer t.file.Close() // a second Close after close is harmless
		m.tables[i] = t
	}
	for n := 1; n <= o.Members; n++ {
		m.reset(n)
		if i := storyOf(n); i >= 0 {
			m.tell(i)
		} else {
			m.live()
			m.talk()
		}
		m.inTime()
		m.seed(uint64(n), 4)
		m.write()
		m.remember()
	}
	for _, t := range m.tables {
		if err := t.close(); err != nil {
			return Summary{}, err
		}
	}
	return m.finish(dir)
}

func (m *maker) finish(dir string) (Summary, error) {
	s := &m.summary
	s.Files = fileNames[:]
	for _, n := range s.Events {
		s.Total += n
	}
	zero := m.calendar.zero
	begin := time.Date(zero.Year(), zero.Month(), zero.Day(), 0, 0, 0, 0, Zone)
	s.First = begin.Add(time.Duration(m.first) * time.Second)
	s.Last = begin.Add(time.Duration(m.last) * time.Second)
	s.Truth.Pairs = plantedPairs()
	text, err := json.MarshalIndent(s.Truth, "", " ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "truth.json"), append(text, '\n'), 0o644)
	}
	if err != nil {
		return Summary{}, &strata.Error{Code: strata.Unavailable, Field: "truth.json", Message: "the demo's truths cannot be written", Cause: err}
	}
	return *s, nil
}
