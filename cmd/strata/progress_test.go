package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestProgressBar imports on a terminal: a bar moves while it runs and leaves
// nothing behind. The terminal is that of script(1).
func TestProgressBar(t *testing.T) {
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip("SKIPPED: script(1), which makes a terminal, is not here; it is in the package bsdutils or util-linux")
	}
	t.Setenv(clockVariable, "2026-06-18T10:00:00+08:00")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pos.csv"), generated(rand.New(rand.NewPCG(1, 1)), 30_000))
	write(t, filepath.Join(dir, "pos.yaml"), killMapping)

	onTerminal := func(command string) (typescript string, screen []string) {
		t.Helper()
		cmd := exec.Command("script", "-qec", "stty rows 30 cols 200; "+command, "typescript")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); cmd.ProcessState == nil {
			t.Fatalf("%v\n%s", err, out)
		}
		text, err := os.ReadFile(filepath.Join(dir, "typescript"))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range onScreen(string(text)) {
			if line = strings.TrimRight(line, " "); line != "" && !strings.HasPrefix(line, "Script ") {
				screen = append(screen, line)
			}
		}
		return string(text), screen
	}

	plain := exec.Command("strata", "--data", "plain", "import", "pos.csv", "--map", "pos.yaml", "--quiet")
	plain.Dir = dir
	out, err := plain.CombinedOutput() // rows are refused, so that there is an error's line too
	if code := plain.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("exit code %d: %v\n%s", code, err, out)
	}
	want := strings.Split(strings.TrimRight(string(out), "\n"), "\n")

	typescript, screen := onTerminal("strata --data bar import pos.csv --map pos.yaml")
	if !regexp.MustCompile(`pos\.csv (checking|importing) +\[=*>?-*\] \d+ % `).MatchString(typescript) {
		t.Errorf("no bar was seen:\n%q", typescript)
	}
	if strings.Join(screen, "\n") != strings.Join(want, "\n") {
		t.Errorf("the terminal shows at the end\n%s\nwant\n%s", strings.Join(screen, "\n"), strings.Join(want, "\n"))
	}

	typescript, screen = onTerminal("strata --data quiet --quiet import pos.csv --map pos.yaml")
	if strings.Contains(typescript, "\x1b") || strings.Contains(typescript, "checking") {
		t.Errorf("--quiet is not quiet:\n%q", typescript)
	}
	if strings.Join(screen, "\n") != strings.Join(want, "\n") {
		t.Errorf("the terminal shows with --quiet\n%s\nwant\n%s", strings.Join(screen, "\n"), strings.Join(want, "\n"))
	}
}

// onScreen is what stands on an endless terminal after the text: it knows the
// carriage's movements, cursor up, and erasing to the end.
func onScreen(text string) []string {
	control := regexp.MustCompile(`^\x1b\[(\d*)([AJK])`)
	lines, row, column := [][]rune{nil}, 0, 0
	for text != "" {
		if m := control.FindStringSubmatch(text); m != nil {
			switch m[2] {
			case "A":
				n, _ := strconv.Atoi(m[1])
				row = max(0, row-max(1, n))
			case "J":
				lines = lines[:row+1]
				fallthrough
			case "K":
				lines[row] = lines[row][:min(column, len(lines[row]))]
			}
			text = text[len(m[0]):]
			continue
		}
		c := []rune(text[:min(4, len(text))])[0]
		text = text[len(string(c)):]
		switch c {
		case '\r':
			column = 0
		case '\n':
			if row++; row == len(lines) {
				lines = append(lines, nil)
			}
			if strings.HasPrefix(string(lines[0]), "Script ") && row == 1 {
				column = 0 // script's own line, which is not the terminal's
			}
		default:
			for len(lines[row]) <= column {
				lines[row] = append(lines[row], ' ')
			}
			lines[row][column] = c
			column++
		}
	}
	var out []string
	for _, line := range lines {
		out = append(out, string(line))
	}
	return out
}
