package mux_test

import (
	"fmt"
	"log"
	"log/slog"
	"net/netip"

	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

// A session is registered. A client's datagram goes to its port, and its answer back to the client.
func Example() {
	m := mux.New(mux.DefaultConfig(), slog.New(slog.DiscardHandler))
	S := udpmux.RegistrationKey([16]byte{1})
	alive := func(mux.Backend) bool { return true }
	id, err := m.Register(0,
		mux.Registration{UID: 1000, Modes: udpmux.Token, Backend: mux.Backend{Port: 33418, Inode: 7}, S: S}, alive)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("session", id)

	client := mux.Client{Remote: netip.MustParseAddr("::ffff:192.0.2.1").As16(), RemotePort: 40001,
		Local: netip.MustParseAddr("::ffff:198.51.100.7").As16()}
	P := make([]byte, 60)
	D, err := udpmux.AppendClient(nil, udpmux.Header{Mode: udpmux.Token, T: udpmux.TokenOf(S)}, P)
	if err != nil {
		log.Fatal(err)
	}
	var source uint32
	for _, d := range m.FromClient(0, client, 0, D) {
		fmt.Println("to 127.0.0.1, port", d.Port, "bytes", len(d.P))
		source = d.Source
	}

	P[0] = 0x80 // the direction of an answer
	c, ok := m.FromBackend(0, 33418, source, P)
	fmt.Println("back to", c.Address(), ok)
	// Output:
	// session 1
	// to 127.0.0.1, port 33418 bytes 60
	// back to 192.0.2.1:40001 true
}
