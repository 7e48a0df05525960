package accept_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/muxspec/muxspec/ref/accept"
)

// A server has room for one connection from each address. The second client is told so and sent away.
func ExampleServer() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := &accept.Server{
		Handle: func(_ context.Context, c net.Conn) {
			fmt.Fprintln(c, "welcome")
			io.Copy(io.Discard, c)
		},
		TurnAway: func(c net.Conn, why error) { fmt.Fprintln(c, why) },
		Limits:   func() (all, perSource int) { return 100, 1 },
	}
	go s.Serve(l)

	for range 2 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		defer c.Close()
		var line [64]byte
		n, err := c.Read(line[:])
		if err != nil {
			panic(err)
		}
		fmt.Print(string(line[:n]))
	}
	l.Close()

	// Output:
	// welcome
	// too many connections from this address
}
