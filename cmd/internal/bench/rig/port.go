//go:build linux

package rig

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Listening says whether somebody listens at a port of 127.0.0.1, and how many connections wait to be accepted.
func Listening(port int) (waiting int, ok bool) {
	b, _ := os.ReadFile("/proc/net/tcp")
	local := fmt.Sprintf("0100007F:%04X", port)
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		const listen = "0A"
		if len(f) > 4 && f[1] == local && f[3] == listen {
			_, queue, _ := strings.Cut(f[4], ":")
			n, _ := strconv.ParseInt(queue, 16, 32)
			return int(n), true
		}
	}
	return 0, false
}

// Await waits until somebody listens at the port. p is who should, if it is known.
func Await(ctx context.Context, port int, p *Process, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		if _, ok := Listening(port); ok {
			return nil
		}
		ended := p != nil && !p.running()
		if time.Now().After(deadline) || ctx.Err() != nil || ended {
			return fmt.Errorf("nobody listens on port %d", port)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// FreePort finds a port that nobody has, neither for TCP nor for UDP. It lies below those that the kernel gives to clients, so that none
// of them takes it before the server does.
func FreePort() (int, error) {
	for range 100 {
		port := 20000 + rand.IntN(12000)
		l, err := net.ListenTCP("tcp4", Loopback(port))
		if err != nil {
			continue
		}
		l.Close()
		if c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}); err == nil {
			c.Close()
			return port, nil
		}
	}
	return 0, errors.New("no free port from 20000 to 31999")
}

// Loopback is a port's address.
func Loopback(port int) *net.TCPAddr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }

// Settled waits until the connections at a port are accepted and the memory of each of the programs has stopped changing.
func Settled(ctx context.Context, port int, programs ...*Process) (bytes []int, err error) {
	const pause, wanted = 100 * time.Millisecond, 5
	bytes = make([]int, len(programs))
	same := 0
	for range 100 {
		waiting, _ := Listening(port)
		changed := waiting > 0
		for i, p := range programs {
			now, err := p.Memory()
			if err != nil {
				return nil, err
			}
			const page = 4096
			if now-bytes[i] > 4*page || bytes[i]-now > 4*page {
				bytes[i], changed = now, true
			}
		}
		if changed {
			same = 0
		} else if same++; same == wanted {
			return bytes, nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
	return nil, fmt.Errorf("memory still changes after %v", 100*pause)
}
