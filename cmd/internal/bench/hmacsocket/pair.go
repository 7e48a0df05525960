//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// patience is the longest that anything may take that takes a moment.
const patience = 20 * time.Second

// A pair is a subject at work, with a service behind it.
type pair struct {
	service, server, client *rig.Process // the latter two are nil where nothing is between the ends
	port                    int          // where clients connect
}

// start starts a service, which is one of the parts, and the subject before it. The pair must be stopped though this fails.
func (r *runner) start(ctx context.Context, s subject, service string) (p *pair, err error) {
	p = &pair{}
	at := ports{}
	for _, port := range []*int{&at.front, &at.middle, &at.back} {
		if *port, err = rig.FreePort(); err != nil {
			return p, err
		}
	}
	begin := func(process **rig.Process, argv []string, name string, port int) {
		if err == nil {
			if *process, err = rig.Start(argv, filepath.Join(r.dir, name)); err == nil {
				err = (*process).Trouble(rig.Await(ctx, port, *process, patience))
			}
		}
	}
	begin(&p.service, []string{r.self, service, strconv.Itoa(at.back)}, "service", at.back)
	p.port = at.back
	if s.argv != nil {
		server, client := s.argv(at)
		begin(&p.server, server, "server", at.middle)
		begin(&p.client, client, "client", at.front)
		p.port = at.front
	}
	return p, err
}

// stop ends all processes.
func (p *pair) stop() {
	p.client.Stop()
	p.server.Stop()
	p.service.Stop()
}

// cpu is the processor time of both programs, or rig.Absent where there is none.
func (p *pair) cpu() float64 { return (p.client.CPU() + p.server.CPU()).Seconds() }

// trouble adds to err what is known about the programs.
func (p *pair) trouble(err error) error { return p.server.Trouble(p.client.Trouble(err)) }

// dial opens a connection that breaks when ctx has ended.
func (p *pair) dial(ctx context.Context) (c *net.TCPConn, closer func(), err error) {
	c, err = net.DialTCP("tcp4", nil, rig.Loopback(p.port))
	if err != nil {
		return nil, func() {}, err
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	return c, func() { stop(); c.Close() }, nil
}

var errMixed = errors.New("other bytes came back")

// exchange opens a connection, sends a byte, has it back, and ends both directions.
func (p *pair) exchange() error {
	c, err := net.DialTCP("tcp4", nil, rig.Loopback(p.port))
	if err != nil {
		return err
	}
	defer c.Close()
	if err := touch(c); err != nil {
		return err
	}
	c.CloseWrite()
	if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
		return errMixed
	} else if err.Error() != "EOF" {
		return fmt.Errorf("at the end: %w", err)
	}
	// Both directions are over. Closing with a reset leaves no TIME_WAIT behind, of which the kernel bears only so many.
	return c.SetLinger(0)
}

// touch sends a byte and has it back.
func touch(c *net.TCPConn) error {
	b := []byte{'x'}
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(b); err != nil {
		return err
	}
	b[0] = 0
	if _, err := c.Read(b); err != nil {
		return err
	}
	if b[0] != 'x' {
		return errMixed
	}
	return nil
}
