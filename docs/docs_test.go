// Package docs_test checks that what the documents show works: mappings parse,
// links lead somewhere, both languages show the same.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"strata/define"
	"strata/ingest"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

func TestMappingsInTheDocumentsParse(t *testing.T) {
	catalogue := define.Standard()
	for _, name := range []string{"mapping.md", "mapping.zh-CN.md"} {
		blocks := yamlBlock.FindAllStringSubmatch(read(t, name), -1)
		if len(blocks) < 2 {
			t.Fatalf("%s shows only %d mappings", name, len(blocks))
		}
		for _, b := range blocks {
			if _, err := ingest.ParseMapping(name, []byte(b[1]), &catalogue); err != nil {
				t.Errorf("a mapping in %s:\n%v", name, err)
			}
		}
	}
}

// TestBothLanguagesShowTheSameWords compares the first cells of all tables,
// which are the words of the format.
func TestBothLanguagesShowTheSameWords(t *testing.T) {
	words := func(name string) string {
		var out []string
		code := regexp.MustCompile("`[a-z_]+")
		for _, line := range strings.Split(read(t, name), "\n") {
			if strings.HasPrefix(line, "| `") {
				first, _, _ := strings.Cut(line[2:], " | ")
				out = append(out, strings.Join(code.FindAllString(first, -1), " "))
			}
		}
		return strings.Join(out, "\n")
	}
	if en, zh := words("mapping.md"), words("mapping.zh-CN.md"); en != zh {
		t.Errorf("mapping.md has the words\n%s\nand mapping.zh-CN.md\n%s", en, zh)
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)`)
	var files []string
	for _, pattern := range []string{"*.md", "decisions/*.md", "../*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, name := range files {
		for _, m := range link.FindAllStringSubmatch(read(t, name), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
