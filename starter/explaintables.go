package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
)

var stateWords = map[string]string{
	"sent": "sent", "to_send": "to be sent", "to_clear": "to be cleared", "kept": "kept as it is", "refused": "refused",
	"left_alone": "left alone", "not_decided": "not decided", "no_value": "no value", "not_sent": "not sent",
}

func (x *explainedPerson) writeAttributes(b io.Writer, p palette) {
	fmt.Fprintf(b, "\n%s\n", p.bold("Attributes"))
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  NAME\tIN ZENDESK\tSENT\tIN BREVO\tFROM\tRULE\tSTATE")
	for i := range x.Attributes {
		a := &x.Attributes[i]
		held := shown(a.Held)
		if x.BrevoSeen == "unknown" {
			held = "?"
		}
		from := a.Source
		if len(a.Rows) > 0 {
			from += ": " + rowsText(a.Rows, a.OfRows)
		}
		state := stateWords[a.State]
		if a.Why != "" {
			state += ": " + a.Why
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.Name, shown(a.Value), shown(a.Sent), held, from, a.Place, state)
	}
	_ = w.Flush()
}

// rowsText is "ticket 35, 34, 33 and 9 more".
func rowsText(rows []string, all int) string {
	const most = 3
	kind, _, _ := strings.Cut(rows[0], "/")
	var ids []string
	for _, row := range rows[:min(len(rows), most)] {
		_, id, _ := strings.Cut(row, "/")
		ids = append(ids, id)
	}
	text := kind + " " + strings.Join(ids, ", ")
	if all > len(ids) {
		text += fmt.Sprintf(" and %d more", all-len(ids))
	}
	return text
}

// shown is a value in a table: short, in one line.
func shown(v any) string {
	const most = 40
	text := ""
	switch v := v.(type) {
	case nil:
		return "-"
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		text = fmt.Sprint(v)
	}
	letters := []rune(printable(text))
	if len(letters) > most {
		letters = append(letters[:most-1], '…')
	}
	if len(letters) == 0 {
		return "-"
	}
	return string(letters)
}

// printable is text in one line that does not steer the terminal, whoever wrote it.
func printable(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

func (x *explainedPerson) writeLists(b io.Writer, p palette) {
	if len(x.Lists) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", p.bold("Lists"))
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  LIST\tBELONGS\tADDED HERE\tIN BREVO\tWHY")
	for _, l := range x.Lists {
		name := cmp.Or(l.Key, "other")
		if l.ID != 0 {
			name += fmt.Sprintf(" (%d)", l.ID)
		}
		member := "?"
		if l.Member != nil {
			member = yesNo(*l.Member)
		} else if x.BrevoSeen == "none" || l.ID == 0 {
			member = "no"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", name, yesNo(l.Wanted), yesNo(l.Added), member, l.Why)
	}
	_ = w.Flush()
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
