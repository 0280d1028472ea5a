package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	temporallog "go.temporal.io/sdk/log"
)

// All passes when every check passes.
func All(checks ...Check) Check {
	return func(ctx context.Context) error {
		for _, check := range checks {
			if err := check(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// TCPReady passes when something accepts connections at the address.
func TCPReady(address string) Check {
	return func(ctx context.Context) error {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("connect to %s: %w", address, err)
		}
		return conn.Close()
	}
}

// HTTPReady passes when a GET of the URL answers below 500: a 404 or a 401 comes from a server that works.
func HTTPReady(url string) Check {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return fmt.Errorf("check %s: %w", url, err)
		}
		transport := &http.Transport{DisableKeepAlives: true}
		response, err := (&http.Client{Transport: transport}).Do(request)
		if err != nil {
			return fmt.Errorf("check: %w", err)
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
		_ = response.Body.Close()
		if response.StatusCode >= http.StatusInternalServerError {
			return fmt.Errorf("GET %s answers %d", url, response.StatusCode)
		}
		return nil
	}
}

// TemporalReady passes when the server's gRPC health check does and the namespace exists.
func TemporalReady(address string) Check {
	return func(ctx context.Context) error {
		return withTemporal(address, func(c client.Client) error {
			if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
				return fmt.Errorf("check Temporal's health at %s: %w", address, err)
			}
			_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: Namespace})
			if err != nil {
				return fmt.Errorf("look for namespace %s: %w", Namespace, err)
			}
			return nil
		})
	}
}

// WorkerReady passes when somebody polls the task queue for workflows and for activities.
func WorkerReady(address, namespace, queue string) Check {
	return func(ctx context.Context) error {
		return withTemporalIn(address, namespace, func(c client.Client) error {
			for _, kind := range []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY} {
				answer, err := c.DescribeTaskQueue(ctx, queue, kind)
				if err != nil {
					return fmt.Errorf("look at task queue %s: %w", queue, err)
				}
				if len(answer.GetPollers()) == 0 {
					return errors.New("no worker polls task queue " + queue)
				}
			}
			return nil
		})
	}
}

func withTemporal(address string, use func(client.Client) error) error {
	return withTemporalIn(address, Namespace, use)
}

func withTemporalIn(address, namespace string, use func(client.Client) error) error {
	c, err := client.NewLazyClient(client.Options{
		HostPort:  address,
		Namespace: namespace,
		Logger:    temporallog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return fmt.Errorf("connect to Temporal at %s: %w", address, err)
	}
	defer c.Close()
	return use(c)
}
