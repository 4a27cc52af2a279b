# check is the gate; the other targets are for the work in between.

export GOFLAGS := $(strip $(GOFLAGS) -buildvcs=false)

BIN      := $(CURDIR)/.bin
PACKAGES := ./... ./examples/...
FUZZTIME := 30s

.DELETE_ON_ERROR:
.PHONY: check test cover fuzz bench fmt tools

check: ## everything: the gate, as CI runs it
	bash .ci/run

test: ## all tests with the race detector, in random order
	go test -race -shuffle=on $(PACKAGES)

cover: ## coverage, function by function
	go test -coverprofile=cover.out ./...
	go tool cover -func=cover.out

fuzz: ## every fuzz target for FUZZTIME; go test takes one at a time
	@for pkg in $$(go list $(PACKAGES)); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "go test -run '^$$' -fuzz '^$$target$$' -fuzztime $(FUZZTIME) $$pkg"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit; \
		done; \
	done

bench: tools ## all benchmarks, ten runs each, summarised
	go test -run '^$$' -bench . -benchmem -count 10 $(PACKAGES) >bench.out
	$(BIN)/benchstat bench.out

fmt: tools ## format every Go file
	$(BIN)/gofumpt -w .

tools: ## install the developer tools of internal/tools into .bin
	GOWORK=off GOBIN=$(BIN) go -C internal/tools install tool
