# Everything that is done to the tree. Only Go, git and make are needed; what else a target can use is said there.

GO ?= go
FUZZTIME ?= 10s
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: all build test lint peers vectors fuzz power flake bench-tcpmux bench-hmacsocket bench-udpmux clean

all: build lint test

# The programs, in bin/.
build:
	$(GO) build -o bin/ ./cmd/muxspec ./cmd/tcpmux ./cmd/tcpmuxd ./cmd/hmacsocketserver ./cmd/hmacsocketclient \
		./cmd/moshd ./cmd/mosh-server-mux ./cmd/mosh-client-mux

# All tests. Those that need a Debian program use one that is installed or that "make peers" has fetched, else they are
# skipped with the reason.
test:
	$(GO) test $(TESTFLAGS) ./...

# Debian's programs that tests use as peers, in .peers/; nothing is installed.
peers:
	.ci/peers

# The linters that cannot be had here (no network) are named and left out.
lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'lint: the files above are not in gofmt format'; exit 1; }
	GOOS=linux $(GO) vet ./...
	GOOS=darwin $(GO) vet ./...
	GOOS=freebsd $(GO) vet ./...
	$(GO) mod tidy -diff
	.ci/tool $(STATICCHECK) ./...
	.ci/tool $(GOVULNCHECK) ./...

# Make the golden vectors anew. They are committed: the tree must be clean behind it.
vectors:
	$(GO) run ./vectors/gen

# Each fuzz target for FUZZTIME; go test takes one at a time. An input is not made smaller: where coverage is not the same each time, as that of
# sessions is not, Go would do nothing else.
fuzz:
	@set -e; for package in $$($(GO) list ./fuzz/...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep ^Fuzz); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$package; \
		done; \
	done

# Judge variants of the reference with one fault each: the scenarios of its rule have to see every one.
power:
	$(GO) run ./conformance/mutants/power

# Judge every target FLAKERUNS times on a machine that is kept busy: each scenario has to come to the same each time.
FLAKERUNS ?= 50
flake:
	$(GO) run ./cmd/internal/flake --runs $(FLAKERUNS)

# Compare tcpmuxd with xinetd, inetutils-inetd, tcpserver and a loop without a protocol; a few minutes.
bench-tcpmux: peers
	$(GO) run ./cmd/internal/bench/tcpmux

# Compare hmacsocketserver and hmacsocketclient with socat, ssh -L, stunnel and spiped, and with what only hashes; five minutes.
bench-hmacsocket: peers
	$(GO) run ./cmd/internal/bench/hmacsocket

# Compare moshd with nginx, socat and the kernel's redirection; less than five minutes.
bench-udpmux: peers
	$(GO) run ./cmd/internal/bench/udpmux

clean:
	rm -rf bin .peers
