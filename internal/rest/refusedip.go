package rest

import (
	"net/netip"
	"regexp"
	"strings"
)

var (
	aboutIP   = regexp.MustCompile(`(?i)\bips?\b`)
	ipRefused = regexp.MustCompile(`(?i)unrecogni[sz]ed|unknown|restrict|not (?:authori[sz]ed|verified|recogni[sz]ed|allowed|permitted)|unauthori[sz]ed|blocked|denied`)
)

// RefusedIP reports whether a vendor's sentence refuses the caller's address rather than its credentials, and the address
// that it names, if it names one.
func RefusedIP(sentence string) (ip netip.Addr, ok bool) {
	if !aboutIP.MatchString(sentence) || !ipRefused.MatchString(sentence) {
		return netip.Addr{}, false
	}
	for _, word := range strings.FieldsFunc(sentence, func(r rune) bool { return strings.ContainsRune(" ,;()[]\"'<>", r) }) {
		if addr, err := netip.ParseAddr(strings.TrimRight(word, ".:")); err == nil {
			return addr, true
		}
	}
	return netip.Addr{}, true
}
