package program

import (
	"math"

	"strata"
	"strata/define"
)

// formula compiles arithmetic. Numbers are float64, comparisons are booleans;
// a missing operand or a division by zero gives a missing value, except where
// if and coalesce choose another.
func (c *compiler) formula(expr define.Expr) valueFunc {
	switch x := expr.(type) {
	case define.NumberExpr:
		v := strata.FloatOf(x.Value.Float64())
		return func(*frame) strata.Value { return v }
	case define.NameExpr:
		if at, ok := c.index[define.Ref{Kind: "tag", Name: x.Name}]; ok {
			if c.tags[at].Since != 0 {
				return c.grown(define.TagValue{Tag: x.Name}, everyUnit)
			}
			return func(f *frame) strata.Value { return number(f.tag(at)) }
		}
		slot := c.attribute(x.Name)
		return func(f *frame) strata.Value { return number(f.attributes[slot]) }
	case define.UnaryExpr:
		operand := c.formula(x.X)
		return func(f *frame) strata.Value {
			v := operand(f)
			switch {
			case v.IsMissing():
				return v
			case x.Op == "not":
				return strata.BooleanOf(!v.Bool())
			}
			return strata.FloatOf(-v.Float64())
		}
	case define.BinaryExpr:
		return c.binary(x)
	case define.CallExpr:
		return c.call(x)
	}
	c.unsupported("formula")
	return missing
}

// number turns decimals into float64 and leaves the rest.
func number(v strata.Value) strata.Value {
	if v.Kind == strata.Number || v.Kind == strata.Money {
		return strata.FloatOf(v.Float64())
	}
	return v
}

func (c *compiler) binary(x define.BinaryExpr) valueFunc {
	left, right := c.formula(x.X), c.formula(x.Y)
	return func(f *frame) strata.Value {
		a, b := left(f), right(f)
		if a.IsMissing() || b.IsMissing() {
			return strata.Value{}
		}
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
			n, ok := strata.Compare(a, b)
			if !ok {
				return strata.Value{}
			}
			return strata.BooleanOf(x.Op == "<" && n < 0 || x.Op == "<=" && n <= 0 || x.Op == ">" && n > 0 || x.Op == ">=" && n >= 0)
		}
		p, q := a.Float64(), b.Float64()
		switch x.Op {
		case "+":
			return strata.FloatOf(p + q)
		case "-":
			return strata.FloatOf(p - q)
		case "*":
			return strata.FloatOf(p * q)
		}
		if q == 0 {
			return strata.Value{}
		}
		return strata.FloatOf(p / q)
	}
}

func (c *compiler) call(x define.CallExpr) valueFunc {
	args := make([]valueFunc, len(x.Args))
	for i, a := range x.Args {
		args[i] = c.formula(a)
	}
	switch x.Func {
	case "if":
		return func(f *frame) strata.Value {
			switch v := args[0](f); {
			case v.IsMissing():
				return v
			case v.Bool():
				return args[1](f)
			}
			return args[2](f)
		}
	case "coalesce":
		return func(f *frame) strata.Value {
			for _, a := range args {
				if v := a(f); !v.IsMissing() {
					return v
				}
			}
			return strata.Value{}
		}
	}
	return func(f *frame) strata.Value {
		numbers := make([]float64, len(args))
		for i, a := range args {
			v := a(f)
			if !v.Numeric() {
				return strata.Value{}
			}
			numbers[i] = v.Float64()
		}
		n := numbers[0]
		switch x.Func {
		case "min":
			for _, m := range numbers {
				n = math.Min(n, m)
			}
		case "max":
			for _, m := range numbers {
				n = math.Max(n, m)
			}
		case "abs":
			n = math.Abs(n)
		case "floor":
			n = math.Floor(n)
		case "ceil":
			n = math.Ceil(n)
		case "round": // half away from zero, to the digits of a second argument
			p := 1.0
			if len(numbers) > 1 {
				p = math.Pow(10, numbers[1])
			}
			n = math.Round(n*p) / p
		}
		return strata.FloatOf(n)
	}
}
