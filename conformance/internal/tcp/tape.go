package tcp

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// What passes over a connection is on its record's tape, however it is sent and received.

// addresses gives those of the suite's end and of the target's.
func (c *Conn) addresses() (suite, target netip.AddrPort) {
	at := func(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }
	return at(c.LocalAddr()), at(c.RemoteAddr())
}

// Accepted says that the target has opened the connection.
func (c *Conn) Accepted() *Conn { return c.opened(true) }

// opened puts the connection on the tape of its record, and keeps that: a verb may change the record while another one
// still sends.
func (c *Conn) opened(byTarget bool) *Conn {
	suite, target := c.addresses()
	c.tape = c.Rec.Tape
	c.tape.Opened(suite, target, byTarget)
	return c
}

func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	if c.tape == nil {
		return n, err
	}
	suite, target := c.addresses()
	c.tape.Received(suite, target, b[:n])
	if reset := errors.Is(err, syscall.ECONNRESET); reset || err == io.EOF {
		c.tape.Ended(suite, target, true, reset)
	}
	return n, err
}

func (c *Conn) Write(b []byte) (int, error) {
	at := time.Now()
	n, err := c.TCPConn.Write(b)
	if c.tape != nil {
		suite, target := c.addresses()
		c.tape.Sent(suite, target, at, b[:n])
	}
	return n, err
}

func (c *Conn) CloseWrite() error {
	c.ended(false)
	return c.TCPConn.CloseWrite()
}

func (c *Conn) Close() error {
	c.ended(false)
	return c.TCPConn.Close()
}

// ended says that the suite has ended its direction, or reset the connection.
func (c *Conn) ended(reset bool) {
	if c.tape != nil {
		suite, target := c.addresses()
		c.tape.Ended(suite, target, false, reset)
	}
}
