//go:build linux

// This program compares tcpmuxd with other servers and with the least that a server can do. Start reading at
// measures.go, which has what is measured; subjects.go has who is.
package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

func main() {
	r := &runner{Bench: rig.Bench{
		Usage: `Compare tcpmuxd with xinetd, inetutils-inetd and tcpserver, and with a loop that only accepts, reads,
answers and closes. All traffic stays on the loopback interface.`,
		Name:     "tcpmuxd",
		Programs: []string{"tcpmuxd"},
		Ends:     map[string]rig.End{"loop": loop},
	}}
	r.Plan = r.plan
	os.Exit(r.Main())
}

// A runner has what all measurements share.
type runner struct {
	rig.Bench
	hi string // the file of the program that servers start
}

// loop is the least that a Go server can do: it reads up to CRLF, writes an answer, closes.
func loop(c *net.TCPConn, _ []string) {
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
			io.WriteString(c, positive+time.Now().Format(time.RFC1123Z)+"\r\n")
			return
		default:
			return
		}
	}
}
