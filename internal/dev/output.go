package dev

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

const (
	longestLine = 64 << 10 // bytes; a longer one is printed in pieces
	heldLines   = 2000     // lines kept while something else has the terminal
)

// The colours of the prefixes: those that can be read on light and dark backgrounds.
var colours = []int{36, 33, 32, 35, 34}

// Output prints the lines of several parts, each with its part's name in front, never mixed within a line.
type Output struct {
	mu      sync.Mutex
	w       io.Writer
	colour  bool
	width   int
	parts   int
	holding bool
	held    bytes.Buffer
	lines   int
	dropped int
}

// NewOutput prints to w.
func NewOutput(w io.Writer, colour bool) *Output { return &Output{w: w, colour: colour} }

// Width makes room for names of that many characters.
func (o *Output) Width(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.width = max(o.width, n)
}

// Part is where the named part writes. Close prints an unfinished last line.
func (o *Output) Part(name string) io.WriteCloser {
	o.mu.Lock()
	defer o.mu.Unlock()
	prefix := fmt.Sprintf("%-*s | ", o.width, name)
	if o.colour {
		prefix = fmt.Sprintf("\x1b[%dm%s\x1b[0m", colours[o.parts%len(colours)], prefix)
	}
	o.parts++
	return &lineWriter{out: o, prefix: prefix}
}

// Hold keeps lines back, so that they do not run through another program's live display, until Release prints them.
func (o *Output) Hold() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.holding = true
}

// Release prints what was held and lets lines through again.
func (o *Output) Release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.holding = false
	if o.held.Len() > 0 {
		_, _ = o.w.Write(o.held.Bytes())
	}
	if o.dropped > 0 {
		_, _ = fmt.Fprintf(o.w, "(%d more lines of that time are left out)\n", o.dropped)
	}
	o.held.Reset()
	o.lines, o.dropped = 0, 0
}

// Line prints one line of the supervisor itself, at once even while lines are held.
func (o *Output) Line(name, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, _ = fmt.Fprintf(o.w, "%-*s | %s\n", o.width, name, text)
}

// Raw prints text as it is, at once even while lines are held.
func (o *Output) Raw(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, _ = io.WriteString(o.w, text)
}

func (o *Output) print(prefix string, line []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	to := o.w
	if o.holding {
		if o.lines++; o.lines > heldLines {
			o.dropped++
			return
		}
		to = &o.held
	}
	whole := append([]byte(prefix), bytes.TrimRight(line, "\r\n")...)
	// A terminal that is gone is no reason to stop the parts.
	_, _ = to.Write(append(whole, '\n'))
}

type lineWriter struct {
	out     *Output
	prefix  string
	mu      sync.Mutex
	partial []byte
}

// Write takes all of b, prints the lines that are complete, and keeps the rest.
func (w *lineWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.partial = append(w.partial, b...)
	for {
		end := bytes.IndexByte(w.partial, '\n')
		if end < 0 && len(w.partial) > longestLine {
			end = longestLine
		}
		if end < 0 {
			return len(b), nil
		}
		w.out.print(w.prefix, w.partial[:end])
		w.partial = bytes.TrimPrefix(w.partial[end:], []byte("\n"))
	}
}

func (w *lineWriter) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.partial) > 0 {
		w.out.print(w.prefix, w.partial)
	}
	w.partial = nil
	return nil
}
