package identity_test

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"strata"
	"strata/identity"
)

func Example() {
	p, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem(), Logger: quiet{}})
	if err != nil {
		panic(err)
	}
	db := database{p}
	defer db.Close()
	people, err := identity.Open(db)
	if err != nil {
		panic(err)
	}

	phone, err := identity.Normalise(identity.Phone, "139 1234 5670")
	if err != nil {
		panic(err)
	}
	b := batch{db.NewIndexedBatch()}
	c, created, err := people.Resolve(b, []strata.Key{{Namespace: identity.MemberNo, Value: "M1"}, phone})
	fmt.Println(c, created, err)
	c, created, err = people.Resolve(b, []strata.Key{phone})
	fmt.Println(c, created, err)
	if err := b.Commit(pebble.Sync); err != nil {
		panic(err)
	}
	id, err := people.PublicID(c)
	fmt.Println(id, identity.Mask(phone), err)
	// Output:
	// 1 true <nil>
	// 1 false <nil>
	// M1 139****5670 <nil>
}
