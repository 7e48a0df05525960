package services

import (
	"context"
	"errors"
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
		_, err := exec.LookPath(argv[0])
		if _, ok := c.(socket); !ok {
			err = errors.New("only a socket can be given to a program")
		}
		if err != nil {
			return errors.Join(err, tcpmux.Refuse(c, failure))
		}
		// The reply goes first, because a running program may write at once. What the file's mode cannot tell, such as a
		// missing interpreter, is seen as a reset behind it.
		if !ownReply {
			if err := tcpmux.Accept(c); err != nil {
				return err
			}
		}
		cmd, err := start(argv, c.(socket))
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

// A socket is a connection that a program can be given.
type socket interface {
	net.Conn
	File() (*os.File, error)
}

// start starts the program and gives it the connection for good, so that the program alone decides when that ends.
func start(argv []string, c socket) (*exec.Cmd, error) {
	f, err := c.File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fd := int(f.Fd()) // makes the socket blocking, as programs expect it
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f, f, os.Stderr
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		unix.SetNonblock(fd, true) // or c's deadlines would not count any more
		return nil, err
	}
	c.Close()
	return cmd, nil
}
