// Package progtest is what the tests of the programs share: programs and servers in the background, connections,
// scripts.
package progtest

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/muxspec/muxspec/cmd/internal/stdio"
)

// Main makes the test binary the programs, too: they are in PATH for scripts and for the other tests.
func Main(m *testing.M, programs map[string]func(args []string) int) {
	// With the race detector every program would sleep for a second at its end.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	commands := map[string]func(){"activate": activate}
	for name, main := range programs {
		commands[name] = func() { stdio.Main(main) }
	}
	testscript.Main(m, commands)
}
