package proc

import (
	"strings"
	"testing"
	"time"
)

// TestOutput: what a program has printed is there when it has ended, though something that it started holds its output open.
func TestOutput(t *testing.T) {
	for range 20 {
		p, err := StartProcess("/bin/sh", []string{"sh", "-c", "sleep 60 & seq 2000; echo last >&2"}, nil, "", t.Name(),
			false)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		<-p.Gone
		if took := time.Since(began); took > 10*time.Second {
			t.Fatalf("its end was seen after %v", took)
		}
		out := string(p.Printed())
		p.Stop()
		if !strings.Contains(out, "\n2000\n") || !strings.HasSuffix(out, "last\n") {
			t.Fatalf("the end of its output is missing: %q", out[max(0, len(out)-40):])
		}
	}
}

// TestSpins: a process that works goes on and one that sleeps does not, and the first is seen to have had its turn.
func TestSpins(t *testing.T) {
	for script, want := range map[string]bool{"while :; do :; done": true, "sleep 60": false} {
		p, err := StartProcess("/bin/sh", []string{"sh", "-c", script}, nil, "", t.Name(), false)
		if err != nil {
			t.Fatal(err)
		}
		turn := p.Turn()
		if got := p.Spins(Window(t.Context(), 20*time.Second)); got != want {
			t.Errorf("%s: spins: %v", script, got)
		}
		if used := turn(); (used >= spinning) != want {
			t.Errorf("%s: it used %v", script, used)
		}
		p.Stop()
	}
}

// TestGround: what is started after the end of a run is ended at once, and so is what runs then.
func TestGround(t *testing.T) {
	g := NewGround(t.TempDir(), nil)
	start := func() *Process {
		p, err := StartProcess("/bin/sleep", []string{"sleep", "60"}, nil, "", t.Name(), false)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	before, after := start(), start()
	if err := g.Enter(before); err != nil {
		t.Fatal(err)
	}
	g.Clear()
	if before.Ended() == "" {
		t.Error("a process outlives the run")
	}
	if err := g.Enter(after); err == nil || after.Ended() == "" {
		t.Errorf("a process is started after the run: %v", err)
	}
}
