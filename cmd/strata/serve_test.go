package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// served is a running `strata serve` and a browser that is signed in.
type served struct {
	t      *testing.T
	cmd    *exec.Cmd
	base   string
	client *http.Client
	stderr strings.Builder
}

// serve starts a server over the data directory in a process of its own.
func serve(t *testing.T, data string) *served {
	t.Helper()
	s := &served{t: t, cmd: exec.Command("strata", "--data", data, "serve", "--address", "127.0.0.1:0", "--sign-in")}
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	var link string
	for link == "" && lines.Scan() {
		line := lines.Text()
		if _, after, ok := strings.Cut(line, "Strata serves "); ok {
			s.base = after
		}
		if _, after, ok := strings.Cut(line, "): "); ok {
			link = after
		}
	}
	if link == "" {
		t.Fatalf("no sign-in link: %s", &s.stderr)
	}
	go io.Copy(io.Discard, out)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.client = &http.Client{Jar: jar, Timeout: 20 * time.Second}
	answer, err := s.client.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return s
}

// get reads an answer of the API into v and returns the status.
func (s *served) get(path string, v any) int {
	s.t.Helper()
	answer, err := s.client.Get(s.base + "/api/v1" + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if answer.StatusCode == http.StatusOK && v != nil {
		if err := json.Unmarshal(body, v); err != nil {
			s.t.Fatalf("%s: %v\n%s", path, err, body)
		}
	}
	return answer.StatusCode
}

// interrupt ends the server as Ctrl-C does.
func (s *served) interrupt() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			s.t.Errorf("after an interrupt the server ended with %v\n%s", err, &s.stderr)
		}
	case <-time.After(20 * time.Second):
		s.t.Errorf("an interrupt did not end the server\n%s", &s.stderr)
	}
}

// TestServerSeesCommands: what the command line does while a server holds the
// data directory, the server's API shows at once, and again after it was
// ended and started.
func TestServerSeesCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	for name, text := range map[string]string{
		"map.yaml":         "source: pos\nkeys: {member_no: member}\nevents: [{event: order_paid, time: at, properties: {amount: amount}}]\n",
		"first.csv":        "member,at,amount\nM001,2024-05-01 12:00:00,40.00\n",
		"second.csv":       "member,at,amount\nM002,2024-05-01 12:00:00,20.00\n,2024-05-01 12:00:00,20.00\n",
		"definitions.yaml": "segments: {buyers: {owner: ops, purpose: test, consumer: ops, where: {event: order_paid}}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	strata := func(want int, args ...string) {
		t.Helper()
		cmd := exec.Command("strata", append([]string{"--data", data}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Fatalf("strata %v: exit code %d (%v), want %d\n%s", args, got, err, want, out)
		}
	}
	strata(0, "import", "first.csv", "--map", "map.yaml")

	s := serve(t, data)
	type segment struct {
		Name  string
		Count int
	}
	// New definitions show at once, new data within the ten seconds for which
	// the console's figures stand still.
	buyers := func(want int) {
		t.Helper()
		var all []segment
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			if code := s.get("/segments", &all); code != http.StatusOK {
				t.Fatalf("listing segments: status %d\n%s", code, &s.stderr)
			}
			if len(all) == 1 && all[0].Name == "buyers" && all[0].Count == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("segments as the server shows them: %+v, want %d buyers", all, want)
			}
		}
	}
	strata(0, "apply", "-f", "definitions.yaml", "--yes")
	buyers(1)
	strata(1, "import", "second.csv", "--map", "map.yaml") // one row is refused
	buyers(2)
	var imports []struct{ Refused int }
	if s.get("/imports", &imports); len(imports) != 2 || imports[0].Refused != 1 {
		t.Errorf("imports as the server shows them: %+v", imports)
	}
	s.interrupt()

	s = serve(t, data)
	buyers(2)
	s.interrupt()
}
