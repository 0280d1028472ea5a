package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"text/tabwriter"
)

// sampleSize is how many contacts the demo shows.
const sampleSize = 6

// sampleColumns are the attributes that tell most about what the product does.
var sampleColumns = []string{"FIRSTNAME", "COMPANY_NAME", "OPEN_TICKETS", "TOTAL_TICKETS", "CSAT_SCORE", "LAST_SUPPORT_DATE"}

// contact is what GET /contacts answers of one (https://developers.brevo.com/reference/get-contacts).
type contact struct {
	Email      string         `json:"email"`
	Attributes map[string]any `json:"attributes"`
	ListIDs    []int64        `json:"listIds"`
}

// sampleContacts reads a page of the simulated Brevo and lays out those of its contacts that carry the most as a table.
// It also returns the address of the first of them.
func sampleContacts(ctx context.Context, brevoURL string) (table, first string, _ error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, brevoURL+"/contacts?limit=500&offset=0&sort=asc", http.NoBody)
	if err != nil {
		return "", "", fmt.Errorf("list contacts: %w", err)
	}
	request.Header.Set("Api-Key", demoBrevoKey)
	request.Header.Set("Accept", "application/json")
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return "", "", fmt.Errorf("list contacts: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", "", fmt.Errorf("list contacts: answered %d", response.StatusCode)
	}
	var page struct {
		Contacts []contact `json:"contacts"`
		Count    int       `json:"count"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 16<<20)).Decode(&page); err != nil {
		return "", "", fmt.Errorf("decode contacts: %w", err)
	}
	chosen := fullest(page.Contacts, sampleSize)
	if len(chosen) == 0 {
		return "", "", errors.New("no contact arrived")
	}
	return contactTable(chosen, page.Count), chosen[0].Email, nil
}

// fullest returns the first n contacts that have a value in every sample column, then in all but one, and so on.
func fullest(contacts []contact, n int) []contact {
	var chosen []contact
	for missing := 0; missing <= len(sampleColumns); missing++ {
		for _, c := range contacts {
			if len(chosen) == n {
				return chosen
			}
			if absent(c) == missing {
				chosen = append(chosen, c)
			}
		}
	}
	return chosen
}

func absent(c contact) int {
	n := 0
	for _, column := range sampleColumns {
		if c.Attributes[column] == nil {
			n++
		}
	}
	return n
}

func contactTable(contacts []contact, count int) string {
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprint(table, "  EMAIL")
	for _, column := range sampleColumns {
		_, _ = fmt.Fprint(table, "\t", column)
	}
	_, _ = fmt.Fprintln(table, "\tlists")
	for _, c := range contacts {
		_, _ = fmt.Fprint(table, "  ", c.Email)
		for _, column := range sampleColumns {
			value := c.Attributes[column]
			if value == nil {
				value = "-"
			}
			_, _ = fmt.Fprint(table, "\t", value)
		}
		_, _ = fmt.Fprintln(table, "\t", c.ListIDs)
	}
	_ = table.Flush()
	_, _ = fmt.Fprintf(&text, "  %d contacts in all\n", count)
	return text.String()
}
