package server

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"strata"
)

type console struct{}

var errNotYet = &strata.Error{Code: strata.Unavailable, Message: "not served yet"}

func (c *console) signIn(context.Context, Credentials) (s SessionInfo, err error) {
	return s, errNotYet
}
func (c *console) session(context.Context) (s SessionInfo, err error)     { return s, errNotYet }
func (c *console) signOut(context.Context) error                          { return errNotYet }
func (c *console) setPassword(context.Context, NewPassword) error         { return errNotYet }
func (c *console) freshness(context.Context) (f Freshness, err error)     { return f, errNotYet }
func (c *console) overview(context.Context, AsOf) (o Overview, err error) { return o, errNotYet }
func (c *console) customers(context.Context, Filter, Page) (p CustomerPage, e error) {
	return p, errNotYet
}
func (c *console) customer(context.Context, string, AsOf) (d CustomerDetail, err error) {
	return d, errNotYet
}
func (c *console) events(context.Context, string, string, Page) (p EventPage, err error) {
	return p, errNotYet
}
func (c *console) explain(context.Context, *explainRequest) (r Reason, err error) {
	return r, errNotYet
}
func (c *console) export(context.Context, Filter) (*huma.StreamResponse, error) {
	return nil, errNotYet
}
func (c *console) segments(context.Context, AsOf) (s []SegmentInfo, err error) { return s, errNotYet }
func (c *console) segment(context.Context, string, AsOf) (s SegmentDetail, err error) {
	return s, errNotYet
}
func (c *console) tags(context.Context, AsOf) (t []TagInfo, err error)           { return t, errNotYet }
func (c *console) tag(context.Context, string, AsOf) (t TagDetail, err error)    { return t, errNotYet }
func (c *console) tiers(context.Context, AsOf) (t []TierInfo, err error)         { return t, errNotYet }
func (c *console) tier(context.Context, string, AsOf) (t TierDetail, err error)  { return t, errNotYet }
func (c *console) moves(context.Context, *movesRequest) (m Migration, err error) { return m, errNotYet }
func (c *console) auditPage(context.Context, Page) (p AuditPage, err error)      { return p, errNotYet }
func (c *console) imports(context.Context) (i []ImportInfo, err error)           { return i, errNotYet }
func (c *console) refused(context.Context, uint32, Page) (p RefusedPage, err error) {
	return p, errNotYet
}
