package identity

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"strata"
)

const (
	defaultRegion     = "CN"
	maxValueBytes     = 256
	maxNamespaceBytes = 64
)

// Normalise returns the key that a written value stands for: a phone as E.164
// (a number without country code is Chinese), an e-mail address in lower
// case, any other id trimmed, in NFC, with full-width letters and digits made
// half-width. What cannot be one, and junk that many people share (zeros, one
// digit repeated, 123456789, known test numbers, "null", "N/A", 无), is
// Invalid with the namespace as its field.
func Normalise(namespace, value string) (strata.Key, error) {
	if err := checkNamespace(namespace); err != nil {
		return strata.Key{}, err
	}
	value = clean(value)
	if reason := junk(value); reason != "" {
		return strata.Key{}, refused(namespace, value, reason)
	}
	var reason string
	switch namespace {
	case Phone:
		value, reason = phone(value)
	case Email:
		value, reason = email(value)
	default:
		reason = id(value)
	}
	if reason != "" {
		return strata.Key{}, refused(namespace, value, reason)
	}
	return strata.Key{Namespace: namespace, Value: value}, nil
}

func refused(namespace, value, reason string) error {
	hints := map[string]string{
		Phone: "write 11 digits, or + and the country code; leave it empty where the number is not known",
		Email: "write it as name@domain; leave it empty where it is not known",
	}
	hint, ok := hints[namespace]
	if !ok {
		hint = "leave it empty where the id is not known"
	}
	return &strata.Error{Code: strata.Invalid, Field: namespace,
		Message: fmt.Sprintf("%q %s", shorten(value), reason), Hint: hint}
}

func shorten(value string) string {
	const most = 40
	if utf8.RuneCountInString(value) <= most {
		return value
	}
	return string([]rune(value)[:most]) + "…"
}

// checkNamespace accepts lower-case words joined by _, with an application
// after a point: phone, member_no, openid.wx12ab.
func checkNamespace(namespace string) error {
	base, app, dotted := strings.Cut(namespace, ".")
	ok := base != "" && len(namespace) <= maxNamespaceBytes && base[0] >= 'a' && base[0] <= 'z' && (!dotted || app != "")
	for i := 0; ok && i < len(base); i++ {
		c := base[i]
		ok = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	for i := 0; ok && i < len(app); i++ {
		c := app[i] | 0x20
		ok = c >= 'a' && c <= 'z' || app[i] >= '0' && app[i] <= '9' || app[i] == '_' || app[i] == '-'
	}
	if ok {
		return nil
	}
	return &strata.Error{Code: strata.Invalid, Field: "namespace",
		Message: fmt.Sprintf("%q is not a kind of key", shorten(namespace)),
		Hint:    "use lower-case letters, digits and _, such as member_no, or openid.APPID"}
}

// checkKey refuses what could not be stored and found again.
func checkKey(k strata.Key) error {
	if err := checkNamespace(k.Namespace); err != nil {
		return err
	}
	if reason := id(k.Value); reason != "" {
		return refused(k.Namespace, k.Value, reason)
	}
	return nil
}

// clean trims and, where there is anything beyond ASCII, folds widths and
// composes.
func clean(value string) string {
	value = strings.TrimSpace(value)
	for i := 0; i < len(value); i++ {
		if value[i] >= utf8.RuneSelf {
			return strings.TrimFunc(norm.NFC.String(width.Fold.String(value)), func(r rune) bool {
				return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b'
			})
		}
	}
	return value
}

// id says why a value cannot be stored as a key, "" where it can.
func id(value string) string {
	if value == "" {
		return "is empty"
	}
	if len(value) > maxValueBytes {
		return fmt.Sprintf("is longer than %d bytes", maxValueBytes)
	}
	if !utf8.ValidString(value) {
		return "is not UTF-8 text"
	}
	for _, r := range value {
		if unicode.IsControl(r) {
			return "holds a control character"
		}
	}
	return ""
}

// phone returns the number in E.164, or why it is none.
func phone(value string) (number, reason string) {
	var b strings.Builder
	for _, r := range value {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && b.Len() == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -.()·‐‑–—\u00a0", r):
		default:
			return value, "is not a phone number"
		}
	}
	digits := b.String()
	if isMobile(digits) {
		number = "+86" + digits
	} else if rest, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimPrefix(digits, "+"), "00"), "86"); ok && isMobile(rest) {
		number = "+86" + rest
	} else {
		if rest, ok := strings.CutPrefix(digits, "00"); ok {
			digits = "+" + rest
		}
		parsed, err := phonenumbers.Parse(digits, defaultRegion)
		if err != nil || !phonenumbers.IsValidNumber(parsed) {
			return value, "is not a phone number"
		}
		switch phonenumbers.GetNumberType(parsed) {
		case phonenumbers.TOLL_FREE, phonenumbers.SHARED_COST, phonenumbers.PREMIUM_RATE, phonenumbers.UAN:
			return value, "is a hotline and not a person's number"
		}
		number = phonenumbers.Format(parsed, phonenumbers.E164)
	}
	if _, ok := testPhones[number]; ok {
		return value, "is a test number that many people write"
	}
	national := strings.TrimPrefix(number, "+86")
	if repeated(national) || strings.HasSuffix(national, "00000000") || ascending(national) {
		return value, "is a made-up number that many people write"
	}
	return number, ""
}

// testPhones are numbers that stand in forms and manuals as examples.
var testPhones = map[string]struct{}{
	"+8613800138000": {}, // the carrier's own top-up line
	"+8613012345678": {},
	"+8613312345678": {},
	"+8613512345678": {},
	"+8613612345678": {},
	"+8613812345678": {},
	"+8613912345678": {},
	"+8615012345678": {},
	"+8618812345678": {},
}

// isMobile reports whether s is a Chinese mobile number without country code:
// 11 digits that begin with 13 to 19. New ranges are given out faster than
// lists of them are.
func isMobile(s string) bool {
	if len(s) != 11 || s[0] != '1' || s[1] < '3' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// email returns the address in lower case, or why it is none.
func email(value string) (address, reason string) {
	address = strings.ToLower(value)
	local, domain, ok := strings.Cut(address, "@")
	if reason := id(address); reason != "" {
		return value, reason
	}
	if !ok || local == "" || strings.ContainsAny(address, " ,;<>\"") || strings.Contains(domain, "@") ||
		!strings.Contains(strings.Trim(domain, "."), ".") || strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") {
		return value, "is not an e-mail address"
	}
	label, _, _ := strings.Cut(domain, ".")
	if _, empty := junkWords[local]; empty || local == label && (local == "test" || len(local) <= 3 && local != "qq") {
		return value, "is a made-up address that many people write"
	}
	return address, ""
}

// junkWords are what forms and systems write where they know nothing.
var junkWords = map[string]struct{}{
	"null": {}, "nil": {}, "none": {}, "nan": {}, "n/a": {}, "na": {}, "#n/a": {}, "undefined": {}, "unknown": {},
	"empty": {}, "void": {}, "false": {}, "true": {}, "test": {}, "guest": {}, "anonymous": {}, "(null)": {}, "<null>": {},
	"\\n": {}, "—": {}, "——": {}, "无": {}, "没有": {}, "未知": {}, "不详": {}, "空": {}, "暂无": {}, "未填写": {}, "未填": {}, "未绑定": {},
	"保密": {}, "匿名": {}, "散客": {}, "游客": {}, "测试": {}, "不知道": {},
}

const longestJunkWord = 12 // bytes

// junk says why a cleaned value names nobody, "" where it may name somebody.
func junk(value string) string {
	if value == "" {
		return "is empty"
	}
	if len(value) <= longestJunkWord {
		if _, ok := junkWords[strings.ToLower(value)]; ok {
			return "names nobody"
		}
	}
	zero := true // only zeros and punctuation
	for i := 0; i < len(value) && zero; i++ {
		c := value[i]
		zero = c == '0' || c < utf8.RuneSelf && !(c >= '1' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z')
	}
	switch {
	case zero:
		return "names nobody"
	case repeated(value), ascending(value):
		return "is a made-up value that many people write"
	}
	return ""
}

// repeated reports whether s is one digit at least six times.
func repeated(s string) bool {
	if len(s) < 6 || s[0] < '0' || s[0] > '9' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			return false
		}
	}
	return true
}

// ascending reports whether s counts up or down for at least nine digits
// (123456789, 0123456789, 1234567890, 987654321).
func ascending(s string) bool {
	if len(s) < 9 {
		return false
	}
	up, down := true, true
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		if i > 0 {
			step := (s[i] - s[i-1] + 10) % 10
			up, down = up && step == 1, down && step == 9
		}
	}
	return up || down
}
