package progtest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
)

// Listen listens for as long as the test runs.
func Listen(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	Must(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// Random returns n bytes that are the same in every run.
func Random(n int) string {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return string(b)
}

// EchoServer is a server that sends back what it gets.
func EchoServer(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	Must(t, err)
	t.Cleanup(func() { l.Close() })
	go serveEcho(l)
	return l
}

// serveEcho sends back what each connection brings.
func serveEcho(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			io.Copy(c, c)
			c.Close()
		}()
	}
}

// Peer finds a program of another implementation, or skips the test.
func Peer(t *testing.T, name string) string {
	t.Helper()
	for _, file := range []string{"../../../.peers/bin/" + name, "../../.peers/bin/" + name,
		name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(file); err == nil {
			path, err = filepath.Abs(path)
			Must(t, err)
			return path
		}
	}
	t.Skip(name + ": not found; make peers fetches it")
	return ""
}

// FreeAddress finds a port for a program that cannot choose a free one itself. Nobody else uses such a host, so that
// the port is still free when the program comes to it.
func FreeAddress(t *testing.T) (host, port string) {
	t.Helper()
	host = fmt.Sprintf("127.%d.%d.%d", 64+rand.IntN(64), rand.IntN(256), 1+rand.IntN(254))
	l, err := net.Listen("tcp", host+":0")
	Must(t, err)
	defer l.Close()
	_, port, err = net.SplitHostPort(l.Addr().String())
	Must(t, err)
	return host, port
}

// StartPeer starts a peer for as long as the test runs.
func StartPeer(t *testing.T, command string, args ...string) *Server {
	t.Helper()
	s, err := StartProgram(exec.Command(command, args...), LogFile(t))
	Must(t, err)
	s.KeepFor(t)
	return s
}
