package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"strata"
)

// A data directory has one owner. While a server holds it, the command line
// hands its arguments to that server over DATA/strata.sock, and the server
// runs the very same command on its open stores. The protocol is JSON lines:
// one request, then output frames, then one with the exit code.

// request is a command line to be run by the server.
type request struct {
	Args     []string `json:"args"`
	Cwd      string   `json:"cwd"`
	Terminal bool     `json:"terminal"`
	Columns  int      `json:"columns"` // of the terminal
	Lang     string   `json:"lang"`
}

// frame is a piece of output, or the end.
type frame struct {
	Out  []byte `json:"out,omitempty"`
	Err  []byte `json:"err,omitempty"`
	Exit *int   `json:"exit,omitempty"`
}

func socketPath(data string) string { return filepath.Join(data, "strata.sock") }

// forward runs the call in the server that holds the data directory. It
// reports false where none answers.
func (c *call) forward(ctx context.Context, dir string) (bool, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socketPath(dir))
	if err != nil {
		return false, nil
	}
	defer conn.Close()
	// An interrupt ends our side, upon which the server stops the command and
	// says so on its own.
	defer context.AfterFunc(ctx, func() { conn.(*net.UnixConn).CloseWrite() })()
	if err := json.NewEncoder(conn).Encode(request{Args: c.args, Cwd: c.cwd, Terminal: c.terminal, Columns: c.columns, Lang: c.lang}); err != nil {
		return true, &strata.Error{Code: strata.Unavailable, Message: "the running server does not answer", Cause: err}
	}
	frames := json.NewDecoder(bufio.NewReader(conn))
	for {
		var f frame
		if err := frames.Decode(&f); err != nil {
			return true, &strata.Error{Code: strata.Unavailable, Message: "the running server ended before the command did", Hint: "start it again and repeat the command", Cause: err}
		}
		if f.Exit != nil {
			if *f.Exit == 0 {
				return true, nil
			}
			return true, exitError(*f.Exit)
		}
		if _, err := c.stdout.Write(f.Out); err != nil {
			return true, err
		}
		c.stderr.Write(f.Err)
	}
}

// listen serves commands of other processes until ctx ends.
func listen(ctx context.Context, b *business, now func() time.Time) (stop func(), err error) {
	path := socketPath(b.dir)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, &strata.Error{Code: strata.Unavailable, Message: "cannot listen on " + path, Hint: "a socket's path may hold about 100 characters; choose a shorter --data", Cause: err}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		listener.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var calls sync.WaitGroup
	calls.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			calls.Go(func() { answer(ctx, conn, b, now) })
		}
	})
	return func() {
		cancel()
		listener.Close()
		calls.Wait()
	}, nil
}

// answer runs one command for another process.
func answer(ctx context.Context, conn net.Conn, b *business, now func() time.Time) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := bufio.NewReader(conn)
	var req request
	if err := json.NewDecoder(in).Decode(&req); err != nil {
		if errors.Is(err, io.EOF) { // somebody looked whether we are there
			return
		}
		slog.Warn("unreadable command on the socket", "error", err)
		return
	}
	go func() { // the other side is interrupted or gone: stop
		io.Copy(io.Discard, conn)
		cancel()
	}()
	w := &frameWriter{frames: json.NewEncoder(conn)}
	c := &call{
		stdout: frameOut{w, false}, stderr: frameOut{w, true},
		cwd: req.Cwd, now: now, terminal: req.Terminal, columns: req.Columns, lang: req.Lang, shared: b,
	}
	code := c.run(ctx, req.Args)
	w.write(frame{Exit: &code})
}

type frameWriter struct {
	mu     sync.Mutex
	frames *json.Encoder
}

func (w *frameWriter) write(f frame) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.frames.Encode(f)
}

// frameOut is one of the two output streams.
type frameOut struct {
	w      *frameWriter
	stderr bool
}

func (o frameOut) Write(p []byte) (int, error) {
	f := frame{Out: p}
	if o.stderr {
		f = frame{Err: p}
	}
	if err := o.w.write(f); err != nil {
		return 0, fmt.Errorf("writing to the caller: %w", err)
	}
	return len(p), nil
}
