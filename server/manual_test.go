package server_test

import (
	"strings"
	"testing"

	"strata"
	"strata/identity"
	"strata/server"
	"strata/timeline"
)

// TestManualIsNoAttribute shows that what staff set by hand does not stand
// among a customer's attributes.
func TestManualIsNoAttribute(t *testing.T) {
	b := newBusiness(t)
	w := b.signedIn()
	before := len(get[server.CustomerDetail](w, "/api/v1/customers/M002").Attributes)
	id, found, err := b.people.Find(strata.Key{Namespace: identity.MemberNo, Value: "M002"})
	if err != nil || !found {
		t.Fatal(found, err)
	}
	at := strata.At(b.now())
	batch := b.store.NewBatch()
	fact, err := strata.Manual{Tag: "grade", Value: strata.TextOf("secret"), At: at}.Attribute()
	if err != nil {
		t.Fatal(err)
	}
	vip := strata.Attribute{Name: "vip", At: at, Value: strata.TextOf("yes")}
	if err := b.store.Append(batch, id, timeline.Facts{Attributes: []strata.Attribute{fact, vip}, Source: strata.ManualSource}); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Commit(batch, false); err != nil {
		t.Fatal(err)
	}
	after := get[server.CustomerDetail](w, "/api/v1/customers/M002").Attributes
	if len(after) != before+1 {
		t.Errorf("%d attributes after one more than %d was stored", len(after), before)
	}
	for _, a := range after {
		if strings.Contains(a.Name+a.Value, "secret") || strings.Contains(a.Name, ":") {
			t.Errorf("shown: %+v", a)
		}
	}
}
