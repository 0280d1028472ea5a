package mapping

import "strings"

// Nearest finds the candidate that a mistyped word most likely means, or "" when none is near: at most a third of the
// longer word's letters may differ. Case does not count.
func Nearest(word string, candidates []string) string {
	best, least := "", -1
	for _, candidate := range candidates {
		d := distance(strings.ToLower(word), strings.ToLower(candidate))
		if d*3 <= max(len(word), len(candidate)) && (least < 0 || d < least) {
			best, least = candidate, d
		}
	}
	return best
}

// nearestSource is Nearest for sources. The description of the connector calls the custom fields of users custom_fields; they
// are named one by one, or all with a pattern.
func nearestSource(name string, candidates []string) string {
	if strings.EqualFold(name, "custom_fields") {
		return prefixUserField + "*"
	}
	return Nearest(name, candidates)
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
