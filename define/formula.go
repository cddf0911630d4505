package define

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// formulaFuncs are the functions of formulas with their least and most
// numbers of operands; -1 is any number.
var formulaFuncs = map[string][2]int{
	"if": {3, 3}, "min": {1, -1}, "max": {1, -1}, "abs": {1, 1}, "round": {1, 2}, "floor": {1, 1}, "ceil": {1, 1}, "coalesce": {1, -1},
}

// parseFormula reads an expression. From loose to tight: or; and; not;
// = != < <= > >= (not chained); + -; * /; unary -. The message is empty when
// it is well formed.
func parseFormula(text string) (e Expr, message string) {
	p := formulaParser{text: text}
	p.next()
	e = p.or(0)
	if p.err == "" && p.token != "" {
		p.fail("%s is not expected", quote(p.token))
	}
	if p.err != "" {
		return nil, p.err
	}
	return e, ""
}

type formulaParser struct {
	text  string
	at    int    // of what follows token
	start int    // of token
	token string // "" at the end
	err   string
}

func (p *formulaParser) fail(format string, args ...any) {
	if p.err == "" {
		p.err = fmt.Sprintf(format, args...) + fmt.Sprintf(" at character %d", utf8.RuneCountInString(p.text[:p.start])+1)
	}
	p.token, p.at = "", len(p.text)
}

// next reads the next token: a number, a name, or an operator.
func (p *formulaParser) next() {
	rest := strings.TrimLeftFunc(p.text[p.at:], unicode.IsSpace)
	p.start = len(p.text) - len(rest)
	if rest == "" {
		p.token, p.at = "", len(p.text)
		return
	}
	r, size := utf8.DecodeRuneInString(rest)
	n := size
	switch {
	case r >= '0' && r <= '9':
		n = strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	case unicode.IsLetter(r) || r == '_':
		n = strings.IndexFunc(rest, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '_'
		})
	case strings.HasPrefix(rest, "<=") || strings.HasPrefix(rest, ">=") || strings.HasPrefix(rest, "!="):
		n = 2
	case !strings.ContainsRune("+-*/=<>(),", r):
		p.fail("%s does not belong in a formula", quote(string(r)))
		return
	}
	if n < 0 {
		n = len(rest)
	}
	p.token, p.at = rest[:n], p.start+n
}

func (p *formulaParser) take(token string) bool {
	if p.token != token || token == "" {
		return false
	}
	p.next()
	return true
}

func (p *formulaParser) or(depth int) Expr {
	x := p.and(depth)
	for p.take("or") {
		x = BinaryExpr{"or", x, p.and(depth)}
	}
	return x
}

func (p *formulaParser) and(depth int) Expr {
	x := p.not(depth)
	for p.take("and") {
		x = BinaryExpr{"and", x, p.not(depth)}
	}
	return x
}

func (p *formulaParser) not(depth int) Expr {
	if depth > maxDepth {
		p.fail("nested deeper than %d", maxDepth)
		return nil
	}
	if p.take("not") {
		return UnaryExpr{"not", p.not(depth + 1)}
	}
	x := p.sum(depth)
	for _, op := range []string{"=", "!=", "<=", ">=", "<", ">"} {
		if p.take(op) {
			return BinaryExpr{op, x, p.sum(depth)}
		}
	}
	return x
}

func (p *formulaParser) sum(depth int) Expr {
	x := p.product(depth)
	for p.token == "+" || p.token == "-" {
		op := p.token
		p.next()
		x = BinaryExpr{op, x, p.product(depth)}
	}
	return x
}

func (p *formulaParser) product(depth int) Expr {
	x := p.factor(depth)
	for p.token == "*" || p.token == "/" {
		op := p.token
		p.next()
		x = BinaryExpr{op, x, p.factor(depth)}
	}
	return x
}

func (p *formulaParser) factor(depth int) Expr {
	if depth > maxDepth {
		p.fail("nested deeper than %d", maxDepth)
		return nil
	}
	switch {
	case p.take("-"):
		return UnaryExpr{"-", p.factor(depth + 1)}
	case p.take("("):
		x := p.or(depth + 1)
		if !p.take(")") {
			p.fail("a closing bracket is missing")
		}
		return x
	case p.token == "":
		p.fail("something is missing")
		return nil
	}
	token := p.token
	first, _ := utf8.DecodeRuneInString(token)
	switch {
	case first >= '0' && first <= '9':
		v, ok := freeDecimal(token, MaxScale)
		if !ok {
			p.fail("%s is not a number", quote(token))
			return nil
		}
		p.next()
		return NumberExpr{v}
	case first != '_' && !unicode.IsLetter(first), token == "and", token == "or", token == "not":
		p.fail("%s is not expected", quote(token))
		return nil
	}
	p.next()
	limits, isFunc := formulaFuncs[token]
	if p.token != "(" {
		return NameExpr{token}
	}
	if !isFunc {
		p.fail("unknown function %s (there are abs, ceil, coalesce, floor, if, max, min and round)", token)
		return nil
	}
	p.next()
	call := CallExpr{Func: token}
	for p.token != ")" {
		if len(call.Args) > 0 && !p.take(",") {
			p.fail("a closing bracket is missing")
			return nil
		}
		call.Args = append(call.Args, p.or(depth+1))
		if p.err != "" {
			return nil
		}
	}
	p.next()
	if n := len(call.Args); n < limits[0] || limits[1] >= 0 && n > limits[1] {
		p.fail("%s cannot take %d operands", token, n)
	}
	return call
}

// boolean reports whether an expression is true or false and not a number.
func boolean(e Expr) bool {
	switch e := e.(type) {
	case UnaryExpr:
		return e.Op == "not"
	case BinaryExpr:
		return !strings.Contains("+-*/", e.Op)
	case CallExpr:
		return e.Func == "if" && len(e.Args) == 3 && boolean(e.Args[1]) || e.Func == "coalesce" && len(e.Args) > 0 && boolean(e.Args[0])
	}
	return false
}

// exprType is what a part of a formula gives: "number", "boolean", "text" or
// "" where it is not known.
func (b *builder) exprType(c *cursor, e Expr) string {
	want := func(x Expr, kind, by string) {
		if got := b.exprType(c, x); got != "" && got != kind && (got == "text" || kind != "") {
			b.refuse(c, fmt.Sprintf("%s needs a %s", by, kind), "")
		}
	}
	switch e := e.(type) {
	case NumberExpr:
		return "number"
	case NameExpr:
		return b.nameType(c, e.Name)
	case UnaryExpr:
		if e.Op == "not" {
			want(e.X, "boolean", "not")
			return "boolean"
		}
		want(e.X, "number", "-")
		return "number"
	case BinaryExpr:
		switch e.Op {
		case "and", "or":
			want(e.X, "boolean", e.Op)
			want(e.Y, "boolean", e.Op)
			return "boolean"
		case "+", "-", "*", "/":
			want(e.X, "number", e.Op)
			want(e.Y, "number", e.Op)
			return "number"
		}
		x, y := b.exprType(c, e.X), b.exprType(c, e.Y)
		if x != "" && y != "" && x != y || e.Op != "=" && e.Op != "!=" && (x == "boolean" || x == "text") {
			b.refuse(c, fmt.Sprintf("%s cannot compare these", e.Op), "compare numbers with numbers")
		}
		return "boolean"
	case CallExpr:
		switch e.Func {
		case "if":
			want(e.Args[0], "boolean", "if")
			x, y := b.exprType(c, e.Args[1]), b.exprType(c, e.Args[2])
			if x != "" && y != "" && x != y {
				b.refuse(c, "the two answers of if are of unlike types", "")
			}
			return x
		case "coalesce":
			first := b.exprType(c, e.Args[0])
			for _, x := range e.Args[1:] {
				want(x, first, "coalesce")
			}
			return first
		}
		for _, x := range e.Args {
			want(x, "number", e.Func)
		}
		return "number"
	}
	return ""
}

// nameType is the exprType of a tag or, where no tag has the name, an
// attribute.
func (b *builder) nameType(c *cursor, name string) string {
	if b.scope == nil {
		return ""
	}
	var t Type
	if _, ok := b.scope.set.Tags[name]; ok {
		t = b.scope.types.tag(name)
	} else if a, ok := b.scope.set.Catalogue.Attributes[name]; ok {
		t = a.Type
	} else {
		known := append(b.known("tag"), b.known("attribute")...)
		m, h := unknown("tag or attribute", name, known)
		b.refuse(c, m, h)
		return ""
	}
	switch {
	case t.Numeric():
		return "number"
	case t.Name == TypeBoolean:
		return "boolean"
	case t.Name == "":
		return ""
	}
	b.refuse(c, fmt.Sprintf("%s is %s, which a formula cannot use", name, typeTitle(t)), "use tags and attributes that are numbers, money or boolean")
	return ""
}
