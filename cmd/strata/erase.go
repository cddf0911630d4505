package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"strata"
	"strata/compute"
	"strata/erasure"
	"strata/identity"
	"strata/ingest"
	"strata/registry"
	"strata/timeline"
)

// ledgerName is the ledger of erasures in the data directory, and its copies
// where backups are.
const ledgerName = "erased.ledger"

// placesSetting holds where backups were made, as a JSON list.
const placesSetting = "backup.places"

// erasable is what an erasure would take away.
type erasable struct {
	Customer   string   `json:"customer"`
	Number     uint32   `json:"number"`
	Keys       []string `json:"keys"` // masked
	Events     int      `json:"events"`
	Attributes int      `json:"attributes"`
	Named      []string `json:"named_in_definitions"` // which a person edits
	Backups    []string `json:"backups"`              // places whose backups hold the customer still
}

// receipt is what an erasure took away.
type receipt struct {
	ID       string   `json:"id"`
	At       string   `json:"at"`
	Number   uint32   `json:"number"`
	Keys     int      `json:"keys"`
	Events   int      `json:"events"`
	Refused  int      `json:"refused_rows"`
	Entries  int      `json:"history_entries"`
	Rows     int64    `json:"registry_rows"`
	Found    []string `json:"found_in,omitempty"` // files in which something still stands; of --search
	Warnings []string `json:"warnings,omitempty"`
}

func (c *call) eraseCommand() *cobra.Command {
	var by byFlags
	var yes, search bool
	var allow string
	cmd := &cobra.Command{
		Use: "erase CUSTOMER --reason TEXT", Short: "Erase everything that is known of a customer, for good",
		Args: func(cmd *cobra.Command, args []string) error {
			if allow != "" && len(args) == 0 {
				return nil
			}
			return exactly(1, "a CUSTOMER")(cmd, args)
		},
		Long: "Shows what would go, and with --yes takes it away: keys, attributes, events, tags set by hand, histories, refused rows, pins and the\n" +
			"name in the audit. The tables that held it are written anew. Keyed hashes of the keys keep the person out of later imports and erase\n" +
			"the person from restored backups. There is no undo.",
		RunE: c.withData(func(ctx context.Context, b *business, args []string) error {
			who, err := c.by(ctx, b, by)
			if err != nil {
				return err
			}
			if allow != "" {
				return c.letIn(ctx, b, allow, who)
			}
			customer, err := b.customer(args[0])
			if err != nil {
				return err
			}
			x, err := b.erasable(ctx, customer)
			if err != nil {
				return err
			}
			if !yes {
				return c.printErasable(x)
			}
			if strings.TrimSpace(who.Reason) == "" {
				return usageError{errors.New("erase: say why with --reason")}
			}
			r, err := b.erase(ctx, customer, who, search)
			if err != nil {
				return err
			}
			return c.printReceipt(r)
		}),
	}
	by.on(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "erase, and not only show what would go")
	cmd.Flags().BoolVar(&search, "search", false, "read the whole data directory afterwards, and name the files in which a key or a text of the customer still stands")
	cmd.Flags().StringVar(&allow, "allow", "", "let a person in again who was erased and has come back: `NAMESPACE:VALUE` of each key")
	return cmd
}

func (c *call) printErasable(x *erasable) error {
	if c.json {
		return c.printJSON(x)
	}
	fmt.Fprintf(c.stdout, "%s (number %d): %d keys (%s), %d events, %d attribute values\n", x.Customer, x.Number, len(x.Keys), strings.Join(x.Keys, ", "), x.Events, x.Attributes)
	for _, name := range x.Named {
		fmt.Fprintf(c.stdout, "named in the definition %s, which a person edits\n", name)
	}
	for _, place := range x.Backups {
		fmt.Fprintf(c.stdout, "backups in %s hold the customer; restoring one erases the customer again\n", place)
	}
	fmt.Fprintln(c.stdout, "nothing was erased: repeat the command with --reason and --yes; there is no undo")
	return nil
}

func (c *call) printReceipt(r *receipt) error {
	if c.json {
		if err := c.printJSON(r); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(c.stdout, "erased at %s: %d keys, %d events, %d refused rows, %d entries of histories, %d rows of the registry; receipt %s\n", r.At, r.Keys, r.Events, r.Refused, r.Entries, r.Rows, r.ID)
		for _, w := range r.Warnings {
			fmt.Fprintln(c.stderr, "warning:", w)
		}
		for _, f := range r.Found {
			fmt.Fprintf(c.stdout, "still in %s\n", f)
		}
	}
	if len(r.Found) > 0 {
		return &strata.Error{Code: strata.Conflict, Message: fmt.Sprintf("something of the customer still stands in %d files", len(r.Found)),
			Hint: "the list of tables (MANIFEST) goes with the next start; edit definitions that name the customer"}
	}
	return nil
}

// letIn takes the mark of a key away.
func (c *call) letIn(ctx context.Context, b *business, text string, who registry.By) error {
	namespace, value, ok := strings.Cut(text, ":")
	key, err := identity.Normalise(namespace, value)
	if !ok || err != nil {
		return usageError{fmt.Errorf("--allow: %q is not NAMESPACE:VALUE, such as phone:13800138000", text)}
	}
	found := false
	err = b.store.Update(true, func(batch strata.Batch) (err error) {
		found, err = b.marks.Allow(batch, key)
		return err
	})
	if err != nil {
		return err
	}
	if !found {
		return &strata.Error{Code: strata.NotFound, Field: "--allow", Message: "nobody with this key was erased"}
	}
	if err := b.ledger.Append(erasure.Entry{ID: newReceipt(), At: who.At, Allowed: []string{b.marks.Of(key).String()}, Done: true}); err != nil {
		return err
	}
	b.marks.Allowed(key)
	if err := b.registry.AppendAudit(ctx, registry.AuditEntry{At: who.At, Account: who.Account, Action: "erasure.allow", Detail: reasonOf(who)}); err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, "the key is let in again")
	return nil
}

func reasonOf(who registry.By) json.RawMessage {
	text, _ := json.Marshal(map[string]string{"reason": who.Reason}) // a string always is JSON
	return text
}

func newReceipt() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// erasable says what an erasure would take away.
func (b *business) erasable(ctx context.Context, c strata.CustomerID) (*erasable, error) {
	keys, err := b.people.Keys(c)
	if err != nil {
		return nil, err
	}
	x := &erasable{Customer: b.public(c), Number: uint32(c), Keys: []string{}}
	for _, k := range keys {
		x.Keys = append(x.Keys, k.Namespace+" "+identity.Mask(k))
	}
	events, err := b.store.Events(c)
	if err != nil {
		return nil, err
	}
	x.Events = len(events)
	err = b.store.Load(c, func(h *strata.History) error {
		x.Attributes = len(h.Attributes)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if x.Named, err = b.registry.Naming(ctx, append(valuesOf(keys), x.Customer)); err != nil {
		return nil, err
	}
	x.Backups, err = b.backupPlaces(ctx)
	return x, err
}

func valuesOf(keys []strata.Key) (values []string) {
	for _, k := range keys {
		values = append(values, k.Value)
		if national, ok := strings.CutPrefix(k.Value, "+86"); ok && k.Namespace == identity.Phone {
			values = append(values, national)
		}
	}
	return values
}

// erase takes everything of a customer away. Once the entry of the ledger is
// on disk it is finished, by this process or by the next that opens the data
// directory.
func (b *business) erase(ctx context.Context, c strata.CustomerID, who registry.By, search bool) (*receipt, error) {
	b.importing.Lock()
	defer b.importing.Unlock()
	keys, err := b.people.Keys(c)
	if err != nil {
		return nil, err
	}
	e := erasure.Entry{ID: newReceipt(), At: who.At, Customer: c}
	for _, k := range keys {
		if k.Namespace != identity.AnonymousID { // a device may be another's next
			e.Keys = append(e.Keys, b.marks.Of(k).String())
		}
	}
	texts := valuesOf(keys)
	err = b.store.Load(c, func(h *strata.History) error {
		for _, a := range h.Attributes {
			if b.sensitive(ctx, a.Name) && len(a.Value.Text) >= 4 {
				texts = append(texts, a.Value.Text)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	events, err := b.store.Events(c)
	if err != nil {
		return nil, err
	}
	if err := b.ledger.Append(e); err != nil {
		return nil, err
	}
	r := &receipt{ID: e.ID, At: b.show(who.At), Number: uint32(c), Events: len(events), Keys: len(keys)}
	if err := b.finishErasure(ctx, e, keys, who, r); err != nil {
		return nil, err
	}
	if search {
		return r, b.searchFor(ctx, texts, r)
	}
	return r, nil
}

// sensitive reports whether an attribute is guarded by the catalogue.
func (b *business) sensitive(ctx context.Context, name string) bool {
	set, _, err := b.registry.Published(ctx)
	return err == nil && set.Catalogue.Guarded(name)
}

// finishErasure does what an entry of the ledger says. Doing it again does
// nothing more.
func (b *business) finishErasure(ctx context.Context, e erasure.Entry, keys []strata.Key, who registry.By, r *receipt) error {
	ctx = context.WithoutCancel(ctx) // what is begun is finished
	values := valuesOf(keys)
	if len(keys) > 0 {
		values = append(values, b.public(e.Customer))
	}
	var texts [][]byte
	for _, v := range values {
		texts = append(texts, []byte(v))
	}
	var spans []timeline.Span
	at := func(keys [][]byte) {
		for _, k := range keys {
			spans = append(spans, timeline.Span{From: k, To: append(slices.Clone(k), 0)})
		}
	}
	// The registry first: while the keys are there a crash lets it be done again.
	var err error
	if r.Rows, err = b.registry.Erase(ctx, values); err != nil {
		return err
	}
	if len(keys) == 0 { // they went before a crash
		spans = append(spans, timeline.Span{From: []byte{'i'}, To: []byte{'i' + 1}}, timeline.Span{From: []byte{'q'}, To: []byte{'q' + 1}})
	}
	// What is on its way gives nobody a number meanwhile, and is refused after.
	b.giving.Lock()
	err = b.store.Update(true, func(batch strata.Batch) error {
		span, err := b.store.Erase(batch, e.Customer)
		if err != nil {
			return err
		}
		spans = append(spans, span)
		stood, err := b.people.Erase(batch, e.Customer)
		if err != nil {
			return err
		}
		at(stood)
		refused, err := ingest.EraseRefused(b.store, batch, texts)
		if err != nil {
			return err
		}
		at(refused)
		r.Refused = len(refused)
		return b.marks.Mark(batch, e)
	})
	if err == nil {
		b.marks.Marked(e)
	}
	b.giving.Unlock()
	if err != nil {
		return err
	}
	if r.Entries, err = b.live.Erase(ctx, e.Customer, who.At); err != nil {
		return err
	}
	for _, s := range compute.ErasedSpans(e.Customer) {
		spans = append(spans, timeline.Span{From: s[0], To: s[1]})
	}
	if err := b.store.Scrub(ctx, spans); err != nil {
		return err
	}
	if err := b.registry.AppendAudit(ctx, registry.AuditEntry{At: who.At, Account: who.Account, Action: "customer.erased", Object: "receipt " + e.ID, Detail: reasonOf(who)}); err != nil {
		return err
	}
	if err := b.ledger.Append(erasure.Entry{ID: e.ID, At: who.At, Done: true}); err != nil {
		return err
	}
	places, err := b.backupPlaces(ctx)
	if err != nil {
		return err
	}
	for _, place := range places {
		if err := b.copyLedger(place); err != nil {
			r.Warnings = append(r.Warnings, fmt.Sprintf("the ledger of erasures could not be copied to %s (%v): copy %s there, or a backup that is restored brings the customer back", place, err, b.ledger.Path))
		}
	}
	return nil
}

// finishErasures ends erasures that a crash cut short.
func (b *business) finishErasures(ctx context.Context, now strata.Instant) error {
	all, err := b.ledger.Entries()
	if err != nil {
		return err
	}
	for _, e := range erasure.Pending(all) {
		keys, err := b.people.Keys(e.Customer)
		if err != nil && strata.CodeOf(err) != strata.NotFound {
			return err
		}
		who := registry.By{Account: author, At: now, Reason: "finishes an erasure that was cut short"}
		if err := b.finishErasure(ctx, e, keys, who, &receipt{}); err != nil {
			return err
		}
	}
	return nil
}

// eraseAgain erases from a restored copy whoever the ledger says was erased.
func (b *business) eraseAgain(ctx context.Context, now strata.Instant) (erased int, err error) {
	all, err := b.ledger.Entries()
	if err != nil || len(all) == 0 {
		return 0, err
	}
	ids := map[string]string{} // of erasures, by keyed hash
	for _, e := range all {
		for _, k := range e.Keys {
			ids[k] = e.ID
		}
		for _, k := range e.Allowed {
			delete(ids, k)
		}
	}
	found := map[strata.CustomerID]erasure.Entry{}
	err = b.people.Scan(1, b.people.Last(), func(c strata.CustomerID, keys []strata.Key) error {
		for _, k := range keys {
			if id, ok := ids[b.marks.Of(k).String()]; ok {
				e := found[c]
				e.ID, e.At, e.Customer = id, now, c
				found[c] = e
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	who := registry.By{Account: author, At: now, Reason: "was erased before the backup was restored"}
	marks := erasure.Entry{ID: "restored"}
	for k := range ids {
		marks.Keys = append(marks.Keys, k)
	}
	err = b.store.Update(true, func(batch strata.Batch) error { return b.marks.Mark(batch, marks) })
	if err != nil {
		return 0, err
	}
	b.marks.Marked(marks)
	for _, c := range slices.Sorted(maps.Keys(found)) {
		keys, err := b.people.Keys(c)
		if err != nil {
			return 0, err
		}
		if err := b.finishErasure(ctx, found[c], keys, who, &receipt{}); err != nil {
			return 0, err
		}
	}
	return len(found), nil
}

// searchFor reads the data directory and notes in the receipt in which files
// one of the texts stands.
func (b *business) searchFor(ctx context.Context, values []string, r *receipt) error {
	var texts [][]byte
	for _, v := range values {
		if len(v) >= 4 {
			texts = append(texts, []byte(v))
		}
	}
	if err := b.store.Find(ctx, texts, func(file string) { r.Found = append(r.Found, file) }); err != nil {
		return err
	}
	snapshots, _ := filepath.Glob(filepath.Join(resultsDir(b.dir), "*"))
	for _, file := range append(snapshots, filepath.Join(b.dir, "registry.db"), filepath.Join(b.dir, "registry.db-wal"), b.ledger.Path) {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return unreadable(file, err)
		}
		for _, t := range texts {
			if strings.Contains(string(text), string(t)) {
				r.Found = append(r.Found, file)
				break
			}
		}
	}
	return nil
}

// backupPlaces are the directories that backups were made into.
func (b *business) backupPlaces(ctx context.Context) ([]string, error) {
	text, ok, err := b.registry.Setting(ctx, placesSetting)
	places := []string{}
	if err != nil || !ok {
		return places, err
	}
	if err := json.Unmarshal([]byte(text), &places); err != nil {
		return nil, &strata.Error{Code: strata.Internal, Field: placesSetting, Message: "the setting is damaged", Cause: err}
	}
	return places, nil
}

// rememberPlace notes where a backup was made, and puts the ledger there.
func (b *business) rememberPlace(ctx context.Context, root string) error {
	places, err := b.backupPlaces(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(places, root) {
		text, err := json.Marshal(append(places, root))
		if err != nil {
			return err
		}
		if err := b.registry.SetSetting(ctx, placesSetting, string(text)); err != nil {
			return err
		}
	}
	return b.copyLedger(root)
}

// copyLedger puts a copy of the ledger beside the backups in a place.
func (b *business) copyLedger(place string) error {
	text, err := os.ReadFile(b.ledger.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(writeFile(filepath.Join(place, ledgerName+".new"), text), os.Rename(filepath.Join(place, ledgerName+".new"), filepath.Join(place, ledgerName)))
}

// joinLedgers writes the entries of several ledgers into one, each once.
func joinLedgers(to *erasure.Ledger, from ...string) error {
	seen := map[string]bool{}
	for _, path := range from {
		all, err := (&erasure.Ledger{Path: path}).Entries()
		if err != nil {
			return err
		}
		for _, e := range all {
			text, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if seen[string(text)] {
				continue
			}
			seen[string(text)] = true
			if err := to.Append(e); err != nil {
				return err
			}
		}
	}
	return nil
}
