package daemon_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/agent"
	"github.com/muxspec/muxspec/ref/udpmux/daemon"
)

// A daemon serves one UDP port and a Unix socket. An agent connects and registers a backend, which here is a socket of
// the example.
func ExampleServer() {
	dir, err := os.MkdirTemp("", "daemon")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	config := daemon.DefaultConfig(false)
	external, err := daemon.ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), config.ReceiveBuffer)
	if err != nil {
		log.Fatal(err)
	}
	s, err := daemon.New(config, slog.New(slog.DiscardHandler), []*daemon.Socket{external})
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(dir, "moshd.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, l) }()

	backend, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Close()
	a, err := agent.SocketDialer(path).Connect(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("modes:", a.Modes)
	err = a.Register(ctx, udpmux.Frame{Type: udpmux.Register, Modes: udpmux.Token,
		Port: uint16(backend.LocalAddr().(*net.UDPAddr).Port), S: udpmux.RegistrationKey([16]byte{1})})
	sessions, _ := s.Counts()
	fmt.Println("registered:", err, "sessions:", sessions)
	stop()
	fmt.Println("served:", <-ended)
	// Output:
	// modes: learn,token
	// registered: <nil> sessions: 1
	// served: <nil>
}
