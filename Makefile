# Everything that is done to the tree. Only Go, git and make are needed; what else a target can use is said there.

GO ?= go
FUZZTIME ?= 10s
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
PREFIX ?= /usr/local

# What --version says. Where there is no git, Go's own stamp is left.
COMMIT := $(shell git rev-parse HEAD 2>/dev/null)
DIRTY := $(shell test -z "$$(git status --porcelain -uno 2>/dev/null)" || echo -dirty)
VERSION ?= $(if $(COMMIT),$(shell git describe --tags --match 'v[0-9]*' 2>/dev/null || \
	TZ=UTC git log -1 --format=v0.0.0-%cd-%h --abbrev=12 --date=format-local:%Y%m%d%H%M%S)$(DIRTY))
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)

.PHONY: all build test race no-ipv6 lint peers browser vectors docs findings fuzz corpus power power-mechanical flake \
	hostile bench-tcpmux bench-hmacsocket bench-udpmux dist install uninstall clean

all: build lint test

# The programs, in bin/.
CMDLINE = github.com/muxspec/muxspec/cmd/internal/cmdline
STAMP = -X $(CMDLINE).version=$(VERSION) -X $(CMDLINE).commit=$(COMMIT)
build:
	$(GO) build $(if $(VERSION),-ldflags='$(STAMP)') -o bin/ ./cmd/muxspec ./cmd/tcpmux ./cmd/tcpmuxd \
		./cmd/hmacsocketserver ./cmd/hmacsocketclient ./cmd/moshd ./cmd/mosh-server-mux ./cmd/mosh-client-mux

# Without cgo a program of ours starts in four fifths of the time, and these start thousands.
test no-ipv6 power power-mechanical flake hostile findings: export CGO_ENABLED = 0

# All tests. Those that need a Debian program use one that is installed or that "make peers" has fetched, else they are
# skipped with the reason.
test:
	$(GO) test $(TESTFLAGS) ./...

# What is concurrent, with the race detector, which needs a C compiler.
RACE = ./ref/... ./conformance ./conformance/internal/... ./conformance/udpmux/...
race:
	$(GO) test -race -skip '^(TestSpeed|TestReal|TestSequences|TestBlindExplorer)$$' $(TESTFLAGS) $(RACE)

# What uses IPv6 where there is none, in a network namespace: tests, then the reference.
no-ipv6:
	$(GO) mod download
	.ci/no-ipv6 $(GO) test -skip '^(TestSpeed|TestReal|TestSequences|TestBlindExplorer)$$' $(TESTFLAGS) \
		./conformance ./conformance/udpmux/... ./ref/udpmux/...
	.ci/no-ipv6 $(GO) run ./cmd/muxspec run --quick

# Debian's programs that tests use as peers, in .peers/; nothing is installed.
peers:
	.ci/peers

# Debian's headless Chromium, in .peers/ as well, for the tests of the HTML page: a download of 100 MB.
browser:
	.ci/browser

# The programs, the pages and the titles of scenarios. The linters that cannot be had here (no network) are named and
# left out.
lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'lint: the files above are not in gofmt format'; exit 1; }
	GOOS=linux $(GO) vet ./...
	GOOS=darwin $(GO) vet ./...
	GOOS=freebsd $(GO) vet ./...
	$(GO) mod tidy -diff
	.ci/tool $(STATICCHECK) ./...
	.ci/tool $(GOVULNCHECK) ./...
	$(GO) test ./docs ./conformance \
		-run '^(TestLinks|TestAnchors|TestLines|TestRows|TestDemands|TestTitles|TestBudgets)$$'

# Make the golden vectors anew. They are committed: the tree must be clean afterwards.
vectors:
	$(GO) run ./vectors/gen

# Make the pages' tables of options anew from the programs. They are committed, too.
docs:
	$(GO) run ./cmd/internal/makedocs

# Make the tables of docs/findings.md anew: judge the other implementations that are here. FINDINGS="nc" chooses
# targets.
findings: peers
	$(GO) run ./cmd/internal/makefindings $(FINDINGS)

# Each fuzz target for FUZZTIME, and at the end which of them found something.
fuzz:
	GO='$(GO)' .ci/fuzz $(FUZZTIME)

# Fuzz each target for FUZZTIME, and add to its committed inputs what none of them runs.
corpus:
	$(GO) run ./cmd/internal/corpus --fuzztime $(FUZZTIME)

# Judge variants of the reference with one fault each: the scenarios of its rule have to see every one.
# POWER="--fail-fast" is faster, and does not tell which scenarios no fault needs.
power:
	$(GO) run ./conformance/mutants/power $(POWER)

# Judge N variants of the reference in which one token is another, chosen by SEED: those that no scenario sees are
# named.
SEED ?= 1
N ?= 20
power-mechanical:
	$(GO) run ./conformance/mutants/mechanical --seed $(SEED) --count $(N)

# Measure how often verdicts depend on luck: the reference is judged many times on a busy machine, on one that stands
# still now and then, and with a signal at a random moment. FLAKE="targets" judges every target on a busy machine: each
# scenario must have the same outcome each time.
FLAKE ?= busy frozen signals
flake:
	$(GO) run ./cmd/internal/flake $(FLAKE)

# Judge on machines that nobody would choose: no verdict may change. As root. HOSTILE="--only NAME" chooses.
hostile: peers
	$(GO) run ./cmd/internal/hostile $(HOSTILE)

# Compare tcpmuxd with xinetd, inetutils-inetd, tcpserver and a loop without a protocol; a few minutes.
bench-tcpmux: peers
	$(GO) run ./cmd/internal/bench/tcpmux

# Compare hmacsocketserver and hmacsocketclient with socat, ssh -L, stunnel and spiped, and with what only hashes; five
# minutes.
bench-hmacsocket: peers
	$(GO) run ./cmd/internal/bench/hmacsocket

# Compare moshd with nginx and socat; less than five minutes.
bench-udpmux: peers
	$(GO) run ./cmd/internal/bench/udpmux

# What is released, in dist/: an archive for each platform, packages for Debian, the vectors, and their sums.
# DIST="--platforms linux/amd64" makes less.
dist install: export VERSION := $(VERSION)
dist install: export COMMIT := $(COMMIT)
dist install: export SOURCE_DATE_EPOCH := $(SOURCE_DATE_EPOCH)
dist:
	$(GO) run ./cmd/internal/makedist $(DIST)

# The programs, man pages, completions, units and pages, below PREFIX. DESTDIR is the root of a package.
install:
	tree=$$(mktemp -d) && trap 'rm -rf "$$tree"' EXIT && \
		$(GO) run ./cmd/internal/makedist --tree "$$tree/muxspec" && "$$tree/muxspec/install.sh" "$(PREFIX)"

uninstall:
	cmd/internal/makedist/files/install.sh --uninstall "$(PREFIX)"

clean:
	rm -rf bin dist .peers
