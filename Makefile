# One line per target that a person could also type. `make` alone lists them.
SHELL = /bin/sh
.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS = -s -w -X main.version=$(VERSION)
# wave365 leaves out ledgers in a database, and HTTP/2: what changes a tenant goes over HTTP/1.1 anyway (pkg/cloud/permit), and so do the reads then.
LEAN = nodatabase,nethttpomithttp2
GOLANGCI = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZTIME = 30s
FIGURES =
SEEDS = 20000
FIRST = 1
KILLS = 200
STORMS = 20
TENANTS = 10
SPEED = 40
DEMO = .wave365/demo
SAMPLE_FLAGS = --skip-invalid --yes --slots 8
PLATFORMS = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

.PHONY: help build demo test race check torture mutants bench bench-fleet fuzz lint cover dist sample clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/wave365, one static binary, and bin/wave365-fleet, which also has ledgers in a database
	CGO_ENABLED=0 go build -trimpath -tags $(LEAN) -ldflags '$(LDFLAGS)' -o bin/wave365 ./cmd/wave365
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/wave365-fleet ./cmd/wave365

demo: build ## rehearse a whole wave on the built-in tenant (about half a minute)
	@rm -rf $(DEMO); mkdir -p $(DEMO)
	@set -- bin/wave365 validate waves/friday.csv --sandbox --ledger $(DEMO)/ledger.db; \
	echo "\$$ $$*"; "$$@"; code=$$?; \
	test $$code -eq 4 || { echo "demo: validate ended with $$code; the sample wave has bad rows, so 4 was expected" >&2; exit 1; }
	@set -- bin/wave365 run waves/friday.csv --sandbox $(SAMPLE_FLAGS) --ledger $(DEMO)/ledger.db --report-dir reports; \
	echo; echo "\$$ $$*"; "$$@"; code=$$?; \
	test $$code -eq 3 || { echo "demo: run ended with $$code; the scenario lets some rows fail, so 3 was expected" >&2; exit 1; }
	@echo; echo 'demo: the wave ended as its scenario says: bad rows were refused before anything changed, and every failure was told apart from a Cloud PC that really came from its snapshot.'

test: ## run all tests; needs Go alone
	CGO_ENABLED=0 go test -p 3 -parallel 8 -timeout 30m ./... # most tests wait for programs that wait: more of them than cores

race: ## run all tests with the race detector, in random order; needs a C compiler
	go test -race -shuffle=on -p 3 -parallel 4 ./...

check: ## what CI runs, start to end
	bash .ci/run

torture: ## play SEEDS evenings with faults and sudden deaths from FIRST on, kill the real program KILLS times, and let STORMS storms over a fleet
	CGO_ENABLED=0 WAVE365_SEEDS=$(SEEDS) WAVE365_FIRST=$(FIRST) go test -count=1 -timeout 0 -run TestSimulation ./pkg/runner/simtest
	CGO_ENABLED=0 WAVE365_KILLS=$(KILLS) go test -count=1 -timeout 0 -run TestKilledAtAnyMoment ./cmd/wave365
	CGO_ENABLED=0 WAVE365_STORMS=$(STORMS) go test -tags storms -count=1 -timeout 0 -parallel 6 -run 'TestStorm|TestTakeOver|TestOvertaken' ./cmd/wave365

mutants: ## break the core in small ways, one at a time; each has to turn its test red (some minutes)
	CGO_ENABLED=0 go run .ci/mutants.go

bench: build ## print what is promised about speed and memory, as measured here, in under five minutes (FIGURES: parts of names)
	@go run .ci/bench.go $(FIGURES)

bench-fleet: ## measure TENANTS tenants of 100 rows on three workers against the one that was over last alone, at SPEED times the service's own (needs PostgreSQL; minutes)
	CGO_ENABLED=0 WAVE365_TENANTS=$(TENANTS) WAVE365_SPEED=$(SPEED) go test -tags storms -count=1 -timeout 0 -v -run TestFleetSize ./cmd/wave365

fuzz: ## run every fuzz test for FUZZTIME each
	@grep -rl --include='*_test.go' '^func Fuzz' pkg cmd | xargs -n 1 dirname | sort -u | while read -r dir; do \
	  grep -ho '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | cut -c6- | while read -r name; do \
	    echo "== $$dir $$name"; CGO_ENABLED=0 go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "./$$dir" </dev/null || exit 1; \
	  done || exit 1; \
	done

lint: ## run the linters (the first time this builds them: some minutes)
	go run $(GOLANGCI) run ./...

cover: ## measure coverage into coverage.html
	CGO_ENABLED=0 go test -coverpkg=./pkg/...,./cmd/... -coverprofile=coverage.out ./...
	go tool cover -html=coverage.out -o coverage.html
	@go tool cover -func=coverage.out | tail -n 1

dist: ## build for Linux, macOS and Windows into bin/dist, with checksums and a bill of materials (SPDX)
	@rm -rf bin/dist; mkdir -p bin/dist
	@for p in $(PLATFORMS); do \
	  os=$${p%/*}; arch=$${p#*/}; \
	  for program in wave365 wave365-fleet; do \
	    out=$$program-$$os-$$arch; test $$os = windows && out=$$out.exe; \
	    tags=; test $$program = wave365 && tags=$(LEAN); \
	    echo "bin/dist/$$out"; \
	    CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -tags "$$tags" -ldflags '$(LDFLAGS)' -o bin/dist/$$out ./cmd/wave365 || exit 1; \
	  done; \
	done
	@go run .ci/sbom.go $(VERSION) bin/dist/wave365-* > bin/dist/wave365.spdx.json
	@cd bin/dist && { sha256sum wave365* 2>/dev/null || shasum -a 256 wave365*; } > SHA256SUMS && cat SHA256SUMS

# In a folder of a fixed name: ledger and report say where the wave lies, and that is to be the same wherever it is made.
sample: build ## write the report that is kept in reports/friday-sample again
	@dir=/tmp/wave365; mkdir "$$dir" || exit 1; trap 'rm -rf "$$dir"' EXIT; cp -R waves bin/wave365 "$$dir" && cd "$$dir" || exit 1; \
	./wave365 run waves/friday.csv --sandbox $(SAMPLE_FLAGS) --run-id sample --quiet; code=$$?; \
	test $$code -eq 3 || { echo "sample: run ended with $$code, 3 was expected" >&2; exit 1; }; \
	rm -rf '$(CURDIR)/reports/friday-sample'; cp -R reports/friday-sample '$(CURDIR)/reports/'

clean: ## remove what building, demo and coverage left; ledgers of real runs stay
	rm -rf bin $(DEMO) .wave365/sample coverage.out coverage.html
