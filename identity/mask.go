package identity

import (
	"strings"
	"unicode/utf8"

	"strata"
)

const stars = "****"

// Mask shows enough of a key to recognise it and too little to use it: a
// Chinese mobile phone as 138****1234, another phone as +8621****5678, an
// e-mail address as a***@x.com, anything else without its middle.
func Mask(k strata.Key) string {
	switch k.Namespace {
	case Phone:
		return maskPhone(k.Value)
	case Email:
		return maskEmail(k.Value)
	}
	return maskMiddle(k.Value)
}

// maskPhone leaves out the four digits before the last four.
func maskPhone(phone string) string {
	if rest, ok := strings.CutPrefix(phone, "+86"); ok && isMobile(rest) {
		phone = rest
	}
	if len(phone) < 10 {
		return maskMiddle(phone)
	}
	return phone[:len(phone)-8] + stars + phone[len(phone)-4:]
}

func maskEmail(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at <= 0 {
		return maskMiddle(address)
	}
	_, size := utf8.DecodeRuneInString(address)
	return address[:size] + "***" + address[at:]
}

func maskMiddle(value string) string {
	runes := []rune(value)
	switch n := len(runes); {
	case n <= 1:
		return stars
	case n < 6:
		return string(runes[:1]) + stars
	default:
		return string(runes[:2]) + stars + string(runes[n-2:])
	}
}

// maskUnknown masks what someone typed, by what it looks like.
func maskUnknown(text string) string {
	digits := 0
	for _, r := range text {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	switch {
	case strings.Contains(text, "@"):
		return maskEmail(text)
	case digits >= 11:
		return maskPhone(text)
	}
	return text
}
