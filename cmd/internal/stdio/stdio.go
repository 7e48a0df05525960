// Package stdio keeps what happens to the standard descriptors from deciding over a program: one that is full, whose
// reader has gone or stands still costs lines, never the program, its time or a connection. Go's runtime puts the null
// device where a standard descriptor is closed from the start.
//
// A program's main function is [Main]. All that it says of itself goes to [Stderr]; a server's log is [Log].
package stdio

import (
	"io"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// Stderr is standard error, for whole lines. Nobody who writes to it waits.
var Stderr io.Writer = stderr

var stderr = &lines{to: os.Stderr}

// Main runs a program from its arguments to its exit code, and ends the process.
func Main(program func(args []string) int) {
	Guard()
	code := program(os.Args[1:])
	Flush()
	os.Exit(code)
}

// Guard makes a write to a pipe that nobody reads an error of that write, and not the end of the program. The signal is
// caught, not ignored: programs that are started from here would inherit that.
func Guard() { signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE) }

// Flush waits until all that was said is written, for a second at most.
func Flush() {
	for _, l := range limited() {
		l.flush()
	}
	stderr.flush()
}

var (
	limitersMu sync.Mutex
	limiters   []*limiter
)

// limited gives the limiters that there are.
func limited() []*limiter {
	limitersMu.Lock()
	defer limitersMu.Unlock()
	return limiters
}
