package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// CheckPorts tries every port of the parts and lets it go again. The error names each one that cannot be had: which port, what
// for, who holds it where the system tells, and the variable that changes it.
func CheckPorts(ctx context.Context, parts []Part) error {
	var problems []error
	for _, p := range parts {
		for _, port := range p.Ports {
			if err := checkPort(ctx, port); err != nil {
				problems = append(problems, err)
			}
		}
	}
	return errors.Join(problems...)
}

func checkPort(ctx context.Context, p Port) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", p.Addr)
	if err == nil {
		return listener.Close()
	}
	_, number, splitErr := net.SplitHostPort(p.Addr)
	if splitErr != nil {
		return fmt.Errorf("listen on %s for %s: %w", p.Addr, p.Purpose, splitErr)
	}
	advice := ""
	if p.Variable != "" {
		value := "PORT"
		if strings.HasSuffix(p.Variable, "_ADDR") {
			value = "HOST:PORT"
		}
		advice = fmt.Sprintf(", or choose another with %s=%s", p.Variable, value)
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %s for %s cannot be used%s: %w", number, p.Purpose, advice, err)
	}
	holder := portHolder(number)
	if holder == "" {
		holder = "another program"
	}
	return fmt.Errorf("port %s for %s is taken by %s: stop it%s", number, p.Purpose, holder, advice)
}
