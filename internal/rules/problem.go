package rules

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"zendesk-brevo/mapping"
)

// Position is a place in the file the automations come from, both counted from 1; the zero value is no place.
type Position struct{ Line, Column int }

// Problem is one mistake in the automations: where, what is wrong, and what to write instead.
type Problem struct {
	Index   int    // which automation, from 1
	Field   string // "when", "do[1].template"; empty for the whole automation
	At      Position
	Message string
	Fix     string
}

// Error is "automations[2].when MESSAGE; FIX".
func (p Problem) Error() string {
	text := p.Place() + " " + p.Message
	if p.Fix != "" {
		text += "; " + p.Fix
	}
	return text
}

// Place is the path of what is wrong: "automations[2].when".
func (p Problem) Place() string {
	place := fmt.Sprintf("automations[%d]", p.Index)
	if p.Field != "" {
		place += "." + p.Field
	}
	return place
}

// Problems are all mistakes, in the order of the automations.
type Problems []Problem

// Error lists the problems, one a line, with line and column where they are known.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
		if p.At.Line > 0 {
			lines[i] = fmt.Sprintf("%d:%d: %s", p.At.Line, p.At.Column, lines[i])
		}
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column))
	})
	return ps
}

func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps.sorted()
}

// maxShown bounds what a message repeats of the file: any credential of either vendor is longer.
const maxShown = 32

var plain = regexp.MustCompile(`^[\pL\pN_.*:# -]+$`)

// shown quotes a word for a message, unless it may be a value that strayed there.
func shown(word string) string {
	if len(word) > maxShown || !plain.MatchString(word) {
		return "(not shown)"
	}
	return fmt.Sprintf("%q", word)
}

// suggestion is the hint for an unknown word: the nearest known one, else all of them.
func suggestion(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	return "known here: " + strings.Join(known, ", ")
}

// nearest finds the candidate that a mistyped word most likely means, or "".
func nearest(word string, candidates []string) string {
	if len(word) > 2*maxShown {
		return ""
	}
	return mapping.Nearest(word, candidates)
}
