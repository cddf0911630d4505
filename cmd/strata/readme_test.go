package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme runs the commands that the READMEs show under "Your own data", in
// their order, on the example that they name.
func TestReadme(t *testing.T) {
	t.Setenv(clockVariable, "2026-06-18T10:00:00+08:00")
	english, chinese := shownCommands(t, "README.md"), shownCommands(t, "README.zh-CN.md")
	if strings.Join(english, "\n") != strings.Join(chinese, "\n") {
		t.Errorf("README.md shows\n%s\nREADME.zh-CN.md\n%s", strings.Join(english, "\n"), strings.Join(chinese, "\n"))
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "examples", "orders"))); err != nil {
		t.Fatal(err)
	}
	var last string
	for _, line := range english {
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, cmd.Stderr)
		}
		if len(out) == 0 {
			t.Errorf("%s printed nothing", line)
		}
		last = string(out)
	}
	if !strings.HasPrefix(last, "✓ ") || !strings.Contains(last, "order_paid") {
		t.Errorf("the last command printed\n%s", last)
	}
}

// shownCommands are the lines of the first block of commands with strata.
func shownCommands(t *testing.T, readme string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", readme))
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, block := range strings.Split(string(text), "```sh\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for _, line := range strings.Split(block, "\n") {
			if command, _, _ := strings.Cut(line, "  # "); strings.HasPrefix(command, "strata ") {
				commands = append(commands, strings.TrimSpace(command))
			}
		}
	}
	if len(commands) < 5 {
		t.Fatalf("%s shows only %q", readme, commands)
	}
	return commands
}
