package cli_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/hmacsocket"
)

// startHMACSocket starts one of the two programs on a free port of 127.0.0.1.
func startHMACSocket(t *testing.T, program string, args ...string) *server {
	t.Helper()
	return serveCommand(t, exec.Command(program, append([]string{"-l127.0.0.1:0"}, args...)...))
}

// startPair starts both, in front of service; args are for both.
func startPair(t *testing.T, service string, args ...string) (server, client *server) {
	t.Helper()
	args = append([]string{"-k", keyFile(t, "secret")}, args...)
	server = startHMACSocket(t, "hmacsocketserver", append(args, "-c", service)...)
	return server, startHMACSocket(t, "hmacsocketclient", append(args, "-c", server.addresses[0])...)
}

// echoes demands that a session works.
func echoes(t *testing.T, s *server) {
	t.Helper()
	c := s.dial(t)
	must(t, c.send("Hello."))
	must(t, c.receive("Hello."))
	must(t, c.CloseWrite())
	must(t, c.ended())
}

// logs waits until the log of s matches.
func (s *server) logs(t *testing.T, text string) {
	t.Helper()
	must(t, poll(func() error {
		log, err := os.ReadFile(s.log)
		if err == nil && !strings.Contains(string(log), text) {
			err = fmt.Errorf("%q is not in the log:\n%s", text, log)
		}
		return err
	}))
}

// accepted waits for a connection.
func accepted(t *testing.T, l net.Listener) *conn {
	t.Helper()
	l.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	c, err := l.Accept()
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return &conn{c.(*net.TCPConn)}
}

// A hmacPeer speaks HMACSocket to a program, by hand.
type hmacPeer struct {
	*conn
	out, in *hmacsocket.Sequence
}

// open exchanges the Inits.
func open(t *testing.T, c *conn) *hmacPeer {
	t.Helper()
	key, err := hmacsocket.NewKey("sha256", []byte("secret"))
	must(t, err)
	N := make([]byte, key.LH)
	rand.Read(N)
	init, err := hmacsocket.AppendInit(nil, hmacsocket.Init{ML: 1 << 20, N: N}, key.LH)
	must(t, err)
	must(t, c.send(string(init)))
	b := make([]byte, len(init))
	_, err = io.ReadFull(c, b)
	must(t, err)
	theirs, _, err := hmacsocket.ParseInit(b, key.LH)
	must(t, err)
	return &hmacPeer{c, key.Sequence(theirs.N), key.Sequence(N)}
}

// chunk sends a Chunk.
func (p *hmacPeer) chunk(data string) error {
	b, err := p.out.AppendChunk(nil, []byte(data), 1<<20)
	if err != nil {
		return err
	}
	return p.send(string(b))
}

// fails waits for the end of what the program sends, which must be a reset or, if EC is not 0, an Error.
func (p *hmacPeer) fails(EC byte) error {
	got, err := p.rest()
	if EC == 0 {
		if got != "" || !errors.Is(err, unix.ECONNRESET) {
			return fmt.Errorf("the peer sees %q, %v, not a reset", got, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	_, n, err := p.in.Parse([]byte(got), 1)
	if e, ok := errors.AsType[*hmacsocket.PeerError](err); !ok || e.Code != EC || n != len(got) {
		return fmt.Errorf("the peer sees %q, %v, not the Error %#02x", got, err, EC)
	}
	return nil
}

// session opens a session through the program: the peer at its HMAC side, and what is at its plain side.
func session(t *testing.T, program string, args ...string) (s *server, peer *hmacPeer, plain *conn) {
	t.Helper()
	other := listen(t, "tcp", "127.0.0.1:0")
	args = append(args, "-k", keyFile(t, "secret"), "-c", other.Addr().String())
	s = startHMACSocket(t, program, args...)
	a := s.dial(t)
	if program == "hmacsocketserver" {
		peer = open(t, a)
		return s, peer, accepted(t, other)
	}
	return s, open(t, accepted(t, other)), a
}

func forBothPrograms(t *testing.T, test func(t *testing.T, program string)) {
	t.Helper()
	for _, program := range hmacSocketPrograms {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			test(t, program)
		})
	}
}

// Each direction ends alone, and the other goes on.
func TestHalfClose(t *testing.T) {
	t.Parallel()
	service := listen(t, "tcp", "127.0.0.1:0")
	_, client := startPair(t, service.Addr().String())
	for range 2 {
		process := client.dial(t)
		backend := accepted(t, service)
		for _, ends := range [][2]*conn{{process, backend}, {backend, process}} {
			first, second := ends[0], ends[1]
			must(t, first.send("last words"))
			must(t, first.CloseWrite())
			must(t, second.receive("last words"))
			must(t, second.ended())
			if first == backend {
				break
			}
			must(t, second.send("not mine"))
			must(t, first.receive("not mine"))
		}
	}
}

// However the peer breaks a connection, the plain side sees a reset, behind what was right before.
func TestBrokenConnection(t *testing.T) {
	for name, test := range map[string]struct {
		send  string
		EC    byte // of the Error that the peer gets, if it does
		error string
	}{
		"reset":               {"", 0, "connection reset by peer"},
		"cut within the head": {"\x00\x00", 0, "connection ended within a message"},
		"cut within the data": {"\x00\x00\x00\x05" + random(32) + "data", 0, "connection ended within a message"},
		"wrong HMAC":          {"\x00\x00\x00\x04" + random(32) + "data", hmacsocket.HMACFailure, `error="wrong HMAC"`},
		"too long":            {"\x7f\x00\x00\x00", hmacsocket.DataTooLong, "data or text is too long"},
	} {
		t.Run(name, func(t *testing.T) {
			forBothPrograms(t, func(t *testing.T, program string) {
				s, peer, plain := session(t, program)
				must(t, peer.chunk("right"))
				must(t, plain.receive("right"))
				if test.send == "" {
					must(t, peer.SetLinger(0))
					peer.Close()
				} else {
					must(t, errors.Join(peer.send(test.send), peer.CloseWrite()))
					must(t, peer.fails(test.EC)) // what was sent to it may have been cut, too
				}
				must(t, plain.dropped())
				s.logs(t, test.error)
			})
		})
	}
}

// What a peer says in an Error is logged, but not as a terminal would obey it.
func TestErrorIsLogged(t *testing.T) {
	forBothPrograms(t, func(t *testing.T, program string) {
		s, peer, plain := session(t, program)
		b, err := peer.out.AppendError(nil, hmacsocket.HMACFailure, "no\x1b[31m\nway\u009b")
		must(t, err)
		must(t, peer.send(string(b)))
		must(t, plain.dropped())
		s.logs(t, `error="the peer's Error 0x20: \"no\\x1b[31m\\nway\\u009b\""`)
	})
}

// A plain side that resets the connection is passed on as a reset.
func TestPlainReset(t *testing.T) {
	forBothPrograms(t, func(t *testing.T, program string) {
		_, peer, plain := session(t, program)
		must(t, plain.send("x"))
		_, err := io.ReadFull(peer, make([]byte, 4+32+1))
		must(t, err)
		must(t, plain.SetLinger(0))
		plain.Close()
		must(t, peer.fails(0))
	})
}

// A service that ends and comes back, and a server that does, too.
func TestRestart(t *testing.T) {
	t.Parallel()
	host, port := freeAddress(t)
	address := net.JoinHostPort(host, port)
	server, client := startPair(t, address)
	must(t, turnsAway(client.addresses[0]))
	service := echoServer(t, "tcp", address)
	echoes(t, client)
	service.Close()
	must(t, turnsAway(client.addresses[0]))
	echoServer(t, "tcp", address)
	echoes(t, client)

	key, at := keyFile(t, "secret"), server.addresses[0]
	server.kill()
	must(t, turnsAway(client.addresses[0]))
	again := exec.Command("hmacsocketserver", "-k", key, "-l", at, "-c", address)
	serveCommand(t, again)
	echoes(t, client)
}
