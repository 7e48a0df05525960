//go:build linux

package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// Ports are those of a turn, of 127.0.0.1: clients connect to Front, programs may meet at Middle, the service is at
// Back.
type Ports struct{ Front, Middle, Back int }

// A Program is one to start, and the port at which it listens then.
type Program struct {
	Port int
	Argv []string
}

// A Turn is a subject at work, with a service behind it.
type Turn struct {
	Programs
	service Programs
	port    int // where clients connect
}

// A Run measures a turn for a time. It gives one value for each unit, or Absent.
type Run func(context.Context, time.Duration, *Turn) ([]float64, error)

// Task measures a subject, each time freshly started, with a service that is one of the ends; "" is none.
func (b *Bench) Task(s Subject, service string, run Run) Task {
	return Task{s.Name, s.Absent, s.Note, func(ctx context.Context, d time.Duration) (values []float64, err error) {
		t := &Turn{}
		defer func() { t.Stop(); t.service.Stop() }()
		if err = b.start(ctx, t, s, service); err == nil {
			values, err = run(ctx, d, t)
		}
		return values, t.Trouble(err)
	}}
}

// start starts the service and the programs.
func (b *Bench) start(ctx context.Context, t *Turn, s Subject, service string) (err error) {
	var p Ports
	for _, port := range []*int{&p.Front, &p.Middle, &p.Back} {
		if *port, err = FreePort(); err != nil {
			return err
		}
	}
	if service == "" {
		p.Back = 0
	} else if err := b.launch(ctx, b.End(service, p.Back), &t.service); err != nil {
		return t.service.Trouble(err)
	}
	t.port = p.Front
	if s.Programs == nil {
		t.port = p.Back
		return nil
	}
	for _, program := range s.Programs(p) {
		if err := b.launch(ctx, program, &t.Programs); err != nil {
			return err
		}
	}
	return nil
}

// launch starts a program, adds it to others, and waits until it listens.
func (b *Bench) launch(ctx context.Context, program Program, others *Programs) error {
	p, err := b.Start(program.Argv)
	if err != nil {
		return err
	}
	*others = append(*others, p)
	return Programs{p}.Await(ctx, func() error {
		if _, ok := listener(program.Port); !ok {
			return fmt.Errorf("nobody listens on port %d", program.Port)
		}
		return nil
	})
}

// FreePort finds a port that nobody has, neither for TCP nor for UDP. It lies below those that the kernel gives to
// clients, so that none of them takes it before the server does.
func FreePort() (int, error) {
	for range 100 {
		port := 20000 + rand.IntN(12000)
		l, err := net.Listen("tcp4", Address(port))
		if err != nil {
			continue
		}
		l.Close()
		if c, err := net.ListenPacket("udp4", Address(port)); err == nil {
			c.Close()
			return port, nil
		}
	}
	return 0, errors.New("no free port from 20000 to 31999")
}

// Address is that of a port.
func Address(port int) string { return fmt.Sprint("127.0.0.1:", port) }

// Loopback is a port's address, too.
func Loopback(port int) *net.TCPAddr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }

// Wait waits for some time, if the context does not end.
func Wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// A Talk is what a client does with a connection that it has opened.
type Talk func(c *net.TCPConn) error

// with lets a client talk, with a time limit.
func (t Talk) with(c *net.TCPConn) error {
	c.SetDeadline(time.Now().Add(Patience))
	return t(c)
}

// Ask sends a request and has the answer that is wanted.
func Ask(c *net.TCPConn, request, want string) error {
	if _, err := io.WriteString(c, request); err != nil {
		return err
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != want {
		return fmt.Errorf("wrong answer %q", got)
	}
	return nil
}

// Dialled measures one connection.
func Dialled(run func(context.Context, time.Duration, *Turn, *net.TCPConn) ([]float64, error)) Run {
	return func(ctx context.Context, d time.Duration, t *Turn) ([]float64, error) {
		c, err := net.DialTCP("tcp4", nil, Loopback(t.port))
		if err != nil {
			return nil, err
		}
		defer c.Close()
		defer context.AfterFunc(ctx, func() { c.Close() })()
		c.SetDeadline(time.Now().Add(d + Patience))
		return run(ctx, d, t, c)
	}
}
