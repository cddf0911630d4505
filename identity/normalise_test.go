package identity_test

import (
	"strings"
	"testing"

	"strata"
	"strata/identity"
)

func TestNormalise(t *testing.T) {
	for _, test := range []struct{ namespace, in, want string }{
		{"phone", "13912341234", "+8613912341234"},
		{"phone", " 139 1234 1234 ", "+8613912341234"},
		{"phone", "139-1234-1234", "+8613912341234"},
		{"phone", "１３９１２３４１２３４", "+8613912341234"},
		{"phone", "8613912341234", "+8613912341234"},
		{"phone", "+8613912341234", "+8613912341234"},
		{"phone", "(+86) 139-1234-1234", "+8613912341234"},
		{"phone", "008613912341234", "+8613912341234"},
		{"phone", "19412341235", "+8619412341235"}, // a range newer than lists of ranges
		{"phone", "13888888888", "+8613888888888"}, // dear, but real
		{"phone", "021-6234 5678", "+862162345678"},
		{"phone", "+852 9123 4567", "+85291234567"},
		{"phone", "+1 (415) 555-2671", "+14155552671"},
		{"phone", "0014155552671", "+14155552671"},
		{"email", " Wang.Fang@QQ.com\u00a0", "wang.fang@qq.com"},
		{"email", "ｗａｎｇ＠qq.com", "wang@qq.com"},
		{"email", "qq@qq.com", "qq@qq.com"},
		{"member_no", "\ufeff M0012 ", "M0012"},
		{"member_no", "ｍ００１２", "m0012"},
		{"member_no", "7", "7"},
		{"member_no", "88888", "88888"},
		{"member_no", "12345678", "12345678"},
		{"member_no", "0007", "0007"},
		{"member_no", "会员一号", "会员一号"},
		{"openid.wx12AB", "oAbC-_1", "oAbC-_1"},
		{"unionid", "cafe\u0301", "caf\u00e9"},
	} {
		got, err := identity.Normalise(test.namespace, test.in)
		if err != nil || got != key(test.namespace, test.want) {
			t.Errorf("Normalise(%q, %q) = %v, %v; want %q", test.namespace, test.in, got, err, test.want)
			continue
		}
		again, err := identity.Normalise(test.namespace, got.Value)
		if err != nil || again != got {
			t.Errorf("Normalise of its own answer %v = %v, %v", got, again, err)
		}
	}
}

func TestNormaliseRefuses(t *testing.T) {
	for _, test := range []struct{ namespace, in, field string }{
		{"phone", "", "phone"},
		{"phone", "0", "phone"},
		{"phone", "00000000000", "phone"},
		{"phone", "000-0000-0000", "phone"},
		{"phone", "11111111111", "phone"},
		{"phone", "88888888888", "phone"},
		{"phone", "13800138000", "phone"},
		{"phone", "13812345678", "phone"},
		{"phone", "+86 138 0013 8000", "phone"},
		{"phone", "13900000000", "phone"},
		{"phone", "12345678901", "phone"},
		{"phone", "1391234123", "phone"},
		{"phone", "139123412345", "phone"},
		{"phone", "400-800-1234", "phone"},
		{"phone", "139****1234", "phone"},
		{"phone", "wx139", "phone"},
		{"phone", "未知", "phone"},
		{"email", "null@null.com", "email"},
		{"email", "test@test.com", "email"},
		{"email", "a@a.com", "email"},
		{"email", "a@b@c.com", "email"},
		{"email", "wang@localhost", "email"},
		{"email", "wang fang@qq.com", "email"},
		{"email", "@qq.com", "email"},
		{"member_no", "000000", "member_no"},
		{"member_no", "666666", "member_no"},
		{"member_no", "123456789", "member_no"},
		{"member_no", "0123456789", "member_no"},
		{"member_no", "9876543210", "member_no"},
		{"member_no", "NULL", "member_no"},
		{"member_no", "N/A", "member_no"},
		{"member_no", "Ｎ／Ａ", "member_no"},
		{"member_no", "-", "member_no"},
		{"member_no", "－－", "member_no"},
		{"member_no", "无", "member_no"},
		{"member_no", " 未知\u3000", "member_no"},
		{"member_no", "a\x00b", "member_no"},
		{"member_no", "a\xffb", "member_no"},
		{"member_no", strings.Repeat("x", 257), "member_no"},
		{"anonymous_id", "00000000-0000-0000-0000-000000000000", "anonymous_id"},
		{"", "M1", "namespace"},
		{"Phone", "M1", "namespace"},
		{"a\x00b", "M1", "namespace"},
		{"openid.", "M1", "namespace"},
		{"open:id", "M1", "namespace"},
	} {
		got, err := identity.Normalise(test.namespace, test.in)
		e, ok := err.(*strata.Error)
		if !ok || e.Code != strata.Invalid || e.Field != test.field || e.Message == "" || e.Hint == "" {
			t.Errorf("Normalise(%q, %q) = %v, %#v; want Invalid at %s", test.namespace, test.in, got, err, test.field)
		}
	}
}

func TestMask(t *testing.T) {
	for _, test := range []struct{ namespace, value, want string }{
		{"phone", "+8613812341234", "138****1234"},
		{"phone", "+862162345678", "+8621****5678"},
		{"phone", "+14155552671", "+141****2671"},
		{"email", "anna@x.com", "a***@x.com"},
		{"email", "王芳@x.com", "王***@x.com"},
		{"member_no", "M20240001", "M2****01"},
		{"member_no", "M1", "M****"},
		{"member_no", "M", "****"},
		{"member_no", "会员编号一二三", "会员****二三"},
		{"openid.wx1", "oAbCdEfG", "oA****fG"},
	} {
		if got := identity.Mask(key(test.namespace, test.value)); got != test.want {
			t.Errorf("Mask(%s %s) = %s, want %s", test.namespace, test.value, got, test.want)
		}
	}
}
