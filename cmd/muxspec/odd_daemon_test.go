package main

import (
	"crypto/rand"
	"io"
	"net"
	"os"
	"slices"
)

// odddaemon KIND ADDRESS SOCKET has a UDP mux daemon's sockets, and is a null target: it keeps no rule at all.
func odddaemon(kind, address, socket string) {
	udp, err := net.ListenPacket("udp", address)
	if err != nil {
		panic(err)
	}
	agents, err := net.Listen("unix", socket)
	if err != nil {
		panic(err)
	}
	go func() {
		for b := make([]byte, 65535); ; {
			n, from, err := udp.ReadFrom(b)
			if err != nil {
				return
			}
			switch kind {
			case "echoes":
				udp.WriteTo(b[:n], from)
			case "babbles":
				rand.Read(b[:100])
				udp.WriteTo(b[:100], from)
			}
		}
	}()
	for {
		c, err := agents.Accept()
		if err != nil {
			panic(err)
		}
		go oddAgent(kind, c)
	}
}

// oddAgent serves one connection to the Unix socket.
func oddAgent(kind string, c net.Conn) {
	defer c.Close()
	switch kind {
	case "closes":
	case "dies":
		os.Exit(9)
	case "echoes":
		io.Copy(c, c)
	case "babbles":
		io.CopyN(c, rand.Reader, 1<<16)
	case "refuses": // whatever it is
		c.Write([]byte("\x00\x02\x05\x07"))
	case "pretends": // registers everybody, and forwards nothing
		c.Write(slices.Concat([]byte("\x00\x04\x02\x07\xea\x60"), []byte("\x00\x05\x04\x00\x00\x00\x01")))
		io.Copy(io.Discard, c)
	default:
		io.Copy(io.Discard, c)
	}
}
