package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// lines is the display of an output that is no terminal: a line whenever something changed.
type lines struct {
	out   io.Writer
	last  string
	pause string // said already
}

func (l *lines) show(v view) {
	key := v.key()
	if key == l.last {
		return
	}
	l.last = key
	fmt.Fprintln(l.out, v.line())
	if pause := v.pause(); pause != l.pause {
		if l.pause = pause; pause != "" {
			fmt.Fprintln(l.out, "paused: "+pause)
		}
	}
}

func (l *lines) close() {}

// line is a view in one line.
func (v view) line() string {
	parts := []string{fmt.Sprintf("[%s] %s", span(v.Elapsed.Truncate(time.Second)), v.phase())}
	if !strings.HasPrefix(v.Phase, phasePush) {
		for _, s := range v.Streams {
			parts = append(parts, s.Name+": "+s.text())
		}
	}
	if push := v.push(); push != "" {
		parts = append(parts, push)
	}
	return strings.Join(append(parts, v.waits()...), "; ")
}

// key is what a view shows, without what changes from second to second.
func (v view) key() string {
	var b strings.Builder
	fmt.Fprint(&b, v.Kind, v.Phase, v.Trouble, v.Push)
	for _, s := range v.Streams {
		fmt.Fprint(&b, s.Name, s.Rows, s.Pages, s.State)
		for _, h := range s.Holds {
			b.WriteString(h.key())
		}
	}
	for _, h := range v.Holds {
		b.WriteString(h.key())
	}
	return b.String()
}

func (v view) phase() string {
	if v.Phase == "" {
		return "starting"
	}
	return v.Phase
}

func (v view) push() string {
	parts := make([]string, 0, len(v.Push))
	for _, c := range v.Push {
		parts = append(parts, c.What+" "+thousands(c.N))
	}
	return strings.Join(parts, ", ")
}

// pause is what a person must do before the sync goes on; empty when nothing.
func (v view) pause() string {
	holds := v.Holds
	for _, s := range v.Streams {
		holds = append(slices.Clip(holds), s.Holds...)
	}
	for _, h := range holds {
		if h.Paused {
			return h.Reason
		}
	}
	return ""
}

func (v view) waits() []string {
	var out []string
	for _, h := range v.Holds {
		out = append(out, h.short())
	}
	if v.Trouble != "" {
		out = append(out, v.Trouble)
	}
	return out
}

// headline is the last row of the bars: the phase, what the push did, and what the sync waits for.
func (v view) headline() string {
	parts := []string{v.phase()}
	if push := v.push(); push != "" {
		parts = append(parts, push)
	}
	return fmt.Sprintf("%s  %s", span(v.Elapsed.Truncate(time.Second)), strings.Join(append(parts, v.waits()...), "; "))
}

// bars is the display of a terminal: one bar for each stream, and a row for the sync as a whole.
type bars struct {
	progress *mpb.Progress
	pause    string // said already
	mu       sync.Mutex
	view     view
	byName   map[string]*mpb.Bar
	head     *mpb.Bar
}

// cut shortens a text that would wrap and so leave its first half on the screen at every refresh.
func cut(text string, width int) string {
	runes := []rune(text)
	if width < 1 || len(runes) <= width {
		return text
	}
	return string(runes[:width-1]) + "…"
}

// fillerOf hands out a filler that is already there.
type fillerOf struct{ mpb.BarFiller }

// Build implements mpb.BarFillerBuilder.
func (f fillerOf) Build() mpb.BarFiller { return f.BarFiller }

// nameWidth is that of the longest resource.
const nameWidth = len("satisfaction_ratings") + 1

func newBars(out io.Writer, options ...mpb.ContainerOption) *bars {
	b := &bars{byName: map[string]*mpb.Bar{}}
	b.progress = mpb.New(append([]mpb.ContainerOption{
		mpb.WithOutput(out), mpb.WithWidth(24), mpb.WithRefreshRate(200 * time.Millisecond),
	}, options...)...)
	headline := mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
		_, err := io.WriteString(w, cut(b.current().headline(), s.AvailableWidth))
		return err
	})
	b.head = b.progress.New(0, fillerOf{headline}, mpb.BarPriority(1000), mpb.BarFillerTrim())
	return b
}

func (b *bars) current() view {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.view
}

func (b *bars) show(v view) {
	b.mu.Lock()
	b.view = v
	b.mu.Unlock()
	if pause := v.pause(); pause != b.pause {
		if b.pause = pause; pause != "" {
			fmt.Fprintln(b.progress, "paused: "+pause) // above the bars, where long lines may wrap
		}
	}
	for i, s := range v.Streams {
		bar := b.byName[s.Name]
		if bar == nil {
			bar = b.add(s.Name, i)
			b.byName[s.Name] = bar
		}
		if bar.Completed() {
			continue
		}
		if s.State != streamReading {
			bar.SetCurrent(max(1, s.Rows))
			bar.SetTotal(max(1, s.Rows), true)
			continue
		}
		bar.SetTotal(max(s.Expected, s.Rows+1), false)
		bar.SetCurrent(s.Rows)
	}
}

func (b *bars) add(name string, priority int) *mpb.Bar {
	return b.progress.New(0, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarPriority(priority), mpb.BarFillerTrim(),
		mpb.PrependDecorators(decor.Name(name, decor.WC{W: nameWidth, C: decor.DindentRight})),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			for _, s := range b.current().Streams {
				if s.Name == name {
					return " " + s.text()
				}
			}
			return ""
		})),
	)
}

// close leaves the last state on the screen.
func (b *bars) close() {
	for _, bar := range b.byName {
		bar.Abort(false)
	}
	b.head.Abort(false)
	b.progress.Wait()
}
