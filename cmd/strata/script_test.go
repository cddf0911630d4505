package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// clockVariable holds the instant that a test's strata takes for now. The
// product does not read it.
const clockVariable = "STRATA_TEST_NOW"

// TestMain makes this binary also the command strata, as scripts and tests
// find it in PATH.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"strata": func() {
			now := time.Now
			if text := os.Getenv(clockVariable); text != "" {
				at, err := time.Parse(time.RFC3339, text)
				if err != nil {
					panic(err)
				}
				now = func() time.Time { return at }
			}
			os.Exit(start(now))
		},
	})
}

var update = flag.Bool("update", false, "write what the commands print into the scripts")

// TestScript runs testdata/script: each is a session at the command line.
// Besides testscript's own commands there are
//
//	exits CODE PROGRAM [ARGUMENT...]  the program must end with this exit code
//	encode KIND FROM TO               writes FROM as bom, crlf, gb18030, utf16, gzip or half (its first half)
//	listening DIRECTORY               waits for the server that holds a data directory
//	capture VARIABLE PATTERN          takes what the group matches in the last output
func TestScript(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("ROOT", root+"/../..")
			e.Setenv(clockVariable, "2026-06-18T10:00:00+08:00")
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("unknown condition " + name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "encode": encode, "listening": listening, "capture": capture,
		},
	})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func encode(ts *testscript.TestScript, _ bool, args []string) {
	from := []byte(ts.ReadFile(args[1]))
	var to []byte
	var err error
	switch args[0] {
	case "bom":
		to = append([]byte("\xef\xbb\xbf"), from...)
	case "crlf":
		to = bytes.ReplaceAll(from, []byte("\n"), []byte("\r\n"))
	case "gb18030":
		to, err = simplifiedchinese.GB18030.NewEncoder().Bytes(from)
	case "utf16":
		to, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes(from)
	case "gzip":
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err = w.Write(from)
		ts.Check(w.Close())
		to = b.Bytes()
	case "half":
		to = from[:len(from)/2]
	default:
		ts.Fatalf("unknown kind %s", args[0])
	}
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), to, 0o600))
}

func listening(ts *testscript.TestScript, _ bool, args []string) {
	if err := awaitServer(ts.MkAbs(args[0])); err != nil {
		ts.Fatalf("no server holds %s: %v", args[0], err)
	}
}

// awaitServer returns when a server answers for the data directory.
func awaitServer(data string) error {
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var conn net.Conn
		if conn, err = net.Dial("unix", socketPath(data)); err == nil {
			return conn.Close()
		}
	}
	return err
}

func capture(ts *testscript.TestScript, _ bool, args []string) {
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout") + ts.ReadFile("stderr"))
	if len(found) != 2 {
		ts.Fatalf("%s is not in the last output", args[1])
	}
	ts.Setenv(args[0], found[1])
}
