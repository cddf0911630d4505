package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The ClickHouse that peers/install puts there.
const (
	chLibrary  = "peers/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so"
	chLauncher = "peers/bin/clickhouse"
)

// clickhouseIsInstalled says why it is not.
func clickhouseIsInstalled() error {
	for _, name := range []string{chLibrary, chLauncher} {
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("ClickHouse is not installed (%s is not there): run bench/peers/install", name)
		}
	}
	return nil
}

// clickhouse is a ClickHouse server of our own, over HTTP on 127.0.0.1.
type clickhouse struct {
	process *exec.Cmd
	url     string
	dir     string
}

// startClickHouse starts a server with its data in a directory. It ends with
// stop, and by itself some hours later.
func startClickHouse(dir string) (_ *clickhouse, err error) {
	if err := clickhouseIsInstalled(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "config.xml")
	text := fmt.Sprintf("<clickhouse>\n  <http_port>%d</http_port>\n  <listen_host>127.0.0.1</listen_host>\n</clickhouse>\n", port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log.txt"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c := &clickhouse{url: fmt.Sprintf("http://127.0.0.1:%d/", port), dir: dir}
	c.process = exec.Command(chLauncher, chLibrary, "--config-file="+config, "--path="+filepath.Join(dir, "data"), "--multiquery",
		"--query", "SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM numbers(10000) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0 FORMAT Null")
	c.process.Stdout, c.process.Stderr = log, log
	c.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.process.Start(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.stop()
		}
	}()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if _, err = c.text("SELECT 1"); err == nil {
			break
		}
		if time.Since(begun) > time.Minute {
			return nil, fmt.Errorf("ClickHouse does not answer, see %s: %w", log.Name(), err)
		}
	}
	for _, q := range []string{"CREATE DATABASE IF NOT EXISTS w ENGINE = Atomic", `CREATE TABLE IF NOT EXISTS w.events (
		customer UInt32, ts UInt32, amount UInt32, brand UInt16, day UInt16, type UInt8, category UInt8, store UInt8, channel UInt8
	) ENGINE = MergeTree ORDER BY (customer, ts)`} {
		if _, err := c.text(q); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// stop ends the server's process and no other.
func (c *clickhouse) stop() error {
	if err := c.process.Process.Kill(); err != nil {
		return err
	}
	c.process.Wait()
	return nil
}

// do sends a query, with rows in the format that it names.
func (c *clickhouse) do(query string, rows io.Reader, settings ...string) (io.ReadCloser, error) {
	values := url.Values{}
	for i := 0; i < len(settings); i += 2 {
		values.Set(settings[i], settings[i+1])
	}
	var body io.Reader = strings.NewReader(query)
	if rows != nil {
		values.Set("query", query)
		body = rows
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, c.url+"?"+values.Encode(), body)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 2000))
		return nil, errors.New("ClickHouse: " + strings.TrimSpace(string(said)))
	}
	return answer.Body, nil
}

// text is the answer of a query, tab-separated.
func (c *clickhouse) text(query string, settings ...string) (string, error) {
	body, err := c.do(query, nil, settings...)
	if err != nil {
		return "", err
	}
	defer body.Close()
	said, err := io.ReadAll(body)
	return strings.TrimRight(string(said), "\n"), err
}

// number is the answer of a query that gives one.
func (c *clickhouse) number(query string) (float64, error) {
	said, err := c.text(query)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(said, 64)
}

// load inserts W in the table's order and merges it into one part.
func (c *clickhouse) load(w Workload) error {
	out, in := io.Pipe()
	go func() {
		b := bufio.NewWriterSize(in, 1<<20)
		err := w.NewStream().Part(1, func(e *Event) error {
			var row [18]byte
			_, err := b.Write(appendRow(row[:0], e))
			return err
		})
		in.CloseWithError(errors.Join(err, b.Flush()))
	}()
	body, err := c.do("INSERT INTO w.events FORMAT RowBinary", out, "input_format_parallel_parsing", "0")
	if err != nil {
		return err
	}
	body.Close()
	_, err = c.text("OPTIMIZE TABLE w.events FINAL")
	return err
}

func appendRow(b []byte, e *Event) []byte {
	b = binary.LittleEndian.AppendUint32(b, e.Customer)
	b = binary.LittleEndian.AppendUint32(b, e.At)
	b = binary.LittleEndian.AppendUint32(b, e.Amount)
	b = binary.LittleEndian.AppendUint16(b, e.Brand)
	b = binary.LittleEndian.AppendUint16(b, e.day())
	return append(b, e.Type, e.Category, e.Store, e.Channel)
}

// timed runs a query whose result is thrown away, and says how long it took
// until the last row was there.
func (c *clickhouse) timed(query string, settings ...string) (time.Duration, error) {
	begun := time.Now()
	_, err := c.text(query+" FORMAT Null", settings...)
	return time.Since(begun), err
}

// rows are the answer of a query as texts.
func (c *clickhouse) rows(query string, settings ...string) ([][]string, error) {
	said, err := c.text(query+" FORMAT TSV", settings...)
	if err != nil {
		return nil, err
	}
	var out [][]string
	for line := range bytes.Lines([]byte(said)) {
		out = append(out, strings.Split(strings.TrimRight(string(line), "\n"), "\t"))
	}
	return out, nil
}
