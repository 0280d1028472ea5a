# Commands of the project. Everything here runs only Go and standard tools; `make` alone lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

MAINS := worker starter webhook internal/sim/simulator internal/dev/cmd/dev
MODULES := . tools/temporal tools/lint tools/gofumpt tools/workflowcheck
TEST_TIMEOUT ?= 60m
# The one on PATH is preferred; without one it is built once.
TEMPORAL := $(shell command -v temporal)
TEMPORAL_VERSION := 1.5.1

.PHONY: help
help: ## List these targets
	@echo "First steps: make demo (made-up data, nothing to configure), make test, make run (your own account)"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/worker, bin/starter, bin/webhook, bin/simulator and bin/dev
	@mkdir -p bin
	go build -o bin/ $(addprefix ./,$(MAINS))

.PHONY: temporal
temporal: $(if $(TEMPORAL),,bin/temporal) ## Build bin/temporal, the embedded server, unless a temporal is on PATH (3 to 5 minutes, once)
	@echo "temporal: $(or $(TEMPORAL),bin/temporal)"

bin/temporal: tools/temporal/go.mod
	@tools/build.sh $@ tools/temporal github.com/temporalio/cli/cmd/temporal \
		"3 to 5 minutes on 2 cores, about 3 GB in Go's caches and 215 MB here" \
		-ldflags='-s -w -X github.com/temporalio/cli/temporalcli.Version=$(TEMPORAL_VERSION)'

.PHONY: demo
demo: temporal build ## See it work: Temporal, simulated Zendesk and Brevo, one full sync, one ticket's life (DEMO_EXIT=1 leaves at the end)
	@bin/dev demo

.PHONY: run
run: temporal build ## Run it with your own connectors.yaml and .env: Temporal, worker, webhook server; files under data/
	@bin/dev run

.PHONY: prerequisites
prerequisites:
	@echo "Tests: go test ./... (about 15 minutes on 2 cores once built); heavy prerequisites found:"
	@echo "  temporal    $(or $(TEMPORAL),bin/temporal, built from tools/temporal)"
	@echo "  PostgreSQL  $$([ -n "$$TEST_POSTGRES_URL" ] && echo 'the one in TEST_POSTGRES_URL' || pg_config --bindir 2>/dev/null || echo 'none: the store is tested on SQLite alone')"

.PHONY: test
test: temporal build prerequisites ## Run every test
	go test -timeout $(TEST_TIMEOUT) ./...

.PHONY: race
race: temporal build prerequisites ## Run every test under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -timeout 40m ./...

# Go would repeat the result of an earlier run: every run has a seed of its own.
.PHONY: soak
soak: temporal build ## Play 2,000 random ticket histories through lost webhooks, killed programs and an outage (LIVE_TICKETS=50: a short one; LIVE_SEED=N repeats one)
	LIVE_TICKETS=$(or $(LIVE_TICKETS),2000) go test ./internal/e2e -run 'TestEveryEventOnce' -v -count=1 -timeout 60m

.PHONY: bench
bench: temporal build ## Run the benchmarks
	go test -run '^$$' -bench . -benchmem -timeout 40m ./...

.PHONY: check
check: format-check vet lint workflowcheck tidy-check build ## Everything that is not a test: formatting, vet, lint, determinism, tidy modules, builds

.PHONY: format-check
format-check: bin/gofumpt
	@echo "gofumpt -l"
	@files=$$(bin/gofumpt -l .); [ -z "$$files" ] || { echo "$$files"; echo "not formatted: run make fmt"; exit 1; }

.PHONY: vet
vet:
	go vet ./...

.PHONY: lint
lint: bin/golangci-lint ## Run golangci-lint (built on first use: 2 minutes)
	bin/golangci-lint run --concurrency 2 --timeout 15m ./...

.PHONY: workflowcheck
workflowcheck: bin/workflowcheck
	bin/workflowcheck -config tools/workflowcheck/config.yaml ./workflows/...

.PHONY: tidy-check
tidy-check:
	@for module in $(MODULES); do echo "go mod tidy -diff ($$module)"; (cd $$module && go mod tidy -diff) || exit 1; done

.PHONY: fmt
fmt: bin/gofumpt ## Format every Go file
	bin/gofumpt -l -w .

.PHONY: clean
clean: ## Remove what was built, not your data
	rm -rf bin

bin/golangci-lint: tools/lint/go.mod
	@tools/build.sh $@ tools/lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint "1 to 3 minutes on 2 cores, about 1 GB in Go's caches"

bin/gofumpt: tools/gofumpt/go.mod
	@tools/build.sh $@ tools/gofumpt mvdan.cc/gofumpt "seconds"

bin/workflowcheck: tools/workflowcheck/go.mod
	@tools/build.sh $@ tools/workflowcheck go.temporal.io/sdk/contrib/tools/workflowcheck "seconds"
