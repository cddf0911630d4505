# Everything a person needs: `make run` and `make test`.

DATA    ?= data
ADDRESS ?= 127.0.0.1:8080
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo development)

# The same for builds and tests, so that they share one cache.
export CGO_ENABLED = 0
export GOFLAGS := $(GOFLAGS) -trimpath

UI_SOURCES = $(shell find ui/src ui/public -type f) ui/index.html ui/vite.config.ts ui/tsconfig.json ui/package.json
STEP = scripts/step

# What `make bench` measures: see bench/README.md.
CUSTOMERS ?= 1000000
EVENTS    ?= $(shell echo $$((50 * $(CUSTOMERS))))
SEED      ?= 1
PEERS     ?= clickhouse,duckdb
LARGEST   ?= 1000000

.PHONY: run build ui binary test test-go test-ui test-browser test-bench lint bench bench-growth bench-collect bench-go bench-binary clean

run: build
	@$(STEP) "demo business" bin/strata demo --data $(DATA)
	bin/strata serve --data $(DATA) --address $(ADDRESS) --sign-in

build: ui binary

ui: ui/dist/index.html

ui/node_modules/.installed: ui/package-lock.json
	@$(STEP) "npm packages" npm --prefix ui ci --no-audit --no-fund --loglevel=error
	@touch $@

ui/dist/index.html: ui/node_modules/.installed $(UI_SOURCES)
	@$(STEP) "console (Vite)" npm --prefix ui run --silent build

binary: ui
	@$(STEP) "Go build" go build -ldflags "-X main.version=$(VERSION)" -o bin/strata ./cmd/strata

# test installs what the tests need, then runs all of them against the real
# stores, the real server and a real browser.
test: test-go test-bench test-ui test-browser

test-go: ui
	go test ./...

test-ui: ui
	npm --prefix ui test

test-browser: build
	scripts/browser-packages
	scripts/browser-test

lint: ui
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt these files:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go tool staticcheck ./...
	npm --prefix ui run --silent lint

# test-bench is for the module in bench/, without peers and cgo.
test-bench:
	cd bench && go vet . && go test -short .

# bench measures Strata and its peers on one workload, KEEP=1 on that of the
# last run with KEEP=1 and the same numbers; bench-growth measures
# Strata at 0.1 M, 1 M and, with LARGEST=10000000, 10 M customers.
bench: bench-binary
	cd bench && ../bin/bench measure -customers $(CUSTOMERS) -events $(EVENTS) -seed $(SEED) -peers "$(PEERS)" $(if $(KEEP),-keep) -results results.json

bench-growth: PEERS =
bench-growth: bench-binary
	cd bench && ../bin/bench growth -seed $(SEED) -largest $(LARGEST) -results growth.json

# DuckDB needs cgo, which makes another program of the store: its step has a binary of its own.
bench-binary:
	$(if $(findstring clickhouse,$(PEERS)),@$(STEP) "ClickHouse" bench/peers/install)
	@$(STEP) "Go build" go build -C bench -o ../bin/bench .
	$(if $(findstring duckdb,$(PEERS)),@$(STEP) "Go build with DuckDB" env CGO_ENABLED=1 go build -C bench -tags duckdb -o ../bin/bench-duckdb .)

# bench-collect measures events over HTTP against a server of its own.
bench-collect: binary
	scripts/bench-collect

# bench-go runs the benchmarks of single packages.
bench-go: binary
	go test -run '^$$' -bench . -benchmem ./timeline ./ingest ./cmd/strata
	scripts/bench-import

clean:
	rm -rf bin ui/dist/assets ui/dist/index.html ui/node_modules
