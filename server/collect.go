package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/klauspost/compress/gzip"

	"strata"
)

// maxCall is the largest body of a collection call, after unpacking.
const maxCall = 500 << 10

// Collector takes what sources send over HTTP in the shape of Segment's
// tracking API.
type Collector interface {
	// Reserve takes room for a body until release is called. Where there is
	// none the error is a *CollectBusy.
	Reserve(bytes int64) (release func(), err error)
	// Collect takes a call (identify, track, page, screen, group, alias, batch
	// or import) with a write key and returns once what it answers is on disk.
	// An unknown key is Forbidden, a body that is no call Invalid, a call that
	// has to wait a *CollectBusy. The key may be empty where the body has it.
	Collect(ctx context.Context, kind, key string, body []byte) ([]Collected, error)
}

// Collected is what became of one item of a call.
type Collected struct {
	MessageID, Status, Field, Reason, Hint string
}

// CollectBusy says when to send a call again.
type CollectBusy struct {
	After time.Duration
	Rate  bool // the source sends faster than it may; else the server is full
}

func (b *CollectBusy) Error() string {
	if b.Rate {
		return "the source sends faster than its rate"
	}
	return "the server has as much waiting as it can hold"
}

// collectPaths are the calls, with the short names that browsers use.
var collectPaths = map[string]string{
	"identify": "identify", "track": "track", "page": "page", "screen": "screen", "group": "group", "alias": "alias", "batch": "batch", "import": "import",
	"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch",
}

// collecting puts the calls of sources on a router. They need no session, and
// any site's pages may make them.
func (c *console) collecting(r chi.Router) {
	for path, kind := range collectPaths {
		r.Post("/v1/"+path, func(w http.ResponseWriter, r *http.Request) { c.collect(w, r, kind) })
		r.Options("/v1/"+path, func(w http.ResponseWriter, _ *http.Request) {
			foreignPages(w)
			w.Header().Set("Access-Control-Allow-Methods", "POST, OPTIONS")
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding")
			w.Header().Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
		})
	}
}

func foreignPages(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	w.Header().Set("Cache-Control", "no-store")
}

var (
	bodies   = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	unzipped = sync.Pool{New: func() any { return new(gzip.Reader) }}
)

func (c *console) collect(w http.ResponseWriter, r *http.Request, kind string) {
	foreignPages(w)
	zipped := strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip")
	if other := r.Header.Get("Content-Encoding"); other != "" && !zipped && !strings.EqualFold(other, "identity") {
		c.refuseCall(w, &Problem{Status: http.StatusUnsupportedMediaType, Code: string(strata.Invalid), Field: "Content-Encoding", Detail: "the encoding " + other + " is not known", Hint: "send gzip, or none"})
		return
	}
	if r.ContentLength > maxCall {
		c.refuseCall(w, tooLargeCall())
		return
	}
	room := r.ContentLength
	if room < 0 || zipped {
		room = maxCall
	}
	release, err := c.Collector.Reserve(room)
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	defer release()
	body := bodies.Get().(*bytes.Buffer)
	defer func() {
		body.Reset()
		bodies.Put(body)
	}()
	if err := readCall(w, r, body, zipped); err != nil {
		c.refuseCall(w, err)
		return
	}
	key, _, _ := r.BasicAuth()
	all, err := c.Collector.Collect(r.Context(), kind, key, body.Bytes())
	if err != nil {
		c.refuseCall(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(collected(all))
}

// readCall reads a body of at most maxCall bytes after unpacking.
func readCall(w http.ResponseWriter, r *http.Request, to *bytes.Buffer, zipped bool) error {
	from := io.Reader(http.MaxBytesReader(w, r.Body, maxCall))
	if zipped {
		z := unzipped.Get().(*gzip.Reader)
		defer unzipped.Put(z)
		if err := z.Reset(from); err != nil {
			return invalidCall("the body is no gzip", err)
		}
		from = z
	}
	n, err := to.ReadFrom(io.LimitReader(from, maxCall+1))
	var large *http.MaxBytesError
	switch {
	case n > maxCall || errors.As(err, &large):
		return tooLargeCall()
	case err != nil:
		return invalidCall("the body could not be read to its end", err)
	}
	return nil
}

func tooLargeCall() *Problem {
	return &Problem{Status: http.StatusRequestEntityTooLarge, Code: string(strata.Invalid), Field: "body", Detail: "the body is larger than 500 KB", Hint: "send smaller batches"}
}

func invalidCall(message string, cause error) error {
	return &strata.Error{Code: strata.Invalid, Field: "body", Message: message, Cause: cause}
}

// refuseCall answers a call of which nothing was taken. SDKs drop what is
// answered with 400 and send again what is answered with 429 or 5xx.
func (c *console) refuseCall(w http.ResponseWriter, err error) {
	var busy *CollectBusy
	if errors.As(err, &busy) {
		p := &Problem{Status: http.StatusServiceUnavailable, Code: string(strata.Unavailable), Detail: busy.Error(), Hint: "send the same again after the seconds of Retry-After"}
		if busy.Rate {
			p.Status, p.Code = http.StatusTooManyRequests, string(tooMany)
		}
		w.Header().Set("Retry-After", strconv.Itoa(int(max(1, (busy.After+time.Second-1)/time.Second))))
		err = p
	}
	p := problemOf(err)
	switch p.Status {
	case http.StatusForbidden:
		p.Status, p.Code = http.StatusUnauthorized, string(unauthenticated)
		w.Header().Set("WWW-Authenticate", `Basic realm="write key", charset="UTF-8"`)
	case http.StatusUnprocessableEntity:
		p.Status = http.StatusBadRequest
	case http.StatusServiceUnavailable:
		if busy == nil {
			w.Header().Set("Retry-After", "1")
		}
	}
	if p.Status >= http.StatusInternalServerError && busy == nil {
		c.Logger.Error("a call was not taken", "error", err)
	}
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	sendProblem(w, p)
}

// collected prints the answer by hand: it is written for every call.
func collected(all []Collected) []byte {
	counts := [4]int{}
	statuses := [4]string{"accepted", "repeated", "quarantined", "refused"}
	for i := range all {
		for j, s := range statuses {
			if all[i].Status == s {
				counts[j]++
			}
		}
	}
	b := make([]byte, 0, 64+80*len(all))
	b = append(b, `{"success":true`...)
	for j, s := range statuses {
		b = append(append(append(b, ',', '"'), s...), `":`...)
		b = strconv.AppendInt(b, int64(counts[j]), 10)
	}
	b = append(b, `,"results":[`...)
	for i := range all {
		o := &all[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"status":"`...)
		b = append(append(b, o.Status...), '"')
		for _, f := range [...][2]string{{"messageId", o.MessageID}, {"field", o.Field}, {"reason", o.Reason}, {"hint", o.Hint}} {
			if f[1] != "" {
				b = append(append(append(b, `,"`...), f[0]...), `":`...)
				b = appendJSONString(b, f[1])
			}
		}
		b = append(b, '}')
	}
	return append(b, "]}\n"...)
}

// appendJSONString writes a text in quotes.
func appendJSONString(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
