// Package control is what people and programs ask of a connector that runs: to start, watch and cancel a sync, to test the
// connection, to say how things stand. It asks Temporal and the store; the work itself is the worker's. The command line
// and the HTTP API both stand on it.
package control

import (
	"fmt"
	"strings"
	"unicode"
)

// Kind says whose turn it is after a failure.
type Kind int

// The kinds of failures.
const (
	Failed Kind = iota // look, then try again
	Usage              // the request must be changed
	Away               // Temporal or every worker is away: start it, then try again
	Busy               // something that runs is in the way
)

// Failure says in one line what went wrong and what to do.
type Failure struct {
	Kind  Kind
	Text  string
	Cause error
}

func (f *Failure) Error() string { return f.Text }

func (f *Failure) Unwrap() error { return f.Cause }

func failed(format string, args ...any) error {
	return &Failure{Kind: Failed, Text: fmt.Sprintf(format, args...)}
}

func usage(format string, args ...any) error {
	return &Failure{Kind: Usage, Text: fmt.Sprintf(format, args...)}
}

// OneLine joins the lines of an error or of a vendor's words, and leaves out what would steer a terminal.
func OneLine(text string) string {
	lines := strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return -1
		}
		return r
	}, lines)
}
