package imports

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "strata"

// root is the repository's root as seen from this package.
const root = "../.."

// source is one package: its directory relative to the root ("." for the root
// package) and its files that are not tests.
type source struct {
	dir   string
	files map[string]*ast.File
}

func TestImportsFollowTheTable(t *testing.T) {
	rules := readTable(t, filepath.Join(root, "docs", "architecture.md"))
	set := token.NewFileSet()
	packages := readSources(t, set, root)
	for _, p := range packages {
		if p.dir == "." || forTests(p.dir) {
			continue // like tests, helpers of tests may join stages; check refuses them elsewhere
		}
		may, listed := rules[p.dir]
		if !listed && !strings.HasPrefix(p.dir, "internal/") {
			t.Errorf("%s has no row in the table of docs/architecture.md; add one that says what it may import", p.dir)
		}
		for _, problem := range check(set, p, may) {
			t.Error(problem)
		}
	}
	for dir := range rules {
		if !slices.ContainsFunc(packages, func(p source) bool { return p.dir == dir }) {
			t.Errorf("the table of docs/architecture.md lists %s, which is not there", dir)
		}
	}
}

func TestRootImportsOnlyTheStandardLibrary(t *testing.T) {
	set := token.NewFileSet()
	for _, p := range readSources(t, set, root) {
		if p.dir != "." {
			continue
		}
		for _, file := range p.files {
			for _, spec := range file.Imports {
				name := importPath(spec)
				// Paths of the standard library have no dot in their first element.
				first, _, _ := strings.Cut(name, "/")
				if strings.Contains(first, ".") || first == module {
					t.Errorf("%s: the root package imports %s; it may import only the standard library", set.Position(spec.Pos()), name)
				}
			}
		}
		return
	}
	t.Error("there is no root package")
}

func TestOnlyCommandsReadTheClock(t *testing.T) {
	set := token.NewFileSet()
	for _, p := range readSources(t, set, root) {
		if strings.HasPrefix(p.dir, "cmd/") {
			continue
		}
		for _, problem := range clocks(set, p) {
			t.Error(problem)
		}
	}
}

func TestEveryPackageHasADocComment(t *testing.T) {
	set := token.NewFileSet()
	for _, p := range readSources(t, set, root) {
		documented := 0
		for _, file := range p.files {
			if file.Doc != nil && strings.TrimSpace(file.Doc.Text()) != "" {
				documented++
			}
		}
		switch {
		case documented == 0:
			t.Errorf("package %s has no doc comment; say its one sentence above a package clause", p.dir)
		case documented > 1:
			t.Errorf("package %s has %d doc comments; keep one", p.dir, documented)
		}
	}
}

// TestEveryDependencyHasItsReason reads tests too: what they need is a
// dependency as well.
func TestEveryDependencyHasItsReason(t *testing.T) {
	page := filepath.Join(root, "docs", "decisions", "0001-dependencies.md")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, line := range strings.Split(string(text), "\n") {
		if m := codeSpan.FindStringSubmatch(line); m != nil && strings.HasPrefix(line, "| `") {
			reasons = append(reasons, m[1])
		}
	}
	set := token.NewFileSet()
	used := map[string]bool{}
	walkSources(t, set, root, true, func(_ string, file *ast.File) {
		for _, spec := range file.Imports {
			name := importPath(spec)
			first, _, _ := strings.Cut(name, "/")
			if !strings.Contains(first, ".") || first == module {
				continue
			}
			i := slices.IndexFunc(reasons, func(m string) bool { return name == m || strings.HasPrefix(name, m+"/") })
			if i < 0 {
				t.Errorf("%s: %s has no line in docs/decisions/0001-dependencies.md; say there why it is needed", set.Position(spec.Pos()), name)
				continue
			}
			used[reasons[i]] = true
		}
	})
	for _, m := range reasons {
		if !used[m] {
			t.Logf("docs/decisions/0001-dependencies.md gives a reason for %s, which nothing imports", m)
		}
	}
}

// TestChecksCanFail gives the checks sources that break each rule.
func TestChecksCanFail(t *testing.T) {
	set := token.NewFileSet()
	parse := func(dir, text string) source {
		file, err := parser.ParseFile(set, dir+"/x.go", text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		return source{dir, map[string]*ast.File{"x.go": file}}
	}
	for _, c := range []struct {
		name, text string
		imports    int // problems that check finds
		clocks     int // that clocks finds
	}{
		{"allowed", "package ingest\nimport (_ \"strata\"; _ \"strata/define\"; _ \"github.com/some/thing\")", 0, 0},
		{"another stage", "package ingest\nimport _ \"strata/timeline\"", 1, 0},
		{"below another stage", "package ingest\nimport _ \"strata/timeline/keys\"", 1, 0},
		{"a helper of tests", "package ingest\nimport _ \"strata/define/definetest\"", 1, 0},
		{"the clock", "package ingest\nimport \"time\"\nvar _ = time.Now()", 0, 1},
		{"the clock, kept for later", "package ingest\nimport clock \"time\"\nvar now = clock.Now", 0, 1},
		{"the clock, hidden", "package ingest\nimport \"time\"\nfunc f(t time.Time) time.Duration { return time.Since(t) + time.Until(t) }", 0, 2},
		{"something of the same name", "package ingest\nimport \"example.com/time\"\nvar _ = time.Now()", 0, 0},
	} {
		p := parse("ingest", c.text)
		if got := check(set, p, allowance{names: []string{"define"}}); len(got) != c.imports {
			t.Errorf("%s: %d problems of imports, want %d: %v", c.name, len(got), c.imports, got)
		}
		if got := clocks(set, p); len(got) != c.clocks {
			t.Errorf("%s: %d problems of clocks, want %d: %v", c.name, len(got), c.clocks, got)
		}
	}
}

// allowance says what a package may import of ours, besides the root.
type allowance struct {
	everything bool
	names      []string
}

// forTests reports whether a package serves tests only: its name ends in
// "test", such as define/definetest.
func forTests(dir string) bool { return strings.HasSuffix(dir, "test") }

// check returns the imports of p that the allowance does not hold.
func check(set *token.FileSet, p source, may allowance) []string {
	var problems []string
	for _, file := range p.files {
		for _, spec := range file.Imports {
			name, ours := strings.CutPrefix(importPath(spec), module+"/")
			if ours && forTests(name) {
				problems = append(problems, fmt.Sprintf("%s: %s imports %s, which is only for tests", set.Position(spec.Pos()), p.dir, name))
				continue
			}
			if !ours || may.everything || slices.Contains(may.names, name) {
				continue
			}
			problems = append(problems, fmt.Sprintf("%s: %s imports %s, which the table of docs/architecture.md does not allow", set.Position(spec.Pos()), p.dir, name))
		}
	}
	return problems
}

// clocks returns where p reads the clock.
func clocks(set *token.FileSet, p source) []string {
	var problems []string
	for _, file := range p.files {
		local := ""
		for _, spec := range file.Imports {
			if importPath(spec) == "time" {
				local = "time"
				if spec.Name != nil {
					local = spec.Name.Name
				}
			}
		}
		if local == "" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if ok && x.Name == local && slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name) {
				problems = append(problems, fmt.Sprintf("%s: %s reads the clock with time.%s; only cmd/ may, pass the time in", set.Position(sel.Pos()), p.dir, sel.Sel.Name))
			}
			return true
		})
	}
	return problems
}

func importPath(spec *ast.ImportSpec) string {
	name, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value
	}
	return name
}

// readSources parses every package under dir without its tests, which may
// join stages as cmd/ does.
func readSources(t *testing.T, set *token.FileSet, dir string) []source {
	t.Helper()
	var out []source
	walkSources(t, set, dir, false, func(name string, file *ast.File) {
		at := path.Dir(name)
		i := slices.IndexFunc(out, func(p source) bool { return p.dir == at })
		if i < 0 {
			i = len(out)
			out = append(out, source{at, map[string]*ast.File{}})
		}
		out[i].files[path.Base(name)] = file
	})
	if len(out) < 3 {
		t.Fatalf("only %d packages found under %s", len(out), dir)
	}
	return out
}

// walkSources parses every Go file under dir, in the order of their names
// relative to it, and leaves out directories that the go command ignores and
// other modules.
func walkSources(t *testing.T, set *token.FileSet, dir string, tests bool, fn func(name string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if name != dir && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "vendor" || base == "node_modules") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); name != dir && err == nil {
				return filepath.SkipDir // another module, such as bench
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") && !tests {
			return nil
		}
		file, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		fn(filepath.ToSlash(rel), file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// readTable reads the table "package | may import" of the document: names in
// code spans, "everything", or a dash for nothing.
func readTable(t *testing.T, name string) map[string]allowance {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]allowance{}
	inside := false
	for n, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) != 2 {
			inside = false
			continue
		}
		if strings.TrimSpace(cells[0]) == "package" && strings.TrimSpace(cells[1]) == "may import" {
			inside = true
			continue
		}
		if !inside || strings.Trim(line, "|- ") == "" {
			continue
		}
		names := codeSpan.FindStringSubmatch(cells[0])
		if names == nil {
			t.Fatalf("%s:%d: the first cell names no package in a code span: %s", name, n+1, line)
		}
		var may allowance
		switch rest := strings.TrimSpace(cells[1]); rest {
		case "everything":
			may.everything = true
		case "–", "-", "":
		default:
			for _, m := range codeSpan.FindAllStringSubmatch(rest, -1) {
				may.names = append(may.names, m[1])
			}
			if left := strings.Trim(codeSpan.ReplaceAllString(rest, ""), ", "); left != "" {
				t.Fatalf("%s:%d: cannot read %q in the second cell", name, n+1, left)
			}
		}
		if _, twice := rules[names[1]]; twice {
			t.Fatalf("%s:%d: %s has two rows", name, n+1, names[1])
		}
		rules[names[1]] = may
	}
	if len(rules) < 5 {
		t.Fatalf("%s: the table of imports has only %d rows", name, len(rules))
	}
	for dir, may := range rules {
		for _, other := range may.names {
			if _, ok := rules[other]; !ok {
				t.Errorf("%s: %s may import %s, which has no row", name, dir, other)
			}
		}
	}
	return rules
}
