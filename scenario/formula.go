package scenario

import (
	"math"

	"strata"
	"strata/define"
)

// formula computes in float64; a missing operand makes the whole missing,
// except where if and coalesce choose another.
func (v view) formula(expr define.Expr) strata.Value {
	switch x := expr.(type) {
	case define.NumberExpr:
		return strata.FloatOf(x.Value.Float64())
	case define.NameExpr:
		value := strata.Value{}
		if _, isTag := v.set.Tags[x.Name]; isTag {
			value = v.tag(x.Name)
		} else {
			value = v.attribute(x.Name)
		}
		if value.Numeric() {
			return strata.FloatOf(value.Float64())
		}
		return value
	case define.UnaryExpr:
		value := v.formula(x.X)
		switch {
		case value.IsMissing():
			return value
		case x.Op == "not":
			return strata.BooleanOf(!value.Bool())
		}
		return strata.FloatOf(-value.Float64())
	case define.BinaryExpr:
		a, b := v.formula(x.X), v.formula(x.Y)
		if a.IsMissing() || b.IsMissing() {
			return strata.Value{}
		}
		order, comparable := strata.Compare(a, b)
		switch x.Op {
		case "and":
			return strata.BooleanOf(a.Bool() && b.Bool())
		case "or":
			return strata.BooleanOf(a.Bool() || b.Bool())
		case "=", "==":
			return strata.BooleanOf(strata.Equal(a, b))
		case "!=":
			return strata.BooleanOf(!strata.Equal(a, b))
		case "<", "<=", ">", ">=":
			if !comparable {
				return strata.Value{}
			}
			return strata.BooleanOf(map[string]bool{"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[x.Op])
		case "+":
			return strata.FloatOf(a.Float64() + b.Float64())
		case "-":
			return strata.FloatOf(a.Float64() - b.Float64())
		case "*":
			return strata.FloatOf(a.Float64() * b.Float64())
		}
		if b.Float64() == 0 {
			return strata.Value{}
		}
		return strata.FloatOf(a.Float64() / b.Float64())
	case define.CallExpr:
		return v.call(x)
	}
	return strata.Value{}
}

func (v view) call(x define.CallExpr) strata.Value {
	if x.Func == "if" {
		switch when := v.formula(x.Args[0]); {
		case when.IsMissing():
			return when
		case when.Bool():
			return v.formula(x.Args[1])
		}
		return v.formula(x.Args[2])
	}
	var numbers []float64
	for _, arg := range x.Args {
		value := v.formula(arg)
		if x.Func == "coalesce" {
			if !value.IsMissing() {
				return value
			}
			continue
		}
		if !value.Numeric() {
			return strata.Value{}
		}
		numbers = append(numbers, value.Float64())
	}
	if x.Func == "coalesce" {
		return strata.Value{}
	}
	result := numbers[0]
	switch x.Func {
	case "min":
		for _, n := range numbers {
			result = math.Min(result, n)
		}
	case "max":
		for _, n := range numbers {
			result = math.Max(result, n)
		}
	case "abs":
		result = math.Abs(result)
	case "floor":
		result = math.Floor(result)
	case "ceil":
		result = math.Ceil(result)
	case "round": // half away from zero, to the digits of a second argument
		digits := 1.0
		if len(numbers) == 2 {
			digits = math.Pow(10, numbers[1])
		}
		result = math.Round(result*digits) / digits
	}
	return strata.FloatOf(result)
}
