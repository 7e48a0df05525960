//go:build linux

package rig

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test's file be the ends that the tests start.
func TestMain(m *testing.M) {
	b := &Bench{}
	if len(os.Args) > 1 && b.end(os.Args[1]) != nil {
		os.Exit(b.Main())
	}
	os.Exit(m.Run())
}

func newBench(t *testing.T) *Bench {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &Bench{Dir: t.TempDir(), self: self}
}

func started(t *testing.T, b *Bench, script string) Programs {
	t.Helper()
	p, err := b.Start([]string{"sh", "-c", script})
	if err != nil {
		t.Fatal(err)
	}
	all := Programs{p}
	t.Cleanup(all.Stop)
	return all
}

// until fails the test if it does not come to what is wanted.
func until(t *testing.T, all Programs, ok func() bool, what string) {
	t.Helper()
	err := all.Await(t.Context(), func() error {
		if !ok() {
			return errors.New(what)
		}
		return nil
	})
	if err != nil {
		t.Fatal(all.Trouble(err))
	}
}

// TestStop: children are measured and ended, too, in a session of their own as well.
func TestStop(t *testing.T) {
	all := started(t, newBench(t), "setsid sleep 1000 & (sleep 1000; true) & wait")
	p := all[0]
	until(t, all, func() bool { return len(p.members()) == 4 }, "it has no three descendants")
	if n, err := all.Memory(); n <= 0 || err != nil {
		t.Errorf("memory %d, %v", n, err)
	}
	members := p.members()
	all.Stop()
	for _, m := range members {
		if !m.over() {
			t.Errorf("process %d goes on", m.pid)
		}
	}
	if all.CPU() != 0 {
		t.Error("what has ended uses the processor")
	}
}

// TestCPU: the time of a child counts while it runs, and when it has ended.
func TestCPU(t *testing.T) {
	const busy = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"
	all := started(t, newBench(t), "("+busy+"; sleep 1000) & wait")
	until(t, all, func() bool { return all.CPU() > 20*time.Millisecond }, "a child's time does not count")
	after := started(t, newBench(t), "("+busy+"); sleep 1000; true")
	counts := func() bool { return after.CPU() > 20*time.Millisecond && len(after[0].members()) == 2 }
	until(t, after, counts, "an ended child's time does not count")
}

func TestTrouble(t *testing.T) {
	all := started(t, newBench(t), "echo first; echo last words; exit 3")
	never := errors.New("never")
	err := all.Trouble(all.Await(t.Context(), func() error { return never }))
	if !errors.Is(err, never) ||
		!strings.Contains(err.Error(), `(sh ended: exit status 3) (its last words: "last words")`) {
		t.Errorf("trouble: %v", err)
	}
	if all.Trouble(nil) != nil {
		t.Error("trouble of nothing")
	}
}

// TestTask measures a forwarder, and nothing, between a client and a service.
func TestTask(t *testing.T) {
	b := newBench(t)
	forwarder := Subject{Name: "forwarder", Programs: func(p Ports) []Program {
		return []Program{b.End("forward", p.Front, strconv.Itoa(p.Back))}
	}}
	whole := func(c *net.TCPConn) error {
		err := Ask(c, "x", "x")
		c.CloseWrite()
		return err
	}
	for _, s := range []Subject{forwarder, {Name: "direct"}} {
		for _, c := range []struct {
			service string
			run     Run
		}{
			{"echo", Rate(2, func() Talk { return whole })},
			{"sink", Bulk(func(*net.TCPConn) error { return nil }, Upload)},
			{"source", Bulk(func(*net.TCPConn) error { return nil }, Download)},
		} {
			values, err := b.Task(s, c.service, c.run).Run(t.Context(), 50*time.Millisecond)
			if err != nil || !(values[0] >= 0) || isAbsent(values[1]) != (s.Programs == nil) {
				t.Errorf("%s, %s: %v, %v", s.Name, c.service, values, err)
			}
		}
	}
	wrong := Dialled(func(_ context.Context, _ time.Duration, _ *Turn, c *net.TCPConn) ([]float64, error) {
		return []float64{1, 1}, Ask(c, "x", "y")
	})
	if _, err := b.Task(forwarder, "echo", wrong).Run(t.Context(), time.Millisecond); err == nil {
		t.Error("a wrong answer counts")
	}
}
