package identity

import (
	"cmp"
	"encoding/binary"
	"strings"

	"strata"
)

// The keys this package owns in Pebble; the table in docs/architecture.md
// says the same.
//
//	i k namespace 0 value            customer(4)
//	i c customer(4) namespace 0 value   empty
//	i s digits of a phone, last first   customer(4)
//	i n                              highest customer number given out(4)
const (
	keyPrefix      = "ik"
	customerPrefix = "ic"
	suffixPrefix   = "is"
	lastKey        = "in"
)

func appendKey(dst []byte, k strata.Key) []byte {
	dst = append(dst, keyPrefix...)
	dst = append(dst, k.Namespace...)
	dst = append(dst, 0)
	return append(dst, k.Value...)
}

func appendCustomer(dst []byte, c strata.CustomerID) []byte {
	dst = append(dst, customerPrefix...)
	return binary.BigEndian.AppendUint32(dst, uint32(c))
}

func appendCustomerKey(dst []byte, c strata.CustomerID, k strata.Key) []byte {
	dst = appendCustomer(dst, c)
	dst = append(dst, k.Namespace...)
	dst = append(dst, 0)
	return append(dst, k.Value...)
}

// appendSuffix writes the digits of a phone, last first, so that "ends with"
// becomes "starts with".
func appendSuffix(dst []byte, phone string) []byte {
	dst = append(dst, suffixPrefix...)
	for i := len(phone) - 1; i >= 0; i-- {
		if phone[i] >= '0' && phone[i] <= '9' {
			dst = append(dst, phone[i])
		}
	}
	return dst
}

// splitKey parses "namespace 0 value"; ok is false for anything else.
func splitKey(b []byte) (k strata.Key, ok bool) {
	k.Namespace, k.Value, ok = strings.Cut(string(b), "\x00")
	return k, ok && k.Namespace != "" && k.Value != ""
}

// after returns the smallest key above all keys that start with prefix; the
// prefix is not empty and does not end in 0xff bytes only.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] != 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// The namespaces that have a place in the order; every other one is custom.
const (
	MemberNo       = "member_no"
	UnionID        = "unionid"
	UserID         = "user_id"
	Phone          = "phone"
	ExternalUserID = "external_userid" // WeCom
	OpenID         = "openid"          // one application's: openid.APPID
	Email          = "email"
	AnonymousID    = "anonymous_id" // a device or a browser
)

var ranks = map[string]int{
	MemberNo:                0,
	UnionID:                 1,
	UserID:                  2,
	Phone:                   3,
	ExternalUserID:          4,
	"wecom_external_userid": 4,
	OpenID:                  5,
	Email:                   6,
	AnonymousID:             8,
}

const customRank = 7

// rank is a namespace's place in the order: the smaller, the better it names
// a customer. openid.APPID stands where openid does.
func rank(namespace string) int {
	base, _, _ := strings.Cut(namespace, ".")
	if r, ok := ranks[base]; ok {
		return r
	}
	return customRank
}

// compareKeys orders keys by priority, then namespace, then value.
func compareKeys(a, b strata.Key) int {
	if c := compareNamespaces(a.Namespace, b.Namespace); c != 0 {
		return c
	}
	return strings.Compare(a.Value, b.Value)
}

func compareNamespaces(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
}
