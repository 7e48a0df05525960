//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// parts are what this program can be besides the benchmark: each a process of its own, which serves at a port for ever.
var parts = map[string]func(c *net.TCPConn, backend int){
	"bare-loop": bareLoop,
	"sink":      sink,
	"source":    source,
	"splice":    spliceBoth,
}

// runPart is the program as one of its parts: NAME PORT [BACKEND].
func runPart(args []string) int {
	numbers := []int{0, 0}
	for i, arg := range args[1:] {
		numbers[i], _ = strconv.Atoi(arg)
	}
	l, err := net.ListenTCP("tcp4", rig.Loopback(numbers[0]))
	for err == nil {
		var c *net.TCPConn
		if c, err = l.AcceptTCP(); err == nil {
			go parts[args[0]](c, numbers[1])
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// bareLoop is the least that a Go server can do: it reads up to CRLF, writes an answer, closes.
func bareLoop(c *net.TCPConn, _ int) {
	defer c.Close()
	b := make([]byte, 256)
	for n := 0; n < len(b); {
		got, err := c.Read(b[n:])
		if err != nil {
			return
		}
		n += got
		name, _, whole := bytes.Cut(b[:n], []byte("\r\n"))
		switch {
		case !whole:
		case string(name) == "HELP":
			io.WriteString(c, "daytime\r\nhi\r\n")
			return
		case string(name) == "daytime":
			io.WriteString(c, "+Go\r\n"+time.Now().Format(time.RFC1123Z)+"\r\n")
			return
		default:
			return
		}
	}
}

// sink takes all and answers with the number of bytes.
func sink(c *net.TCPConn, _ int) {
	defer c.Close()
	b := make([]byte, chunk)
	for total := int64(0); ; {
		n, err := c.Read(b)
		total += int64(n)
		if err == io.EOF {
			binary.Write(c, binary.BigEndian, total)
			return
		} else if err != nil {
			return
		}
	}
}

// source sends until the other end has finished, and then the number of bytes.
func source(c *net.TCPConn, _ int) {
	defer c.Close()
	stop := make(chan struct{})
	go func() { io.Copy(io.Discard, c); close(stop) }()
	b := make([]byte, chunk)
	for total := int64(0); ; {
		select {
		case <-stop:
			binary.Write(c, binary.BigEndian, total)
			return
		default:
		}
		n, err := c.Write(b)
		total += int64(n)
		if err != nil {
			return
		}
	}
}

// spliceBoth carries both directions to and from backend with splice(2) and nothing else: neither the Go runtime's poller
// nor its io.Copy has a part in it.
func spliceBoth(c *net.TCPConn, backend int) {
	d, err := net.DialTCP("tcp4", nil, rig.Loopback(backend))
	if err != nil {
		c.Close()
		return
	}
	a, errA := c.File()
	b, errB := d.File()
	c.Close()
	d.Close()
	if errA != nil || errB != nil {
		return
	}
	done := make(chan struct{})
	go func() { spliceOne(b, a); close(done) }()
	spliceOne(a, b)
	<-done
	a.Close()
	b.Close()
}

// spliceOne carries one direction until it ends.
func spliceOne(dst, src *os.File) {
	out, in := int(dst.Fd()), int(src.Fd()) // which makes them blocking
	defer unix.Shutdown(out, unix.SHUT_WR)
	var pipe [2]int
	if unix.Pipe2(pipe[:], unix.O_CLOEXEC) != nil {
		return
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	const flags = unix.SPLICE_F_MOVE
	unix.FcntlInt(uintptr(pipe[0]), unix.F_SETPIPE_SZ, 1<<20)
	for {
		n, err := unix.Splice(in, nil, pipe[1], nil, 1<<20, flags)
		for left := n; left > 0; {
			var m int64
			if m, err = unix.Splice(pipe[0], nil, out, nil, int(left), flags); err != nil {
				return
			}
			left -= m
		}
		if err == unix.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return
		}
	}
}
