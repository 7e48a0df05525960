package proc

import (
	"net"
	"strings"
	"testing"
	"time"
)

// TestOutput: a program's output is there once it has ended, though something that it started holds the output open.
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

// TestSpins: a process that works is seen to go on and to have had its turn; one that sleeps is not.
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

// TestGround: a process started after the end of a run is ended at once, and so are those that run then.
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

// TestListening: the kernel says whether somebody listens at an address, alone or at all addresses with its port.
func TestListening(t *testing.T) {
	for _, c := range []struct{ listen, ask string }{
		{"127.0.0.1:0", "127.0.0.1"}, {"0.0.0.0:0", "127.0.0.1"}, {"[::]:0", "127.0.0.1"},
		{"[::]:0", "::1"}, {"[::1]:0", "::1"},
	} {
		l, err := net.Listen("tcp", c.listen)
		if err != nil {
			t.Logf("%s: %v", c.listen, err) // for instance without IPv6
			continue
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		address := net.JoinHostPort(c.ask, port)
		if !Listening(address) {
			t.Errorf("somebody listens at %s, and %s is not found", c.listen, address)
		}
		if other := net.JoinHostPort("127.0.0.9", port); c.listen == "127.0.0.1:0" && Listening(other) {
			t.Errorf("nobody listens at %s", other)
		}
		d, err := net.Dial("tcp", address)
		if err == nil { // connections do not listen
			defer d.Close()
		}
		if l.Close(); Listening(address) {
			t.Errorf("nobody listens at %s any more", address)
		}
	}
}
