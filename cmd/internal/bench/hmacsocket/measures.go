//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// Names of measures.
const (
	bulk, pingPong, opening, idling = "bulk", "ping-pong", "connections", "idle connections"
)

// bare is the least that a pair can do.
const bare = "bare Go"

// gcm is what users compare with: authenticated, encrypted, and the fastest of its kind.
const gcm = "ssh aes128-gcm"

// floor is what no pair with that hash can cost less than: both ends hash everything and copy it.
func floor(hash string) string { return "floor of " + hash }

// plan gives the measures of the subjects. The speeds are cut into slices: where the kernel puts the processes, on one
// core or on two, changes from second to second.
func (r *runner) plan() (what string, all []rig.Measure, _ []rig.Aim, _ error) {
	r.key = r.File("key", string(r.secret[:]))
	flow := rig.Measure{Name: bulk, Slices: 2,
		Units: []rig.Unit{{Name: "MB/s", Base: "direct"}, {Name: "CPU of both, s/GiB", Base: gcm}}}
	pong := rig.Measure{Name: pingPong, Slices: 2,
		Units: []rig.Unit{{Name: "p50, µs", Base: "socat"}, {Name: "p99, µs", Base: "socat"}}}
	open := rig.Measure{Name: opening, Slices: 2,
		Units: []rig.Unit{{Name: "connections/s", Base: bare}, {Name: "CPU of both, µs each"}}}
	silent := rig.Measure{Name: idling,
		Units: []rig.Unit{{Name: "pair, KiB each"}, {Name: "client, KiB each"}, {Name: "server, KiB each"}}}
	for _, s := range r.subjects() {
		flow.Tasks = append(flow.Tasks, r.Task(s, "sink", rig.Bulk(nothing, rig.Upload)))
		pong.Tasks = append(pong.Tasks, r.Task(s, "echo", rig.Dialled(messages)))
		open.Tasks = append(open.Tasks, r.Task(s, "echo", rig.Rate(1, func() rig.Talk { return whole })))
		if s.Programs != nil {
			silent.Tasks = append(silent.Tasks, r.Task(s, "echo", r.idle))
		}
	}
	for _, h := range hashes {
		pass := "a pass of " + h.name
		flow.Tasks = append(flow.Tasks, rig.Task{Subject: pass, Note: "one core, 64 KiB at once", Run: h.pass})
		both := []string{pass, pass, "socat"}
		flow.Derived = append(flow.Derived, rig.Derived{Subject: floor(h.name), Of: both, Value: costs})
	}
	what = fmt.Sprintf("Bulk is one stream to the service; ping-pong is of 64 bytes; connections are made by "+
		"one client.\nA measurement takes %v s.", r.Seconds)
	return what, []rig.Measure{flow, pong, open, silent}, aims(), nil
}

// costs adds up processor time; there is no speed.
func costs(of [][]float64) []float64 {
	total := 0.0
	for _, v := range of {
		total += v[1]
	}
	return []float64{rig.Absent, total}
}

// aims are what our pair should reach.
func aims() []rig.Aim {
	all := []rig.Aim{
		{Measure: bulk, Subject: "hmacsocket blake3", Unit: 1, Base: gcm, AtMost: 0.8},
		{Measure: bulk, Subject: "hmacsocket blake3", Unit: 1, Base: "stunnel", AtMost: 0.99},
		{Measure: bulk, Subject: "hmacsocket sha256", Unit: 1, Base: floor("sha256"), AtMost: 1.15},
	}
	for _, h := range hashes {
		name := "hmacsocket " + h.name
		all = append(all, rig.Aim{Measure: pingPong, Subject: name, Base: "socat", AtMost: 1.25},
			rig.Aim{Measure: opening, Subject: name, Base: bare, AtLeast: 0.8},
			rig.Aim{Measure: idling, Subject: name, AtMost: 100})
	}
	return all
}

// pass measures how fast one core hashes: MB/s, and processor time for a GiB in s. The time is the thread's own, so
// that others on the machine do not count.
func (h namedHash) pass(_ context.Context, d time.Duration) ([]float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	now := func() time.Duration {
		var t unix.Timespec
		unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
		return time.Duration(t.Nano())
	}
	hash, b, out := h.make(), make([]byte, 64<<10), []byte(nil)
	bytes, took := 0, time.Duration(0)
	for begin := now(); took < d; took = now() - begin {
		for range 16 {
			hash.Reset()
			hash.Write(b)
			out = hash.Sum(out[:0])
			bytes += len(b)
		}
	}
	speed, cost := rig.Flow(int64(bytes), took, took)
	return []float64{speed, cost}, nil
}

func nothing(*net.TCPConn) error { return nil }

// touch sends a byte and has it back.
func touch(c *net.TCPConn) error { return rig.Ask(c, "x", "x") }

// whole touches and ends both directions.
func whole(c *net.TCPConn) error {
	if err := touch(c); err != nil {
		return err
	}
	c.CloseWrite()
	if n, err := c.Read(make([]byte, 1)); err != io.EOF {
		return fmt.Errorf("at the end come %d bytes: %w", n, err)
	}
	return nil
}

// messages measures how long one of 64 bytes takes to the service and back: the median and the 99th percentile, in µs.
func messages(_ context.Context, d time.Duration, _ *rig.Turn, c *net.TCPConn) ([]float64, error) {
	message := strings.Repeat("x", 64)
	var took []time.Duration
	for begin := time.Now(); time.Since(begin) < rig.WarmUp+d || len(took) == 0; {
		at := time.Now()
		if err := rig.Ask(c, message, message); err != nil {
			return nil, err
		}
		if at.Sub(begin) > rig.WarmUp {
			took = append(took, time.Since(at))
		}
	}
	return []float64{rig.Micros(rig.Percentile(took, 50)), rig.Micros(rig.Percentile(took, 99))}, nil
}

// idle measures the memory of connections that have carried a byte each way and now are silent: of both programs, and
// of each.
func (r *runner) idle(ctx context.Context, d time.Duration, t *rig.Turn) ([]float64, error) {
	values, err := r.Idle(touch, whole)(ctx, d, t)
	if err != nil {
		return nil, err
	}
	server, client := values[0], values[1] // as they were started
	return []float64{client + server, client, server}, nil
}
