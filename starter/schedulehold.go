package main

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// heldNote marks a schedule that a pause of the account paused: only such a one goes on with the account.
const heldNote = "paused by starter pause"

// scheduleState is what became of the account's schedule.
type scheduleState string

const (
	scheduleHeld     scheduleState = "paused"        // with the account
	scheduleReleased scheduleState = "resumed"       // with the account
	schedulePaused   scheduleState = "paused_before" // by a person, and left alone
	scheduleRuns     scheduleState = "running"
	scheduleNone     scheduleState = "none"
	scheduleUnknown  scheduleState = "unknown" // Temporal does not answer
)

func (s scheduleState) text() string {
	switch s {
	case scheduleHeld:
		return "The schedule is paused."
	case scheduleReleased:
		return "The schedule goes on."
	case schedulePaused:
		return "The schedule was paused by itself, and stays so: `starter schedule resume` lets it go on."
	}
	return ""
}

// holdSchedule pauses the account's schedule, and marks that it did.
func (a *app) holdSchedule(ctx context.Context) (scheduleState, error) {
	return a.changeSchedule(ctx, func(ctx context.Context, h client.ScheduleHandle, paused bool, note string) (scheduleState, error) {
		switch {
		case paused && note == heldNote:
			return scheduleHeld, nil
		case paused:
			return schedulePaused, nil
		}
		return scheduleHeld, h.Pause(ctx, client.SchedulePauseOptions{Note: heldNote})
	})
}

// releaseSchedule lets the schedule go on that holdSchedule paused.
func (a *app) releaseSchedule(ctx context.Context) (scheduleState, error) {
	return a.changeSchedule(ctx, func(ctx context.Context, h client.ScheduleHandle, paused bool, note string) (scheduleState, error) {
		switch {
		case !paused:
			return scheduleRuns, nil
		case note != heldNote:
			return schedulePaused, nil
		}
		return scheduleReleased, h.Unpause(ctx, client.ScheduleUnpauseOptions{Note: "resumed by starter resume"})
	})
}

// changeSchedule looks at the account's schedule and lets change act on it. Its error says why that cannot be told.
func (a *app) changeSchedule(
	ctx context.Context, change func(_ context.Context, _ client.ScheduleHandle, paused bool, note string) (scheduleState, error),
) (scheduleState, error) {
	e, err := a.engine(ctx)
	if err != nil {
		return scheduleUnknown, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	handle := a.schedule(ctx, e)
	found, err := handle.Describe(ctx)
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return scheduleNone, nil
	}
	if err != nil {
		return scheduleUnknown, e.Failure(err)
	}
	paused, note := false, ""
	if state := found.Schedule.State; state != nil {
		paused, note = state.Paused, state.Note
	}
	after, err := change(ctx, handle, paused, note)
	if errors.As(err, &missing) {
		return scheduleNone, nil // removed a moment ago
	}
	if err != nil {
		return scheduleUnknown, e.Failure(err)
	}
	return after, nil
}
