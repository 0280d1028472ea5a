// Package wait waits.
package wait

import (
	"context"
	"time"
)

// For waits for a while, and returns the error of ctx when that ends before.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
