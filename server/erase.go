package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"strata"
)

// Erasures take customers away for good.
type Erasures interface {
	Erasable(ctx context.Context, c strata.CustomerID) (ErasureInfo, error)
	Erase(ctx context.Context, c strata.CustomerID, account, reason string, at strata.Instant) (ErasureReceipt, error)
}

// Outgoing says whether messages, tasks and webhooks are held since a restore.
type Outgoing interface {
	Held(ctx context.Context) (*HoldInfo, error)
}

// HoldInfo is why nothing goes out.
type HoldInfo struct {
	Since time.Time `json:"since" doc:"When the data directory was restored."`
	Taken time.Time `json:"taken" doc:"When the backup was made."`
}

// ErasureInfo is what erasing a customer would take away.
type ErasureInfo struct {
	Customer   string   `json:"customer" doc:"The id that confirms the erasure."`
	Keys       []string `json:"keys" doc:"Masked."`
	Events     int      `json:"events"`
	Attributes int      `json:"attributes"`
	Named      []string `json:"named" doc:"Definitions that name the customer; a person edits them."`
	Backups    []string `json:"backups" doc:"Where backups hold the customer; restoring one erases the customer again."`
}

// EraseRequest confirms an erasure.
type EraseRequest struct {
	Confirm string `json:"confirm" doc:"The customer's id, as typed."`
	Reason  string `json:"reason" minLength:"1"`
}

// ErasureReceipt is what an erasure took away.
type ErasureReceipt struct {
	ID       string   `json:"id"`
	Keys     int      `json:"keys"`
	Events   int      `json:"events"`
	Refused  int      `json:"refused" doc:"Refused rows."`
	Warnings []string `json:"warnings"`
}

type eraseRequest struct {
	ID   string `path:"id"`
	Body EraseRequest
}

// mayErase refuses an account that is not an owner.
func (c *console) mayErase(a Account) error {
	if c.Erasures == nil {
		return &strata.Error{Code: strata.Unsupported, Message: "this server does not erase"}
	}
	if a.Role != "owner" {
		return &strata.Error{Code: strata.Forbidden, Message: fmt.Sprintf("an account with the role %s may not erase customers", a.Role), Hint: "ask an owner"}
	}
	return nil
}

func (c *console) erasable(ctx context.Context, r *customerOnlyRequest) (ErasureInfo, error) {
	if err := c.mayErase(who(ctx)); err != nil {
		return ErasureInfo{}, err
	}
	n, err := c.find(r.ID)
	if err != nil {
		return ErasureInfo{}, err
	}
	return c.Erasures.Erasable(ctx, n)
}

func (c *console) erase(ctx context.Context, r *eraseRequest) (ErasureReceipt, error) {
	account := who(ctx)
	if err := c.mayErase(account); err != nil {
		return ErasureReceipt{}, err
	}
	n, err := c.find(r.ID)
	if err != nil {
		return ErasureReceipt{}, err
	}
	x, err := c.Erasures.Erasable(ctx, n)
	if err != nil {
		return ErasureReceipt{}, err
	}
	if strings.TrimSpace(r.Body.Confirm) != x.Customer {
		return ErasureReceipt{}, &strata.Error{Code: strata.Invalid, Field: "body.confirm", Message: "this is not the customer's id", Hint: "type " + x.Customer}
	}
	if strings.TrimSpace(r.Body.Reason) == "" {
		return ErasureReceipt{}, &strata.Error{Code: strata.Invalid, Field: "body.reason", Message: "the reason is missing", Hint: "say who asked for it, and when"}
	}
	return c.Erasures.Erase(ctx, n, account.Name, strings.TrimSpace(r.Body.Reason), strata.At(c.Now()))
}
