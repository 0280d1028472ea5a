package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.temporal.io/api/serviceerror"
)

// TestAWorkflowThatTakesNoMore: Zendesk is not made to repeat what cannot be taken; other refusals of Temporal's pass.
func TestAWorkflowThatTakesNoMore(t *testing.T) {
	s := newSite(t)
	s.temporal.hinderBy(func(context.Context, woken) error {
		return serviceerror.NewInvalidArgument("exceeded workflow execution limit for signal events")
	})
	assert.Equal(t, 200, s.send(t, s.request(solved("e1"))).status)
	assert.Contains(t, s.log.String(), "limit for signal events")
	s.temporal.hinderBy(func(context.Context, woken) error {
		return serviceerror.NewInvalidArgument("Namespace default has no mapping defined for search attribute ZendeskAccount")
	})
	assertUnavailable(t, s.send(t, s.request(solved("e2"))))
	assert.Equal(t, map[string]int64{resultScheduled: 1, resultUnavailable: 1}, s.counted("acme"))
}

func TestAMergeThatNamesNobodyIsSaid(t *testing.T) {
	s := newSite(t)
	merge := `{"type":"zen:event-type:user.merged","id":"m%d","time":"2026-05-04T12:00:00Z","subject":"zen:user:8","event":%s}`
	assert.Equal(t, 200, s.send(t, s.request(fmt.Sprintf(merge, 1, `{"into":"9"}`))).status)
	assert.NotContains(t, s.log.String(), "names no other user")
	assert.Equal(t, 200, s.send(t, s.request(fmt.Sprintf(merge, 2, `{"email":"ada@example.com"}`))).status)
	assert.Contains(t, s.log.String(), "names no other user")
	assert.NotContains(t, s.log.String(), "ada")
}
