package server

import (
	"context"
	"time"
)

// Sources lists and adds who may send events over HTTP.
type Sources interface {
	Sources(ctx context.Context) ([]SourceInfo, error)
	// AddSource makes a source and returns its write key, which is not kept. A
	// name that is taken is Conflict.
	AddSource(ctx context.Context, s NewSource, account string) (key string, err error)
}

// WriteKeys makes new write keys and ends old ones.
type WriteKeys interface {
	// RotateKey returns a new write key; those before it stay in force for the
	// overlap.
	RotateKey(ctx context.Context, source, account string, overlap time.Duration) (key string, err error)
	RevokeKeys(ctx context.Context, source, account string) error
}

// Quarantine is what sources sent and was not taken.
type Quarantine interface {
	// Held lists at most limit calls with numbers above after, in order.
	Held(ctx context.Context, source string, after uint64, limit int) ([]HeldInfo, error)
	Replay(ctx context.Context, chosen ChosenCalls, account string) (Replayed, error)
	Discard(ctx context.Context, chosen ChosenCalls, account string) (int, error)
}

// Proposals are what sources sent and the catalogue does not have.
type Proposals interface {
	Proposals(ctx context.Context) ([]ProposalInfo, error)
	// Accept adds one to the catalogue, with the type given in place of the
	// discovered one.
	Accept(ctx context.Context, name, typ, account string) error
}

type (
	// SourceInfo is a source and what came from it.
	SourceInfo struct {
		Name        string         `json:"name"`
		State       string         `json:"state" enum:"connected,not_connected,revoked" doc:"not_connected: it has sent nothing yet."`
		Events      []string       `json:"events" doc:"Names and prefixes (shop_*) that it may send; none = all."`
		Namespaces  []string       `json:"keys" doc:"Kinds of keys that it may name; none = all."`
		UserID      string         `json:"user_id" doc:"The kind of key that its userId is."`
		Rate        int            `json:"rate" doc:"Events a second that it may send; 0 = no limit."`
		WriteKeys   []WriteKeyInfo `json:"write_keys"`
		Accepted    int64          `json:"accepted"`
		Repeated    int64          `json:"repeated"`
		Quarantined int64          `json:"quarantined"`
		Refused     int64          `json:"refused"`
		LastAt      *time.Time     `json:"last_at" nullable:"true" doc:"When something last came from it."`
	}
	// WriteKeyInfo is what is known of a write key.
	WriteKeyInfo struct {
		Ending    string     `json:"ending" doc:"Its last four characters."`
		CreatedAt time.Time  `json:"created_at"`
		ExpiresAt *time.Time `json:"expires_at" nullable:"true"`
	}
	// NewSource is a source to be added.
	NewSource struct {
		Name       string   `json:"name" minLength:"1" maxLength:"64"`
		Events     []string `json:"events,omitempty" maxItems:"200"`
		Namespaces []string `json:"keys,omitempty" maxItems:"50"`
		UserID     string   `json:"user_id,omitempty" maxLength:"64"`
		Rate       int      `json:"rate,omitempty" minimum:"0"`
	}
	// SecretKey is a write key, shown once.
	SecretKey struct {
		Source   string `json:"source"`
		WriteKey string `json:"write_key" doc:"It is not kept and not shown again."`
	}
	// Rotation says how a write key is rotated.
	Rotation struct {
		OverlapHours int `json:"overlap_hours" minimum:"0" maximum:"8760" doc:"How long the keys before it stay in force."`
	}
	// HeldInfo is a call in the quarantine.
	HeldInfo struct {
		Number    uint64    `json:"number"`
		Source    string    `json:"source"`
		Event     string    `json:"event"`
		MessageID string    `json:"message_id"`
		At        time.Time `json:"at"`
		Field     string    `json:"field"`
		Reason    string    `json:"reason"`
		Hint      string    `json:"hint"`
		Raw       string    `json:"raw" doc:"As it came."`
	}
	// HeldPage is a part of the quarantine, in the order of arrival.
	HeldPage struct {
		Next  *string    `json:"next" nullable:"true"`
		Items []HeldInfo `json:"items"`
	}
	// ChosenCalls says which calls are meant: the numbers, or without any all
	// of the source and event that are given.
	ChosenCalls struct {
		Numbers []uint64 `json:"numbers,omitempty" maxItems:"10000"`
		Source  string   `json:"source,omitempty"`
		Event   string   `json:"event,omitempty"`
		All     bool     `json:"all,omitempty" doc:"Must be true where no numbers are given."`
	}
	// Replayed is what became of calls that were replayed.
	Replayed struct {
		Taken    int `json:"taken"`
		Remained int `json:"remained"`
	}
	// Discarded is how many calls were dropped.
	Discarded struct {
		Discarded int `json:"discarded"`
	}
	// ProposalInfo is something that the catalogue does not have.
	ProposalInfo struct {
		Name    string    `json:"name" doc:"EVENT, EVENT.PROPERTY or @ATTRIBUTE."`
		Type    string    `json:"type" doc:"What it looks like; empty for an event."`
		Many    bool      `json:"many"`
		Other   []string  `json:"other" doc:"Types that it looked like too."`
		Count   int64     `json:"count"`
		FirstAt time.Time `json:"first_at"`
		LastAt  time.Time `json:"last_at"`
		Source  string    `json:"source"`
	}
	// Acceptance names a proposal.
	Acceptance struct {
		Name string `json:"name" minLength:"1"`
		Type string `json:"type,omitempty" doc:"In place of the type that it looks like."`
	}
)

type (
	addSourceRequest struct{ Body NewSource }
	sourceRequest    struct {
		Name string `path:"name"`
	}
	rotateRequest struct {
		Name string `path:"name"`
		Body Rotation
	}
	heldRequest struct {
		Page
		Source string `query:"source" doc:"Only of this source."`
	}
	chosenRequest struct{ Body ChosenCalls }
	acceptRequest struct{ Body Acceptance }
)

func (c *console) sourceList(ctx context.Context, _ *nothing) ([]SourceInfo, error) {
	all, err := c.Sources.Sources(ctx)
	if all == nil {
		all = []SourceInfo{}
	}
	return all, err
}

func (c *console) addSource(ctx context.Context, r *addSourceRequest) (SecretKey, error) {
	account := who(ctx)
	if err := mayPublish(account); err != nil {
		return SecretKey{}, err
	}
	key, err := c.Sources.AddSource(ctx, r.Body, account.Name)
	return SecretKey{Source: r.Body.Name, WriteKey: key}, err
}

func (c *console) rotateKey(ctx context.Context, r *rotateRequest) (SecretKey, error) {
	account := who(ctx)
	if err := mayPublish(account); err != nil {
		return SecretKey{}, err
	}
	key, err := c.WriteKeys.RotateKey(ctx, r.Name, account.Name, time.Duration(r.Body.OverlapHours)*time.Hour)
	return SecretKey{Source: r.Name, WriteKey: key}, err
}

func (c *console) revokeKeys(ctx context.Context, r *sourceRequest) error {
	account := who(ctx)
	if err := mayPublish(account); err != nil {
		return err
	}
	return c.WriteKeys.RevokeKeys(ctx, r.Name, account.Name)
}

// held shows calls as they came, so only to those who may replay them.
func (c *console) held(ctx context.Context, r *heldRequest) (HeldPage, error) {
	if err := mayPublish(who(ctx)); err != nil {
		return HeldPage{}, err
	}
	var after uint64
	if err := readCursor(r.Cursor, &after); err != nil {
		return HeldPage{}, err
	}
	calls, err := c.Quarantine.Held(ctx, r.Source, after, r.Limit+1)
	if err != nil {
		return HeldPage{}, err
	}
	page := HeldPage{Items: []HeldInfo{}}
	if len(calls) > r.Limit {
		calls = calls[:r.Limit]
		page.Next = writeCursor(calls[r.Limit-1].Number)
	}
	page.Items = append(page.Items, calls...)
	return page, nil
}

// chosenOf refuses a choice of nothing, which would be everything.
func chosenOf(r *chosenRequest) error {
	if len(r.Body.Numbers) == 0 && !r.Body.All {
		return invalid("body.numbers", "no call is chosen", "give numbers, or all: true with source and event to choose among all")
	}
	return nil
}

func (c *console) replay(ctx context.Context, r *chosenRequest) (Replayed, error) {
	account := who(ctx)
	if err := mayPublish(account); err != nil {
		return Replayed{}, err
	}
	if err := chosenOf(r); err != nil {
		return Replayed{}, err
	}
	return c.Quarantine.Replay(ctx, r.Body, account.Name)
}

func (c *console) discard(ctx context.Context, r *chosenRequest) (Discarded, error) {
	account := who(ctx)
	if err := mayPublish(account); err != nil {
		return Discarded{}, err
	}
	if err := chosenOf(r); err != nil {
		return Discarded{}, err
	}
	n, err := c.Quarantine.Discard(ctx, r.Body, account.Name)
	return Discarded{n}, err
}

func (c *console) proposals(ctx context.Context, _ *nothing) ([]ProposalInfo, error) {
	all, err := c.Proposals.Proposals(ctx)
	if all == nil {
		all = []ProposalInfo{}
	}
	return all, err
}

func (c *console) accept(ctx context.Context, r *acceptRequest) ([]ProposalInfo, error) {
	account := who(ctx)
	if err := mayPublish(account); err != nil {
		return nil, err
	}
	if err := c.Proposals.Accept(ctx, r.Body.Name, r.Body.Type, account.Name); err != nil {
		return nil, err
	}
	return c.proposals(ctx, nil)
}
