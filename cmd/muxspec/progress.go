package main

import (
	"fmt"
	"os"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/conformance/report"
)

// progressAfter is how long a run may take before it tells how far it is.
const progressAfter = 2 * time.Second

// progress tells on standard error how far a long run is: on a terminal in one line that is written over, elsewhere a
// line every so often.
type progress struct {
	quiet, terminal bool
	began, told     time.Time
	line            bool // one stands on the terminal
}

func newProgress(quiet bool) *progress {
	return &progress{quiet: quiet, terminal: onTerminal(os.Stderr), began: time.Now()}
}

// done is told of each scenario.
func (p *progress) done(s report.ScenarioResult, n, of int) {
	if !p.due() {
		return
	}
	if p.terminal {
		fmt.Fprintf(stdio.Stderr, "\r\x1b[K%d of %d scenarios, %s", n, of, s.Name)
		p.line = true
	} else {
		fmt.Fprintf(stdio.Stderr, "%d of %d scenarios\n", n, of)
	}
}

// due says whether it is time to tell how far the run is.
func (p *progress) due() bool {
	every := 10 * time.Second
	if p.terminal {
		every = 100 * time.Millisecond
	}
	if p.quiet || time.Since(p.began) < progressAfter || time.Since(p.told) < every {
		return false
	}
	p.told = time.Now()
	return true
}

// end takes the line away.
func (p *progress) end() {
	if p.line {
		fmt.Fprint(stdio.Stderr, "\r\x1b[K")
	}
}
