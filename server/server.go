package server

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"strata"
	"strata/compute"
	"strata/identity"
	"strata/publish"
	"strata/timeline"
)

const (
	answerTimeout  = 2 * time.Minute // of one answer; the first after an import computes everyone
	sessionLength  = 7 * 24 * time.Hour
	maxRequestBody = 1 << 20
)

// Options is what the server is made of. All parts but Console, Logger and
// those said to have a default or to be nil are needed.
type Options struct {
	Engine      *compute.Engine
	Live        *compute.Live       // what is published; the console shows it as now
	Definitions compute.Definitions // the engine's
	Timeline    *timeline.Store
	Identity    *identity.Store
	Accounts    Accounts
	Links       SignInLinks
	Sessions    scs.Store
	Audit       Audit
	Pins        Pins
	Imports     Imports
	Publisher   *publish.Publisher
	Versions    Versions
	Schedules   Schedules
	Collector   Collector
	Sources     Sources
	WriteKeys   WriteKeys
	Quarantine  Quarantine
	Proposals   Proposals
	Watching    Watching
	Now         func() time.Time

	Erasures Erasures // nil: customers cannot be erased here
	Outgoing Outgoing // nil: nothing is ever held

	Console       fs.FS        // the built console, index.html at its root; nil = API only
	Business      Text2        // its name
	Version       string       // of the program; part of entity tags
	SecureCookies bool         // only over HTTPS; set it behind a TLS proxy
	Logger        *slog.Logger // default: none
}

func (o *Options) validate() error {
	for name, absent := range map[string]bool{
		"Engine": o.Engine == nil, "Live": o.Live == nil, "Definitions": o.Definitions == nil, "Timeline": o.Timeline == nil, "Identity": o.Identity == nil,
		"Accounts": o.Accounts == nil, "Links": o.Links == nil, "Sessions": o.Sessions == nil, "Audit": o.Audit == nil,
		"Pins": o.Pins == nil, "Imports": o.Imports == nil, "Publisher": o.Publisher == nil, "Versions": o.Versions == nil, "Schedules": o.Schedules == nil, "Collector": o.Collector == nil,
		"Sources": o.Sources == nil, "WriteKeys": o.WriteKeys == nil, "Quarantine": o.Quarantine == nil, "Proposals": o.Proposals == nil, "Watching": o.Watching == nil, "Now": o.Now == nil,
	} {
		if absent {
			return &strata.Error{Code: strata.Invalid, Field: "server.Options." + name, Message: "is missing"}
		}
	}
	return nil
}

// Server serves the API and the console.
type Server struct {
	console *console
	http    *http.Server
	done    chan struct{} // closed when Serve has ended
	leave   sync.Once
}

// New returns a server that does not listen yet.
func New(o Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	zone, err := o.Timeline.Settings().Location()
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.Background())
	c := &console{
		Options: o, settings: o.Timeline.Settings(), zone: zone, sessions: newSessions(&o),
		life: life, end: end, leaving: make(chan struct{}), views: map[looked]strata.Instant{},
		portraits: newMemo[view, *portrait](life, 4), trends: newMemo[day, map[string][]int](life, 2),
		periods: newMemo[day, *period](life, 2), earlier: newMemo[day, *compute.Answer](life, 2), grids: newMemo[gridOf, *gridAnswer](life, 8), names: newMemo[uint64, *nameIndex](life, 1),
		migrations: newMemo[migrationOf, *compute.Migration](life, 8), watched: newMemo[tierAt, []compute.Watched](life, 8), falling: newMemo[tierAt, map[string]*roaring.Bitmap](life, 8),
		allTags: newMemo[view, []TagInfo](life, 2), sampled: newMemo[samplesOf, Samples](life, 16),
	}
	handler, err := c.routes()
	if err != nil {
		end()
		return nil, err
	}
	return &Server{console: c, http: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}}, nil
}

// Handler is everything that the server serves, for a caller that listens
// itself.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Start serves on the listener and computes ahead what the first pages need,
// both in the background, until Stop, which closes the listener. It is called
// at most once.
func (s *Server) Start(l net.Listener) {
	s.done = make(chan struct{})
	s.console.background.Go(s.console.keepWarm)
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.console.Logger.Error("the server stopped listening", "error", err)
		}
	}()
}

// Done is closed when a started server no longer listens.
func (s *Server) Done() <-chan struct{} { return s.done }

// Stop lets running requests end, as long as the context allows, and waits
// for the work in the background. The stores can be closed after it.
func (s *Server) Stop(ctx context.Context) error {
	s.leave.Do(func() { close(s.console.leaving) })
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	s.console.end()
	s.console.background.Wait()
	s.console.portraits.wait()
	s.console.trends.wait()
	s.console.periods.wait()
	s.console.earlier.wait()
	s.console.grids.wait()
	s.console.names.wait()
	s.console.allTags.wait()
	s.console.sampled.wait()
	s.console.migrations.wait()
	s.console.watched.wait()
	s.console.falling.wait()
	if err != nil {
		return &strata.Error{Code: strata.Unavailable, Message: "some requests were still running when the server stopped", Cause: err}
	}
	return nil
}

// console answers the API's operations.
type console struct {
	Options
	settings strata.Settings
	zone     *time.Location
	sessions *scs.SessionManager

	leaving    chan struct{}   // closed when Stop begins: streams end
	life       context.Context // ends with Stop
	end        context.CancelFunc
	background sync.WaitGroup

	mu      sync.Mutex
	views   map[looked]strata.Instant // recorded in the audit
	stood   day                       // see settled
	stoodAt strata.Instant

	portraits *memo[view, *portrait]
	trends    *memo[day, map[string][]int]
	periods   *memo[day, *period]
	earlier   *memo[day, *compute.Answer] // everyone when the period began
	grids     *memo[gridOf, *gridAnswer]
	names     *memo[uint64, *nameIndex]
	allTags   *memo[view, []TagInfo]
	sampled   *memo[samplesOf, Samples]

	migrations *memo[migrationOf, *compute.Migration]
	watched    *memo[tierAt, []compute.Watched]
	falling    *memo[tierAt, map[string]*roaring.Bitmap] // who is heading down, by level
}

// problem is the answer to an error of an operation.
func (c *console) problem(operation string, err error) error {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		c.Logger.Error("a request was not answered", "operation", operation, "error", err)
	}
	return p
}

func (c *console) routes() (http.Handler, error) {
	r := chi.NewRouter()
	compressed := middleware.Compress(5, "application/json", "application/problem+json", "text/csv", "text/html", "text/css", "text/javascript", "image/svg+xml", "application/manifest+json")
	r.Use(c.recovered, secured, func(next http.Handler) http.Handler {
		smaller := compressed(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/v1/") { // short, and answered by the thousand a second
				next.ServeHTTP(w, r)
				return
			}
			smaller.ServeHTTP(w, r)
		})
	})
	foreign := http.NewCrossOriginProtection()
	foreign.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		sendProblem(w, &strata.Error{Code: strata.Forbidden, Message: "this request came from another site", Hint: "use the console of this server"})
	}))
	r.Group(func(r chi.Router) {
		r.Use(foreign.Handler, limited, c.sessions.LoadAndSave)
		newAPI(r, c)
		r.Get("/sign-in", c.signInByLink)
	})
	c.collecting(r)
	absent := func(w http.ResponseWriter, r *http.Request) {
		sendProblem(w, &strata.Error{Code: strata.NotFound, Message: "there is nothing at " + r.URL.Path, Hint: "the API is described at " + prefix + "/openapi.json"})
	}
	r.HandleFunc("/api/*", absent)
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		sendProblem(w, &Problem{Type: "about:blank", Title: "Method Not Allowed", Status: http.StatusMethodNotAllowed, Code: string(strata.Invalid), Detail: "this address does not take " + r.Method})
	})
	if c.Console == nil {
		r.NotFound(absent)
		return r, nil
	}
	files, err := newFiles(c.Console)
	if err != nil {
		return nil, err
	}
	r.NotFound(files.ServeHTTP)
	return r, nil
}

// limited bounds what a request may send.
func limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxRequestBody)
		next.ServeHTTP(w, r)
	})
}

// policy is what the console's pages may load: their own files and, because
// the component library sets them while running, inline styles.
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		next.ServeHTTP(w, r)
	})
}

// recovered turns a panic into an answer and a line of the log.
func (c *console) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch x := recover(); x {
			case nil:
			case http.ErrAbortHandler:
				panic(x)
			default:
				c.Logger.Error("a request was not answered: panic", "path", r.URL.Path, "panic", x, "stack", stack())
				sendProblem(w, &strata.Error{Code: strata.Internal})
			}
		}()
		next.ServeHTTP(w, r)
	})
}
