package dev

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// eventWithin is how long the demo waits for an event: without any webhook, the schedule would bring it.
	eventWithin = 90 * time.Second
	eventEvery  = 50 * time.Millisecond
)

// newKey is a key for the demo's own store, which goes with its files.
func newKey() string {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	return base64.StdEncoding.EncodeToString(key[:])
}

// live installs the webhooks and the schedule, and lets a ticket live through what support knows: each time it shows how long
// Brevo takes to hear of it.
func (d *demo) live(ctx context.Context, requester string) error {
	for _, args := range [][]string{{"schedule", "apply"}, {"webhooks", "install"}} {
		d.note("starter " + args[0] + " " + args[1])
		if code, err := d.starter(ctx, args...); err != nil || code != 0 {
			return fmt.Errorf("starter %s %s ended with exit code %d: %w", args[0], args[1], code, err)
		}
	}
	d.print("\nLive: a ticket is opened, solved, rated bad and reopened in the simulated Zendesk.\n")
	v := &vendors{zendesk: "http://" + loopback(d.Ports.Zendesk), brevo: "http://" + loopback(d.Ports.Brevo)}
	ticket, err := v.createTicket(ctx, requester)
	if err != nil {
		return err
	}
	began := time.Now()
	for _, act := range []struct {
		says  string
		event string
		do    func() error
	}{
		{"opened", "ticket_created", func() error { return nil }},
		{"solved", "ticket_solved", func() error { return v.setStatus(ctx, ticket, "solved") }},
		{"rated bad", "satisfaction_rating_bad", func() error { return v.rate(ctx, ticket, 1) }},
		{"reopened", "ticket_reopened", func() error { return v.setStatus(ctx, ticket, "open") }},
	} {
		if act.event != "ticket_created" {
			began = time.Now()
		}
		if err := act.do(); err != nil {
			return err
		}
		if err := v.await(ctx, ticket, act.event); err != nil {
			return fmt.Errorf("ticket %d was %s: %w", ticket, act.says, err)
		}
		d.print("  ticket %d %-9s -> %-23s in Brevo after %4.1f s\n", ticket, act.says, act.event, time.Since(began).Seconds())
	}
	d.print("  its workflow: %s\n", workflowURL(d.Ports.TemporalUI, "zendesk/"+d.account+"/ticket/"+strconv.FormatInt(ticket, 10)))
	return nil
}

// vendors are the simulated vendors as their own users see them.
type vendors struct{ zendesk, brevo string }

func (v *vendors) createTicket(ctx context.Context, requester string) (int64, error) {
	var out struct {
		Ticket struct {
			ID int64 `json:"id"`
		} `json:"ticket"`
	}
	err := v.call(ctx, http.MethodPost, v.zendesk+"/api/v2/tickets.json", map[string]any{"ticket": map[string]any{
		"subject": "The demo's ticket", "comment": map[string]any{"body": "Hello"}, "requester": map[string]any{"name": "A customer", "email": requester},
	}}, &out)
	return out.Ticket.ID, err
}

func (v *vendors) setStatus(ctx context.Context, ticket int64, status string) error {
	return v.call(ctx, http.MethodPut, fmt.Sprintf("%s/api/v2/tickets/%d.json", v.zendesk, ticket),
		map[string]any{"ticket": map[string]any{"status": status}}, nil)
}

func (v *vendors) rate(ctx context.Context, ticket int64, stars int) error {
	return v.call(ctx, http.MethodPost, fmt.Sprintf("%s/_sim/tickets/%d/rating", v.zendesk, ticket), map[string]any{"stars": stars}, nil)
}

// await waits until Brevo has received an event about the ticket.
func (v *vendors) await(ctx context.Context, ticket int64, event string) error {
	since := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for deadline := time.Now().Add(eventWithin); time.Now().Before(deadline); {
		var events []struct {
			Name     string `json:"name"`
			TicketID any    `json:"ticket_id"`
		}
		if err := v.call(ctx, http.MethodGet, v.brevo+"/_sim/events?since="+url.QueryEscape(since), nil, &events); err != nil {
			return err
		}
		for _, e := range events {
			if id, ok := e.TicketID.(float64); ok && int64(id) == ticket && e.Name == event {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(eventEvery):
		}
	}
	return fmt.Errorf("%s did not reach Brevo within %s: look at the worker's and the webhook server's lines above", event, eventWithin)
}

func (v *vendors) call(ctx context.Context, method, address string, body, out any) error {
	var sent io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode: %w", err)
		}
		sent = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, sent)
	if err != nil {
		return fmt.Errorf("call the simulator: %w", err)
	}
	request.SetBasicAuth(demoOwner()+"/token", demoZendeskToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return fmt.Errorf("call the simulator: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the simulator answered %d to %s %s", response.StatusCode, method, request.URL.Path)
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<20)).Decode(out); err != nil {
		return fmt.Errorf("decode the simulator's answer: %w", err)
	}
	return nil
}
