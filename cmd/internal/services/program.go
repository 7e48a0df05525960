package services

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/tcpmux"
)

// killAfter is the time from SIGTERM to SIGKILL for a program that outlives the server.
const killAfter = time.Second

// Program makes a handler that starts a program with the connection as its standard input and output, as inetd does;
// its standard error is the server's. argv[0] is the program's path. With ownReply the program sends the reply itself.
// A program leads a process group of its own, and the whole group is ended with the server.
func Program(argv []string, ownReply bool) tcpmux.Handler {
	return func(ctx context.Context, c net.Conn) error {
		const failure = "Service cannot be started"
		if err := unix.Access(argv[0], unix.X_OK); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", argv[0], err), tcpmux.Refuse(c, failure))
		}
		// The reply goes first, because a running program may write at once. What access(2) cannot tell, such as a
		// missing interpreter, is seen as a reset behind it.
		if !ownReply {
			if err := tcpmux.Accept(c); err != nil {
				return err
			}
		}
		cmd, err := start(argv, c)
		if err != nil && ownReply {
			return errors.Join(err, tcpmux.Refuse(c, failure))
		} else if err != nil {
			reset(c)
			return err
		}
		stop := context.AfterFunc(ctx, func() {
			unix.Kill(-cmd.Process.Pid, unix.SIGTERM)
			time.AfterFunc(killAfter, func() { unix.Kill(-cmd.Process.Pid, unix.SIGKILL) })
		})
		defer stop()
		cmd.Wait() // how the program ends is its own business
		return nil
	}
}

// start starts the program and gives it the connection for good, so that the program alone decides when that ends.
func start(argv []string, c net.Conn) (*exec.Cmd, error) {
	socket, ok := c.(interface{ File() (*os.File, error) })
	if !ok {
		return nil, errors.New("only a socket can be given to a program")
	}
	f, err := socket.File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	f.Fd() // makes the socket blocking, as programs expect it
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f, f, os.Stderr
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c.Close()
	return cmd, nil
}
