package scenario

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"strata/define"
)

var survivors = flag.Bool("survivors", false, "list the mutants that no case of the corpus notices")

// mutant is a value in which one thing was replaced by a neighbour.
type mutant struct {
	kind  string // such as "at_least by greater_than"
	value reflect.Value
}

// mutants returns every copy of a value in which one neighbour was put in
// somewhere. What is not touched is shared.
func mutants(v reflect.Value) []mutant {
	out := neighboursOf(v)
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return out
		}
		for _, m := range mutants(v.Elem()) {
			into := reflect.New(v.Type()).Elem()
			into.Set(m.value)
			out = append(out, mutant{m.kind, into})
		}
	case reflect.Pointer:
		if v.IsNil() {
			return out
		}
		for _, m := range mutants(v.Elem()) {
			into := reflect.New(v.Type().Elem())
			into.Elem().Set(m.value)
			out = append(out, mutant{m.kind, into})
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() || v.Type() == reflect.TypeFor[define.RFM]() && v.Type().Field(i).Name == "Within" {
				continue // the window of a model stands in its values already
			}
			for _, m := range mutants(v.Field(i)) {
				into := reflect.New(v.Type()).Elem()
				into.Set(v)
				into.Field(i).Set(m.value)
				if field := v.Type().Field(i); field.Type == durationType || field.Type == reflect.PointerTo(durationType) {
					m.kind = strings.ToLower(v.Type().Name()+"."+field.Name) + " " + m.kind
				}
				out = append(out, mutant{m.kind, into})
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			for _, m := range mutants(v.Index(i)) {
				into := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
				reflect.Copy(into, v)
				into.Index(i).Set(m.value)
				out = append(out, mutant{m.kind, into})
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			for _, m := range mutants(v.MapIndex(key)) {
				into := reflect.MakeMap(v.Type())
				for _, k := range v.MapKeys() {
					into.SetMapIndex(k, v.MapIndex(k))
				}
				into.SetMapIndex(key, m.value)
				out = append(out, mutant{m.kind, into})
			}
		}
	}
	return out
}

// neighboursOf returns what may stand instead of one node.
func neighboursOf(v reflect.Value) []mutant {
	if !v.CanInterface() {
		return nil
	}
	var out []mutant
	by := func(kind string, x any) { out = append(out, mutant{kind, reflect.ValueOf(x)}) }
	if v.Type() == conditionType && !v.IsNil() {
		neighbourConditions(v.Interface().(define.Condition), func(kind string, c define.Condition) {
			into := reflect.New(conditionType).Elem()
			into.Set(reflect.ValueOf(c))
			out = append(out, mutant{kind, into})
		})
		return out
	}
	if v.Type() == exprType && !v.IsNil() {
		neighbourExprs(v.Interface().(define.Expr), func(kind string, x define.Expr) {
			into := reflect.New(exprType).Elem()
			into.Set(reflect.ValueOf(x))
			out = append(out, mutant{kind, into})
		})
		return out
	}
	switch x := v.Interface().(type) {
	case define.Test:
		if x.Fold {
			x.Fold = false
			by("fold by exact", x)
		}
	case define.Comparison:
		neighbourComparisons(x, by)
	case define.Selection:
		neighbourSelections(x, by)
	case define.Window:
		neighbourWindows(x, by)
	case define.Anchor:
		flipped := x
		flipped.First = !x.First
		by(either(x.First, "anchor first by last", "anchor last by first"), flipped)
		if !x.From.IsZero() {
			dropped := x
			dropped.From = define.Duration{}
			by("anchor from by at once", dropped)
		}
		if !x.Until.IsZero() {
			dropped := x
			dropped.Until = define.Duration{}
			by("anchor until by ever", dropped)
		}
	case define.Duration:
		neighbourDurations(x, by)
	case define.TimePoint:
		neighbourTimes(x, by)
	case define.Measure:
		neighbourMeasures(x, by)
	case define.Step:
		if !x.Within.IsZero() {
			dropped := x
			dropped.Within = define.Duration{}
			if len(x.Same) > 0 || x.Within.N > 0 {
				by("step within by ever", dropped)
			}
		}
		if len(x.Same) > 0 {
			dropped := x
			dropped.Same = nil
			by("step same by any", dropped)
		}
	case define.Segment:
		neighbourSegments(x, by)
	case define.Tag:
		if x.KeepOnEmpty {
			dropped := x
			dropped.KeepOnEmpty = false
			by("on_empty keep by clear", dropped)
		}
		if !x.Expires.IsZero() {
			dropped := x
			dropped.Expires = define.Duration{}
			by("expires by never", dropped)
		}
	case define.Tier:
		neighbourTiers(x, by)
	case define.RFM:
		neighbourRFM(x, by)
	case define.Move:
		if x.Since != nil {
			dropped := x
			dropped.Since = nil
			by("move since an event by since entering", dropped)
		}
		if x.Unless != nil {
			dropped := x
			dropped.Unless = nil
			by("move unless by always", dropped)
		}
	case define.Value:
		neighbourValues(x, by)
	}
	return out
}

var (
	conditionType = reflect.TypeFor[define.Condition]()
	exprType      = reflect.TypeFor[define.Expr]()
	durationType  = reflect.TypeFor[define.Duration]()
)

func either(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// corpusFiles reads every script of the corpus.
func corpusFiles(t testing.TB) []*Script {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var out []*Script
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ParseScript(file, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// noticed reports whether the case fails with other definitions.
func noticed(c *Case, set *define.Set) (fails bool) {
	changed := *c
	changed.set = set
	defer func() {
		if recover() != nil {
			fails = false // the mutant is no definition; that shows nothing
		}
	}()
	for _, e := range changed.Expect {
		w := changed.world(func(int, string) {}, e.Known)
		t := &trial{c: &changed, world: w, asOf: e.AsOf, lang: "en"}
		for _, x := range e.checks {
			if !x.said && len(x.run(t)) > 0 {
				return true
			}
		}
	}
	return false
}

// TestMutants replaces every operator of the corpus by its neighbours, one at
// a time, and asks that some case fails for each kind of replacement.
func TestMutants(t *testing.T) {
	made, killed := map[string]int{}, map[string]int{}
	var alive []string
	for _, s := range corpusFiles(t) {
		for _, c := range s.Cases {
			if c.set == nil || c.refused != nil {
				continue
			}
			definitions := *c.set
			definitions.Catalogue, definitions.Lists, definitions.Scores, definitions.Strategies = define.Catalogue{}, nil, nil, nil
			for _, m := range mutants(reflect.ValueOf(definitions)) {
				changed := m.value.Interface().(define.Set)
				changed.Catalogue, changed.Lists, changed.Scores, changed.Strategies = c.set.Catalogue, c.set.Lists, c.set.Scores, c.set.Strategies
				made[m.kind]++
				if killed[m.kind] > 0 && !*survivors {
					continue // one is enough
				}
				if noticed(c, &changed) {
					killed[m.kind]++
				} else {
					alive = append(alive, fmt.Sprintf("%s: %s (%s)", m.kind, c.Name, filepath.Base(s.File)))
				}
			}
		}
	}
	for _, kind := range required() {
		if made[kind] == 0 {
			t.Errorf("no case of the corpus uses what %q replaces", kind)
		}
	}
	for kind := range made {
		if killed[kind] == 0 {
			t.Errorf("%q: none of %d replacements makes a case fail", kind, made[kind])
		}
	}
	if *survivors {
		slices.Sort(alive)
		for _, line := range alive {
			fmt.Println(line)
		}
		total, dead := 0, 0
		for kind, n := range made {
			total, dead = total+n, dead+killed[kind]
		}
		fmt.Printf("%d mutants of %d kinds, %d noticed\n", total, len(made), dead)
	}
}

// required are the replacements that the corpus must know, so that a word of
// the language cannot go without a case.
func required() []string {
	var out []string
	for op, others := range opNeighbours {
		for _, other := range others {
			out = append(out, op.String()+" by "+other.String())
		}
	}
	for kind, others := range measureNeighbours {
		for _, other := range others {
			out = append(out, "measure "+kind.String()+" by "+other.String(), "value "+kind.String()+" by "+other.String())
		}
	}
	for word, other := range wordNeighbours {
		out = append(out, word+" by "+other)
	}
	out = slices.DeleteFunc(out, func(kind string) bool {
		return kind == "value first by last" || kind == "value last by first" || strings.HasPrefix(kind, "tomorrow") || strings.HasPrefix(kind, "next_")
	})
	for _, duration := range []string{
		"window.last", "step.within", "stopped.active", "stopped.silent", "restarted.silentfrom", "restarted.active", "regularly.period", "anchor.from", "anchor.until",
		"comparison.ahead", "timepoint.ago", "timepoint.ahead", "operand.duration", "heading.in", "tag.expires", "tier.hold", "tier.grace", "move.after",
	} {
		out = append(out, duration+" civil by sliding", duration+" one more")
	}
	for _, duration := range []string{"window.last", "step.within", "stopped.silent", "regularly.period", "anchor.from", "anchor.until", "comparison.ahead", "timepoint.ago", "operand.duration", "tag.expires"} {
		out = append(out, duration+" sliding by civil")
	}
	return append(out, "all by any", "any by all", "none by any", "none by not all", "not by itself", "everyone by nobody",
		"within by ever", "between by since", "between by until", "before by until", "since by after", "after by since", "until by before",
		"first_time by any time", "stopped by active", "stopped by silent", "restarted by active", "restarted by new", "restarted by silence ignored",
		"regularly calendar by counted back", "regularly counted back by calendar", "regularly in one more", "regularly in one less",
		"streak current by longest", "streak longest by current", "streak day by week", "streak week by month", "streak month by day",
		"sequence by each step", "sequence turned", "without by anything", "step within by ever", "step same by any", "not_followed by happened",
		"for by now", "since by any value", "changed by any", "changed by since", "moved from by from any", "moved to by to any", "moved by changed",
		"heading by now", "consent granted by withdrawn", "consent refused by withdrawn", "consent withdrawn by refused", "consent unknown by refused",
		"bucket lower end", "bucket upper end", "bucket salt", "list by nobody", "segment by everyone",
		"exclude by nothing", "picked_in by nobody", "picked_out by nobody", "pick expires by never",
		"tier at_least by at_most", "tier at_most by at_least", "tier is by is_not", "tier is_not by is", "tier in by first of them",
		"anchor first by last", "anchor last by first", "anchor from by at once", "anchor until by ever",
		"gross by net", "net by gross", "where by anything", "events by fewer", "fold by exact",
		"on_empty keep by clear", "expires by never", "first_of turned", "value first by last of it", "value last by first of it",
		"favourite count by sum", "favourite sum by count", "favourite fewer", "favourite at_least by 1", "since last by first", "since first by last",
		"rules first by all", "rules all by first", "rules turned", "otherwise by nothing", "band at its cut", "percentile cut moved", "natural one fewer", "among by everyone",
		"rank by percentile", "percentile by rank", "rank turned", "top count one fewer", "top percent halved", "composite missing", "composite weight", "composite part turned",
		"grid transposed", "ladder without its first step", "tier match first by highest", "tier match highest by first", "tier otherwise by none", "applies_to by everyone",
		"assign_on by always", "hold by at once", "grace by at once", "moves by none", "move since an event by since entering", "move unless by always",
		"rfm mean by median", "rfm median by mean", "rfm quantile one more", "rfm weights by equal", "rfm top one more", "rfm breaks moved", "rfm classes",
		"overlapping by one level", "one level by overlapping", "funnel turned", "aipl turned", "snapshot by live", "stage keeps one more", "stages turned")
}
