package tcpmuxd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// inetdConn returns the connection that inetd gave the program as its standard input and output. Both are let go, and
// so is standard error where it is the same socket, so that no log line gets into the session and closing the
// connection closes it. Where standard input is no socket, as in a shell's pipe, the two are used as they are.
func inetdConn() (net.Conn, error) {
	in, err := os.Stdin.Stat()
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	if in.Mode()&os.ModeSocket == 0 {
		return pipes{}, nil
	}
	c, err := net.FileConn(os.Stdin)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		info, err := f.Stat()
		if err == nil && os.SameFile(in, info) {
			err = dup2(int(null.Fd()), int(f.Fd()))
		}
		if err != nil {
			return nil, err
		}
	}
	if c.RemoteAddr() == nil { // the client has gone already, or it is a listening socket
		return nil, errors.New("standard input: the socket is not connected")
	}
	return c, nil
}

// A pipes is a connection made of standard input and output.
type pipes struct{}

var _ net.Conn = pipes{}

func (pipes) Read(b []byte) (int, error)         { return os.Stdin.Read(b) }
func (pipes) Write(b []byte) (int, error)        { return os.Stdout.Write(b) }
func (pipes) Close() error                       { return nil }
func (pipes) LocalAddr() net.Addr                { return &net.UnixAddr{Name: "standard output"} }
func (pipes) RemoteAddr() net.Addr               { return &net.UnixAddr{Name: "standard input"} }
func (pipes) SetDeadline(t time.Time) error      { return os.Stdin.SetDeadline(t) }
func (pipes) SetReadDeadline(t time.Time) error  { return os.Stdin.SetReadDeadline(t) }
func (pipes) SetWriteDeadline(t time.Time) error { return os.Stdout.SetWriteDeadline(t) }
