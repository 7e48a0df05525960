package engine

import (
	"runtime"
	"testing"
	"time"
)

// A port is given once, to this suite and to all others that run meanwhile.
func TestPortsAreGivenOnce(t *testing.T) {
	seen := make(map[string]bool)
	for range 200 {
		port, err := freePort()
		if err != nil || seen[port] {
			t.Fatalf("port %q, given before: %v; %v", port, seen[port], err)
		}
		seen[port] = true
	}
	if port := LowestPort - 1; runtime.GOOS == "linux" && (!claim(port, time.Minute) || claim(port, time.Minute)) {
		t.Error("a port can be claimed twice at once, or not at all")
	}
}
