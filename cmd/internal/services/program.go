package services

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/group"
	"github.com/muxspec/muxspec/ref/accept"
	"github.com/muxspec/muxspec/ref/process"
	"github.com/muxspec/muxspec/ref/tcpmux"
)

// breakTime is what a program has to end when its connection is broken: it may not look at it.
const breakTime = 10 * time.Second

// Program makes a handler that starts a program with the connection as its standard input and output, as inetd does;
// its standard error is the server's. argv[0] is the program's path. With ownReply the program sends the reply itself.
// A program leads a process group of its own, and the whole group is ended with the server, or some time after the
// connection has broken.
func Program(argv []string, ownReply bool) tcpmux.Handler {
	return func(ctx context.Context, c net.Conn) error {
		const failure = "Service cannot be started"
		_, err := exec.LookPath(argv[0])
		if _, ok := c.(socket); !ok {
			err = errors.New("only a socket can be given to a program")
		}
		if err != nil {
			return errors.Join(err, tcpmux.Refuse(c, failure))
		}
		// The reply goes first, because a running program may write at once. What the file's mode cannot tell, such as
		// a missing interpreter, is seen as a reset after it.
		if !ownReply {
			if err := tcpmux.Accept(c); err != nil {
				return err
			}
		}
		broken := make(chan struct{})
		defer accept.Watch(c, func() { close(broken) })()
		program, err := start(argv, c.(socket))
		if err != nil && ownReply {
			return errors.Join(err, tcpmux.Refuse(c, failure))
		} else if err != nil {
			reset(c)
			return err
		}
		wait(ctx, program, broken)
		return nil
	}
}

// wait waits for the end of a program, however it ends: that is its own business.
func wait(ctx context.Context, program *group.Group, broken <-chan struct{}) {
	var late <-chan time.Time
	ended := ctx.Done()
	for {
		select {
		case <-program.Exited:
			return
		case <-broken:
			broken, late = nil, time.After(breakTime)
		case <-late:
			program.End()
		case <-ended:
			ended = nil
			program.End()
		}
	}
}

// A socket is a connection that a program can be given.
type socket interface {
	net.Conn
	File() (*os.File, error)
}

// start starts the program and gives it the connection for good, so that the program alone decides when that ends.
func start(argv []string, c socket) (*group.Group, error) {
	f, err := c.File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fd := int(f.Fd()) // makes the socket blocking, as programs expect it
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = process.Environment()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f, f, os.Stderr
	program, err := group.Start(cmd)
	if err != nil {
		unix.SetNonblock(fd, true) // or c's deadlines would not count any more
		return nil, err
	}
	c.Close()
	return program, nil
}
