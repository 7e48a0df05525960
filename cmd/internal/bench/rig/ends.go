//go:build linux

package rig

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
)

// An End is what a benchmark can be instead: a process of its own, which handles connections at a port for ever. It is
// told what follows the port among the arguments.
type End func(c *net.TCPConn, args []string)

// chunk is what is written or read at once.
const chunk = 256 << 10

// end finds an end, or gives nil.
func (b *Bench) end(name string) End {
	common := map[string]End{"echo": echo, "forward": forward, "sink": sink, "source": source}
	if end := common[name]; end != nil {
		return end
	}
	return b.Ends[name]
}

// End is a program that is an end.
func (b *Bench) End(name string, port int, args ...string) Program {
	return Program{port, append([]string{b.self, name, strconv.Itoa(port)}, args...)}
}

// serve is the program as an end.
func serve(end End, args []string) int {
	port, err := strconv.Atoi(args[0])
	if err == nil {
		err = accept(port, func(c *net.TCPConn) { defer c.Close(); end(c, args[1:]) })
	}
	fmt.Fprintln(os.Stderr, err)
	return exitFailed
}

func accept(port int, handle func(*net.TCPConn)) error {
	l, err := net.ListenTCP("tcp4", Loopback(port))
	for err == nil {
		var c *net.TCPConn
		if c, err = l.AcceptTCP(); err == nil {
			go handle(c)
		}
	}
	return err
}

// echo gives everything back.
func echo(c *net.TCPConn, _ []string) {
	b := make([]byte, 512)
	for {
		n, err := c.Read(b)
		if err == nil {
			_, err = c.Write(b[:n])
		}
		if err != nil {
			return
		}
	}
}

// sink takes all.
func sink(c *net.TCPConn, _ []string) {
	for b := make([]byte, chunk); ; {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}

// source sends as much as it can.
func source(c *net.TCPConn, _ []string) {
	for b := make([]byte, chunk); ; {
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

// forward is the least that a forwarder in Go can do: it carries both directions to and from the port that it is told.
func forward(c *net.TCPConn, args []string) {
	port, _ := strconv.Atoi(args[0])
	d, err := net.DialTCP("tcp4", nil, Loopback(port))
	if err != nil {
		return
	}
	defer d.Close()
	done := make(chan struct{})
	go func() { io.Copy(d, c); d.CloseWrite(); close(done) }()
	io.Copy(c, d)
	c.CloseWrite()
	<-done
}
