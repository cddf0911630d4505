package scenario

import (
	"slices"

	"strata"
	"strata/define"
)

func neighbourValues(value define.Value, by func(string, any)) {
	switch x := value.(type) {
	case define.FirstOf:
		turned := slices.Clone(x.Of)
		slices.Reverse(turned)
		by("first_of turned", define.FirstOf{Of: turned})
	case define.Aggregate:
		for _, other := range measureNeighbours[x.Kind] {
			changed := x
			changed.Kind = other
			by("value "+x.Kind.String()+" by "+other.String(), changed)
		}
	case define.Touch:
		changed := x
		changed.First = !x.First
		by(either(x.First, "value first by last of it", "value last by first of it"), changed)
	case define.Favourite:
		neighbourFavourites(x, by)
	case define.SinceEvent:
		changed := x
		changed.First = !x.First
		by(either(x.First, "since first by last", "since last by first"), changed)
		next := map[define.Unit]define.Unit{
			define.Second: define.Minute, define.Minute: define.Hour, define.Hour: define.Day, define.Day: define.Hour,
			define.Week: define.Day, define.Month: define.Week, define.Year: define.Month,
		}
		unit := x
		unit.Unit = next[x.Unit]
		by("since "+x.Unit.String()+" by "+unit.Unit.String(), unit)
	case define.GapValue:
		for _, other := range map[string][]string{"avg": {"median", "last"}, "median": {"avg", "last"}, "last": {"avg", "median"}}[x.Stat] {
			changed := x
			changed.Stat = other
			by("gap value "+x.Stat+" by "+other, changed)
		}
		changed := x
		changed.Unit = map[define.Unit]define.Unit{define.Day: define.Hour, define.Hour: define.Day, define.Week: define.Day}[x.Unit]
		by("gap value in "+x.Unit.String()+" by "+changed.Unit.String(), changed)
	case define.Rules:
		neighbourRules(x, by)
	case define.Bands:
		neighbourBands(x, by)
	case define.Rank:
		changed, turned := x, x
		changed.Percentile = !x.Percentile
		turned.Ascending = !x.Ascending
		by(either(x.Percentile, "percentile by rank", "rank by percentile"), changed)
		by("rank turned", turned)
		if x.Among != nil {
			x.Among = nil
			by("among by everyone", x)
		}
	case define.Top:
		if x.Count > 1 {
			changed := x
			changed.Count--
			by("top count one fewer", changed)
		}
		if x.Percent > 0 {
			changed := x
			changed.Percent /= 2
			by("top percent halved", changed)
		}
	case define.Composite:
		missing := x
		missing.Missing = either(x.Missing == "lowest", "median", "lowest")
		by("composite missing", missing)
		for i := range x.Parts {
			weight, turned := x, x
			weight.Parts, turned.Parts = slices.Clone(x.Parts), slices.Clone(x.Parts)
			weight.Parts[i].Weight *= 2
			turned.Parts[i].Ascending = !x.Parts[i].Ascending
			by("composite weight", weight)
			by("composite part turned", turned)
		}
	case define.Grid:
		turned := define.Grid{Rows: x.Columns, Columns: x.Rows, Cells: x.Cells}
		by("grid transposed", turned)
	case define.Ladder:
		if len(x.Steps) > 1 {
			by("ladder without its first step", define.Ladder{Of: x.Of, Steps: x.Steps[1:]})
		}
	}
}

func neighbourFavourites(x define.Favourite, by func(string, any)) {
	if x.Sum {
		changed := x
		changed.Sum, changed.Of = false, ""
		by("favourite sum by count", changed)
	} else {
		changed := x
		changed.Sum, changed.Of = true, "amount"
		by("favourite count by sum", changed)
	}
	if x.Top > 1 {
		changed := x
		changed.Top--
		by("favourite fewer", changed)
	}
	if x.AtLeast > 1 {
		changed := x
		changed.AtLeast = 1
		by("favourite at_least by 1", changed)
	}
}

func neighbourRules(x define.Rules, by func(string, any)) {
	changed, turned := x, x
	changed.All = !x.All
	by(either(x.All, "rules all by first", "rules first by all"), changed)
	turned.Rules = slices.Clone(x.Rules)
	slices.Reverse(turned.Rules)
	if len(x.Rules) > 1 {
		by("rules turned", turned)
	}
	if !x.Otherwise.IsMissing() {
		dropped := x
		dropped.Otherwise = strata.Value{}
		by("otherwise by nothing", dropped)
	}
}

func neighbourBands(x define.Bands, by func(string, any)) {
	if len(x.At) > 0 {
		changed := x
		changed.At = slices.Clone(x.At)
		changed.At[0].Int++ // a value on the cut falls out of the upper band
		by("band at its cut", changed)
	}
	if len(x.Percentiles) > 0 {
		changed := x
		changed.Percentiles = slices.Clone(x.Percentiles)
		changed.Percentiles[0] /= 2
		by("percentile cut moved", changed)
	}
	if x.Natural > 2 {
		changed := x
		changed.Natural--
		by("natural one fewer", changed)
	}
	if x.Among != nil {
		x.Among = nil
		by("among by everyone", x)
	}
}

func neighbourExprs(expr define.Expr, by func(string, define.Expr)) {
	switch x := expr.(type) {
	case define.BinaryExpr:
		others := map[string][]string{
			"+": {"-"}, "-": {"+"}, "*": {"/"}, "/": {"*"}, "<": {"<="}, "<=": {"<"}, ">": {">="}, ">=": {">"},
			"=": {"!="}, "!=": {"="}, "and": {"or"}, "or": {"and"},
		}
		for _, other := range others[x.Op] {
			by("formula "+x.Op+" by "+other, define.BinaryExpr{Op: other, X: x.X, Y: x.Y})
		}
		if x.Op == "-" || x.Op == "/" {
			by("formula "+x.Op+" turned", define.BinaryExpr{Op: x.Op, X: x.Y, Y: x.X})
		}
	case define.UnaryExpr:
		by("formula without "+x.Op, x.X)
	case define.CallExpr:
		if other := map[string]string{"min": "max", "max": "min", "round": "floor", "floor": "ceil", "ceil": "floor"}[x.Func]; other != "" {
			by("formula "+x.Func+" by "+other, define.CallExpr{Func: other, Args: x.Args})
		}
		switch x.Func {
		case "abs":
			by("formula without abs", x.Args[0])
		case "coalesce":
			by("formula coalesce by its first", x.Args[0])
		case "round":
			if len(x.Args) == 2 {
				by("formula round without digits", define.CallExpr{Func: "round", Args: x.Args[:1]})
			}
		case "if":
			by("formula if turned", define.CallExpr{Func: "if", Args: []define.Expr{x.Args[0], x.Args[2], x.Args[1]}})
		}
	}
}
