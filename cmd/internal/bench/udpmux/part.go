//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"os"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// parts are what this program can be besides the benchmark: each a process of its own, so that their processor time and that of what is
// measured are apart. A part is told by the benchmark what to do, over a Unix socket, which network namespaces do not part.
var parts = map[string]func() any{
	"clients": func() any { return &Clients{} },
	"backend": func() any { return &Backend{} },
	"flood":   func() any { return &Flood{} },
}

// runPart is the program as one of its parts: NAME SOCKET PLAIN.
func runPart(args []string) int {
	if len(args) != 3 {
		fmt.Fprintln(os.Stderr, "a part needs its socket, and whether it is plain")
		return 2
	}
	if args[2] == "true" {
		perCall = 1
	}
	l, err := net.Listen("unix", args[1])
	if err == nil {
		err = rpc.Register(parts[args[0]]())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	rpc.Accept(l)
	return 1
}

// A part is one at work.
type part struct {
	*rig.Process
	client *rpc.Client
}

// dial connects to a part that was just started.
func (p *part) dial(ctx context.Context, socket string) error {
	err := await(ctx, p.Process, func() error {
		c, err := net.Dial("unix", socket)
		if err == nil {
			p.client = rpc.NewClient(c)
		}
		return err
	})
	return p.Trouble(err)
}

// await tries until it succeeds, or the process has ended, or patience has.
func await(ctx context.Context, p *rig.Process, try func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-p.Gone():
			return err
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// do lets the part do something. It may take as long as it is told to, and patience.
func (p *part) do(ctx context.Context, name string, args, result any, d time.Duration) error {
	call := p.client.Go(name, args, result, nil)
	select {
	case <-call.Done:
		return call.Error
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.Gone():
		return p.Trouble(errors.New("it has ended"))
	case <-time.After(d + 2*patience):
		return fmt.Errorf("%s: it does not come to an end", name)
	}
}

func (p *part) stop() {
	if p.client != nil {
		p.client.Close()
	}
	p.Stop()
}
