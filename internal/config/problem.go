package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Position is a place in connectors.yaml, both counted from 1; the zero value is no place.
type Position struct {
	Line   int
	Column int
}

// Problem is one mistake in connectors.yaml: what is wrong, and what to write instead. It holds no secret and no personal
// data.
type Problem struct {
	File    string
	At      Position
	Message string
	Fix     string
}

// Error is "connectors.yaml:LINE:COL: message; fix".
func (p Problem) Error() string {
	text := p.Message
	if p.Fix != "" {
		text += "; " + p.Fix
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.At.Line, p.At.Column, text)
}

// Problems are all mistakes of a file, in the order of its lines.
type Problems []Problem

// maxListed keeps a file that is something else altogether from filling the screen.
const maxListed = 100

// Error lists the problems, one a line; more than one get a headline.
func (ps Problems) Error() string {
	lines := make([]string, 0, len(ps)+1)
	if len(ps) > 1 {
		lines = append(lines, fmt.Sprintf("%s has %d problems:", ps[0].File, len(ps)))
	}
	for i, p := range ps {
		if i == maxListed {
			lines = append(lines, fmt.Sprintf("and %d more", len(ps)-i))
			break
		}
		lines = append(lines, p.Error())
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column))
	})
	return slices.Compact(ps)
}

// maxShown bounds what a message repeats of the file: it is shorter than any credential of either vendor (Zendesk's tokens
// have 40 characters), so that one put in the wrong place is not printed.
const maxShown = 32

var plainKey = regexp.MustCompile(`^[\pL\pN_.* <-]+$`)

// shownKey quotes a key or name for a message, unless it looks like a value that strayed there.
func shownKey(key string) string {
	if len(key) > maxShown || !plainKey.MatchString(key) {
		return "(not shown)"
	}
	return fmt.Sprintf("%q", key)
}

// nearest returns the candidate closest to a mistyped word, or empty when none is close: the difference is at most a third
// of the word. Case, hyphens and underscores do not count, so apiToken finds api_token.
func nearest(word string, candidates []string) string {
	if len(word) > 2*maxShown {
		return ""
	}
	best, bestDistance := "", 1+max(1, len(word)/3)
	for _, c := range candidates {
		if d := distance(folded(word), folded(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// Nearest returns the candidate that a mistyped word most likely meant, or empty when none is close; commands use it for
// their own words.
func Nearest(word string, candidates []string) string { return nearest(word, candidates) }

func folded(s string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s))
}

// distance is Levenshtein's, over bytes, with a swap of neighbours counted as one edit.
func distance(a, b string) int {
	previous2, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			substitute := 1
			if a[i-1] == b[j-1] {
				substitute = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+substitute)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], previous2[j-2]+1)
			}
		}
		previous2, previous, current = previous, current, previous2
	}
	return previous[len(b)]
}
