//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// chunk is what is written or read at once.
const chunk = 256 << 10

// A transfer moves bytes over c until stop is closed, counts them in moved, and checks that none was lost.
type transfer func(c *net.TCPConn, stop <-chan struct{}, moved *atomic.Int64) error

// bulk measures a long transfer in one direction through a forwarder: MB/s, and the forwarder's processor time per GiB in s.
func bulk(end string, move transfer) func(context.Context, *runner, way) ([]float64, error) {
	return func(ctx context.Context, r *runner, w way) ([]float64, error) {
		port, err := rig.FreePort()
		if err != nil {
			return nil, err
		}
		backend, err := rig.Start([]string{r.self, end, strconv.Itoa(port)}, filepath.Join(r.dir, "end"))
		defer backend.Stop()
		if err != nil {
			return nil, err
		}
		s := (*rig.Process)(nil)
		r.backend = port
		if w.argv != nil {
			s, port, err = r.launch(w)
			defer s.Stop()
			if err != nil {
				return nil, err
			}
		}
		c, err := open(ctx, port, r.backend, w)
		if err != nil {
			return nil, s.Trouble(err)
		}
		defer c.Close()
		values, err := sample(ctx, r.slice, c, s, move)
		return values, s.Trouble(err)
	}
}

// open connects to a forwarder at port, once that and what it forwards to are listening, and asks it for its service.
func open(ctx context.Context, port, backend int, w way) (*net.TCPConn, error) {
	for _, p := range []int{backend, port} {
		if err := rig.Await(ctx, p, nil, patience); err != nil {
			return nil, err
		}
	}
	c, err := net.DialTCP("tcp4", nil, rig.Loopback(port))
	if err != nil || w.request == "" {
		return c, err
	}
	c.SetDeadline(time.Now().Add(patience))
	const reply = "+Go\r\n"
	got := make([]byte, len(reply))
	_, err = io.WriteString(c, w.request)
	if err == nil {
		_, err = io.ReadFull(c, got)
	}
	if err == nil && string(got) != reply {
		err = fmt.Errorf("wrong reply %q", got)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, c.SetDeadline(time.Time{})
}

// sample looks at a transfer in its full flow, so that neither its beginning nor its end counts.
func sample(ctx context.Context, d time.Duration, c *net.TCPConn, s *rig.Process, move transfer) ([]float64, error) {
	var moved atomic.Int64
	stop, done := make(chan struct{}), make(chan error, 1)
	halt := sync.OnceFunc(func() { close(stop) })
	defer halt()
	go func() { done <- move(c, stop, &moved) }()
	var bytes, cpu, at [2]float64
	for i, wait := range []time.Duration{rig.WarmUp, d} {
		select {
		case err := <-done:
			return nil, fmt.Errorf("the transfer ended too early: %v", err)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(wait):
		}
		at[i] = float64(time.Now().UnixNano()) / 1e9
		bytes[i] = float64(moved.Load())
		if s != nil {
			cpu[i] = s.CPU().Seconds()
		}
	}
	halt()
	c.SetDeadline(time.Now().Add(patience))
	if err := <-done; err != nil {
		return nil, err
	}
	moving := bytes[1] - bytes[0]
	values := []float64{moving / 1e6 / (at[1] - at[0]), rig.Absent}
	if s != nil {
		values[1] = (cpu[1] - cpu[0]) / (moving / (1 << 30))
	}
	return values, nil
}

// upload sends until it has to stop, and demands that the sink has got it all.
func upload(c *net.TCPConn, stop <-chan struct{}, moved *atomic.Int64) error {
	b := make([]byte, chunk)
	for running := true; running; {
		n, err := c.Write(b)
		moved.Add(int64(n))
		if err != nil {
			return err
		}
		select {
		case <-stop:
			running = false
		default:
		}
	}
	c.CloseWrite()
	var arrived int64
	if err := binary.Read(c, binary.BigEndian, &arrived); err != nil {
		return fmt.Errorf("reading the sink's count: %w", err)
	}
	if arrived != moved.Load() {
		return fmt.Errorf("%d bytes sent, %d arrived", moved.Load(), arrived)
	}
	return nil
}

// download takes what comes, asks the source to stop in time, and demands to have got all that it has sent.
func download(c *net.TCPConn, stop <-chan struct{}, moved *atomic.Int64) error {
	go func() { <-stop; c.CloseWrite() }()
	b, last := make([]byte, chunk), []byte(nil)
	for {
		n, err := c.Read(b)
		moved.Add(int64(n))
		last = append(last, b[max(0, n-8):n]...)
		last = last[max(0, len(last)-8):]
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	if len(last) < 8 {
		return io.ErrUnexpectedEOF
	}
	if sent := int64(binary.BigEndian.Uint64(last)); sent != moved.Load()-8 {
		return fmt.Errorf("%d bytes sent, %d arrived", sent, moved.Load()-8)
	}
	return nil
}
