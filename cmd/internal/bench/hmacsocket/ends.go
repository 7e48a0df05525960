//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// parts are what this program can be besides the benchmark: each a process of its own, which serves at a port for ever.
var parts = map[string]func(c *net.TCPConn, backend int, hash string){
	"bare-client": bareClient,
	"bare-server": bareServer,
	"echo":        echo,
	"sink":        sink,
}

// runPart is the program as one of its parts: NAME PORT [BACKEND HASH].
func runPart(args []string) int {
	args = append(args, "", "", "")
	port, _ := strconv.Atoi(args[1])
	backend, _ := strconv.Atoi(args[2])
	l, err := net.ListenTCP("tcp4", rig.Loopback(port))
	for err == nil {
		var c *net.TCPConn
		if c, err = l.AcceptTCP(); err == nil {
			go parts[args[0]](c, backend, args[3])
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// echo gives everything back.
func echo(c *net.TCPConn, _ int, _ string) {
	defer c.Close()
	b := make([]byte, 512)
	for {
		n, err := c.Read(b)
		if n > 0 {
			c.Write(b[:n])
		}
		if err != nil {
			return
		}
	}
}

// chunk is what the ends write or read at once.
const chunk = 256 << 10

// sink is told how many bytes will come, says that it is there, and gives the number back when they have.
func sink(c *net.TCPConn, _ int, _ string) {
	defer c.Close()
	head, b := make([]byte, 8), make([]byte, chunk)
	if _, err := io.ReadFull(c, head); err != nil {
		return
	}
	c.Write(head)
	for left := binary.BigEndian.Uint64(head); left > 0; {
		n, err := c.Read(b[:min(left, chunk)])
		left -= uint64(n)
		if err != nil {
			return
		}
	}
	c.Write(head)
	io.Copy(io.Discard, c)
}
