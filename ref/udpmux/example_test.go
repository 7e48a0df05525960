package udpmux_test

import (
	"fmt"
	"log"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// The server agent reads the key from mosh-server's line, and tells mosh the external port in its place. The client
// agent, which knows the same key, puts the session's token before each datagram.
func Example() {
	port, K, err := udpmux.ParseConnect("MOSH CONNECT 33418 AAECAwQFBgcICQoLDA0ODw\n")
	if err != nil {
		log.Fatal(err)
	}
	S := udpmux.RegistrationKey(K)
	register, err := udpmux.AppendFrame(nil, udpmux.Frame{Type: udpmux.Register, Modes: udpmux.Token, Port: port, S: S})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("to the daemon: %x… (%d bytes)\n", register[:6], len(register))
	fmt.Printf("to mosh: %s", udpmux.AppendConnect(nil, udpmux.TokenNumber(60000), K))

	P := make([]byte, udpmux.MinP) // mosh's first datagram to the server has the number 0
	D, err := udpmux.AppendClient(nil, udpmux.Header{Mode: udpmux.Token, T: udpmux.TokenOf(S)}, P)
	if err != nil {
		log.Fatal(err)
	}
	h, P, err := udpmux.ParseClient(D)
	fmt.Println("the daemon reads:", h.Mode, h.T == udpmux.TokenOf(S), len(P), udpmux.Nonce(P), err)
	// Output:
	// to the daemon: 00240302828a… (38 bytes)
	// to mosh: MOSH CONNECT 10737478240 AAECAwQFBgcICQoLDA0ODw
	// the daemon reads: token true 24 0 <nil>
}
