package main

import (
	"context"
	"fmt"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"zendesk-brevo/workflows"
)

// ensureSearchAttributes makes the search attributes that runs are found by, where the cluster lets a client do so.
// Temporal Cloud does not; there an operator makes them once, with the command that the error names.
func ensureSearchAttributes(ctx context.Context, c client.Client) error {
	namespace := "default"
	if options, err := envconfig.LoadDefaultClientOptions(); err == nil && options.Namespace != "" {
		namespace = options.Namespace
	}
	there, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	missing := map[string]enums.IndexedValueType{}
	var flags, cloudFlags []string
	for _, key := range workflows.SearchAttributes() {
		if err == nil {
			if _, ok := there.GetCustomAttributes()[key.GetName()]; ok {
				continue
			}
		}
		missing[key.GetName()] = key.GetValueType()
		flags = append(flags, "--name "+key.GetName()+" --type "+key.GetValueType().String())
		cloudFlags = append(cloudFlags, "--search-attribute "+key.GetName()+"="+key.GetValueType().String())
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing,
	})
	if err != nil {
		return fmt.Errorf("create search attributes: %w; let an operator run: temporal operator search-attribute create --namespace %s %s; for Temporal Cloud: tcld namespace search-attributes add --namespace %s %s",
			err, namespace, strings.Join(flags, " "), namespace, strings.Join(cloudFlags, " "))
	}
	return nil
}
