package program

import (
	"math"

	"strata"
	"strata/define"
)

var nan = math.NaN()

// frame is what one evaluator knows while it evaluates one customer.
type frame struct {
	p            *Program
	asOf         strata.Instant
	until        strata.Instant // asOf + 1: events at or after it are not seen
	calibrations map[define.Ref]define.Calibration
	cuts         [][]float64 // by part of the population: those of calibrations

	h          *strata.History
	runs       []*strata.Run // by event code, net of refunds
	gross      []*strata.Run // by event code, as they came
	attributes []strata.Value
	row        Row
	borders    []strata.Instant // by border
	tables     []dayTable       // of daily borders
	windows    []span           // by window slot, not anchored, cut after as_of
	instants   []strata.Instant // by tag: since when a time counts; else unknown

	pasts []*walk // by past; nil until it is looked back at

	ran        strata.Instant // where it was when it ran last
	answer     strata.Instant // asked about; a look back keeps it
	cut        strata.Instant // nothing after it is known; define.Latest = everything up to as_of is
	birth      strata.Instant // see lifeBegins; unknown until asked
	always     bool           // something has always been known
	factless   bool           // nothing is known yet
	given      map[define.Ref]define.Calibration
	stored     map[define.Ref][]define.Calibration // oldest first
	calibrated []strata.Instant                    // when, ascending

	timed  bool           // ask for next
	next   strata.Instant // the earliest at which something may change by time alone
	today  int64          // the civil day of as_of
	placed bool           // borders lie where as_of is

	computed []bool // by aggregate slot
	slots    []strata.Value
	fused    fusedFrame
	tallies  codeTallies
	search   search
	times    []strata.Instant
	units    []int64
	gaps     []float64
	texts    [][]string // by property and code: of the dictionary
	apart    bool       // plain tags are left in fused.ints
	netter   netter
	days     calendar
	scratch  []strata.Instant
}

func (f *frame) init(p *Program, asOf strata.Instant, calibrations map[define.Ref]define.Calibration) {
	f.p, f.given = p, calibrations
	f.cuts = make([][]float64, len(p.population))
	f.enforce(calibrations)
	f.answer, f.cut = asOf, define.Latest
	f.pasts = make([]*walk, len(p.pasts))
	f.runs = make([]*strata.Run, len(p.names))
	f.gross = make([]*strata.Run, len(p.names))
	f.attributes = make([]strata.Value, len(p.attributes))
	f.computed = make([]bool, p.aggregates)
	f.slots = make([]strata.Value, p.aggregates)
	f.row = Row{
		Tags:     make([]strata.Value, len(p.tags)),
		Segments: make([]bool, len(p.segments)),
		Levels:   make([]int, len(p.tiers)),
	}
	f.days.zone = p.zone
	f.borders = make([]strata.Instant, len(p.borders))
	f.tables = make([]dayTable, len(p.borders))
	f.windows = make([]span, len(p.windows))
	f.instants = make([]strata.Instant, len(p.tags))
	for i := range f.instants {
		f.instants[i] = unknown
	}
	f.initFused()
	f.move(asOf)
}

// enforce puts calibrations into force.
func (f *frame) enforce(calibrations map[define.Ref]define.Calibration) {
	f.calibrations = calibrations
	for i, part := range f.p.population {
		f.cuts[i] = calibrations[part.Ref].Cuts[part.Part]
	}
}

// span is the instants [from, to).
type span struct{ from, to strata.Instant }

func (f *frame) load(h *strata.History) {
	f.h = h
	f.next = define.Latest
	f.birth = unknown
	clear(f.runs)
	clear(f.gross)
	clear(f.computed)
	clear(f.attributes)
	for i := range h.Runs {
		r := &h.Runs[i]
		if int(r.Event) < len(f.runs) {
			f.runs[r.Event], f.gross[r.Event] = r, r
			if f.timed && f.p.looked[r.Event] {
				if n := r.Search(f.until); n < r.N && r.At(n) <= f.cut {
					f.due(r.At(n))
				}
			}
		}
	}
	for i := range h.Attributes {
		a := &h.Attributes[i]
		slot, used := f.p.attributes[a.Name]
		switch {
		case used && (a.At < f.until || f.p.static[slot]):
			f.attributes[slot] = a.Value
		case used && a.At <= f.cut:
			f.due(a.At)
		}
	}
	f.netter.net(f)
	f.fused.run(f)
}

// lookAtRefunds marks the events of which a coming one changes what the
// selections see: refunds of events that are looked at, and orders that must
// be there for a refund to take back their lines.
func (p *Program) lookAtRefunds() {
	for _, r := range p.refunds {
		seen := p.looked[r.order]
		for _, line := range r.lines {
			seen = seen || p.looked[line]
		}
		if seen {
			p.looked[r.order], p.looked[r.event] = true, true
		}
	}
}

// refund is one compiled refund declaration of the catalogue.
type refund struct {
	event, order uint16
	key          uint16
	amount       uint16 // property; meaningless when wholly
	wholly       bool
	lines        []uint16
}

func (p *Program) compileRefunds() {
	for name, event := range p.set.Catalogue.Events {
		d := event.Refunds
		code, seen := p.events[name]
		if d == nil || !seen {
			continue
		}
		order, seen := p.events[d.Event]
		key, keySeen := p.dict.PropertyCode(d.Key)
		if !seen || !keySeen {
			continue // no order has come yet, so nothing can be taken back
		}
		r := refund{event: code, order: order, key: key, wholly: d.Amount == ""}
		if !r.wholly {
			r.amount, _ = p.dict.PropertyCode(d.Amount)
		}
		for _, line := range d.Lines {
			if code, seen := p.events[line]; seen {
				r.lines = append(r.lines, code)
			}
		}
		p.refunds = append(p.refunds, r)
	}
}

// netter replaces a customer's order runs by runs net of refunds.
type netter struct {
	back map[uint64]backed // by order key: what the refunds seen take back
	free []*strata.Run     // scratch
	used int
}

type backed struct {
	amount int64
	scale  uint8
	wholly bool
	gone   bool // an order with the key is taken back wholly
	kept   bool // another is there, so that the lines stay
}

func (n *netter) net(f *frame) {
	n.used = 0
	for i := range f.p.refunds {
		r := &f.p.refunds[i]
		if f.gross[r.event] == nil || f.gross[r.order] == nil {
			continue
		}
		n.apply(f, r)
	}
}

func (n *netter) apply(f *frame, r *refund) {
	refunds := f.gross[r.event]
	if n.back == nil {
		n.back = map[uint64]backed{}
	}
	clear(n.back)
	for i := range refunds.Search(f.until) {
		key, ok := keyOf(refunds, r.key, i)
		if !ok {
			continue
		}
		b := n.back[key]
		if amount, scale, ok := decimalOf(refunds, r.amount, i); !r.wholly && ok {
			b.amount, b.scale = addDecimal(b.amount, b.scale, amount, scale)
		} else {
			b.wholly = true // no amount means all of it
		}
		n.back[key] = b
	}
	if len(n.back) == 0 {
		return
	}
	orders := f.runs[r.order]
	keep := make([]int, 0, orders.N)
	net := map[int]backed{}
	touched := false
	seen := orders.Search(f.until) // a refund without its order has no effect
	for i := range orders.N {
		key, ok := keyOf(orders, r.key, i)
		b, refunded := n.back[key]
		if !ok || !refunded || i >= seen {
			keep = append(keep, i)
			continue
		}
		touched = true
		amount, scale, hasAmount := decimalOf(orders, r.amount, i)
		left, leftScale := addDecimal(amount, scale, -b.amount, b.scale)
		if b.wholly || hasAmount && left <= 0 {
			b.gone = true
			n.back[key] = b
			continue
		}
		b.kept = true
		n.back[key] = b
		if hasAmount {
			net[len(keep)] = backed{amount: left, scale: leftScale}
		}
		keep = append(keep, i)
	}
	if !touched {
		return
	}
	f.runs[r.order] = n.pick(orders, keep, r.amount, net)
	for _, code := range r.lines {
		lines := f.runs[code]
		if lines == nil {
			continue
		}
		keep := keep[:0]
		for i := range lines.N {
			if key, ok := keyOf(lines, r.key, i); ok && n.back[key].gone && !n.back[key].kept {
				continue
			}
			keep = append(keep, i)
		}
		if len(keep) < lines.N {
			f.runs[code] = n.pick(lines, keep, 0, nil)
		}
	}
}

// pick copies the kept events of a run, with the amounts in net replaced.
func (n *netter) pick(from *strata.Run, keep []int, property uint16, net map[int]backed) *strata.Run {
	if n.used == len(n.free) {
		n.free = append(n.free, &strata.Run{})
	}
	run := n.free[n.used]
	n.used++
	*run = strata.Run{Event: from.Event, N: len(keep)}
	run.Seconds = pickBytes(from.Seconds, 4, keep)
	if from.Millis != nil {
		run.Millis = pickBytes(from.Millis, 2, keep)
	}
	for i := range from.Columns {
		c := &from.Columns[i]
		out := strata.Column{Property: c.Property, Kind: c.Kind, Scale: c.Scale, Width: c.Width}
		if len(net) > 0 && c.Property == property && (c.Kind == strata.Money || c.Kind == strata.Number) {
			out = netColumn(c, keep, net)
		} else {
			out.Data = pickBytes(c.Data, int(c.Width), keep)
			if c.Valid != nil {
				out.Valid = make([]byte, (len(keep)+7)/8)
				for to, i := range keep {
					if c.Has(i) {
						out.Valid[to>>3] |= 1 << (to & 7)
					}
				}
			}
		}
		run.Columns = append(run.Columns, out)
	}
	return run
}

func netColumn(c *strata.Column, keep []int, net map[int]backed) strata.Column {
	scale := c.Scale
	for _, b := range net {
		scale = max(scale, b.scale)
	}
	out := strata.Column{Property: c.Property, Kind: c.Kind, Scale: scale, Width: 8, Data: make([]byte, 0, 8*len(keep))}
	out.Valid = make([]byte, (len(keep)+7)/8)
	for to, i := range keep {
		amount, from := int64(0), c.Scale
		if b, netted := net[to]; netted {
			amount, from = b.amount, b.scale
		} else if c.Has(i) {
			amount = c.Int(i)
		}
		if c.Has(i) {
			out.Valid[to>>3] |= 1 << (to & 7)
		}
		amount, _ = strata.Rescale(amount, from, scale)
		for shift := 0; shift < 64; shift += 8 {
			out.Data = append(out.Data, byte(uint64(amount)>>shift))
		}
	}
	return out
}

func pickBytes(from []byte, width int, keep []int) []byte {
	out := make([]byte, 0, width*len(keep))
	for _, i := range keep {
		out = append(out, from[i*width:(i+1)*width]...)
	}
	return out
}

// keyOf returns a comparable form of a property of an event: its text's code
// or hash, or its number.
func keyOf(r *strata.Run, property uint16, i int) (uint64, bool) {
	for c := range r.Columns {
		col := &r.Columns[c]
		if col.Property == property && col.Has(i) {
			if col.Kind == strata.Text || col.Kind == strata.ID {
				return col.Code(i)*2 + uint64(col.Kind&1), true
			}
			return uint64(col.Int(i)) * 2, true
		}
	}
	return 0, false
}

func decimalOf(r *strata.Run, property uint16, i int) (int64, uint8, bool) {
	for c := range r.Columns {
		col := &r.Columns[c]
		if col.Property == property && (col.Kind == strata.Money || col.Kind == strata.Number) && col.Has(i) {
			return col.Int(i), col.Scale, true
		}
	}
	return 0, 0, false
}

// addDecimal adds two decimals at the larger of their scales.
func addDecimal(a int64, scaleA uint8, b int64, scaleB uint8) (int64, uint8) {
	scale := max(scaleA, scaleB)
	x, _ := strata.Rescale(a, scaleA, scale)
	y, _ := strata.Rescale(b, scaleB, scale)
	return x + y, scale
}
