package hmacsocket_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/hmacsocket"
)

// startHMACSocket starts one of the two programs on a free port of 127.0.0.1.
func startHMACSocket(t *testing.T, program string, args ...string) *progtest.Server {
	t.Helper()
	return progtest.ServeCommand(t, exec.Command(program, append([]string{"-l127.0.0.1:0"}, args...)...))
}

// startPair starts both, in front of service; args are for both.
func startPair(t *testing.T, service string, args ...string) (server, client *progtest.Server) {
	t.Helper()
	args = append([]string{"-k", keyFile(t, "secret")}, args...)
	server = startHMACSocket(t, "hmacsocketserver", append(args, "-c", service)...)
	return server, startHMACSocket(t, "hmacsocketclient", append(args, "-c", server.Addresses[0])...)
}

// echoes demands that a session works.
func echoes(t *testing.T, s *progtest.Server) {
	t.Helper()
	c := s.Dial(t)
	progtest.Must(t, c.Send("Hello."))
	progtest.Must(t, c.Receive("Hello."))
	progtest.Must(t, c.CloseWrite())
	progtest.Must(t, c.Ended())
}

// accepted waits for a connection.
func accepted(t *testing.T, l net.Listener) *progtest.Conn {
	t.Helper()
	l.(*net.TCPListener).SetDeadline(time.Now().Add(progtest.Patience))
	c, err := l.Accept()
	progtest.Must(t, err)
	t.Cleanup(func() { c.Close() })
	return &progtest.Conn{TCPConn: c.(*net.TCPConn)}
}

// A hmacPeer speaks HMACSocket to a program, by hand.
type hmacPeer struct {
	*progtest.Conn
	out, in *hmacsocket.Sequence
}

// open exchanges the Inits.
func open(t *testing.T, c *progtest.Conn) *hmacPeer {
	t.Helper()
	key, err := hmacsocket.NewKey("sha256", []byte("secret"))
	progtest.Must(t, err)
	N := make([]byte, key.LH)
	rand.Read(N)
	init, err := hmacsocket.AppendInit(nil, hmacsocket.Init{ML: 1 << 20, N: N}, key.LH)
	progtest.Must(t, err)
	progtest.Must(t, c.Send(string(init)))
	b := make([]byte, len(init))
	_, err = io.ReadFull(c, b)
	progtest.Must(t, err)
	theirs, _, err := hmacsocket.ParseInit(b, key.LH)
	progtest.Must(t, err)
	return &hmacPeer{c, key.Sequence(theirs.N), key.Sequence(N)}
}

// chunk sends a Chunk.
func (p *hmacPeer) chunk(data string) error {
	b, err := p.out.AppendChunk(nil, []byte(data), 1<<20)
	if err != nil {
		return err
	}
	return p.Send(string(b))
}

// fails waits for the end of what the program sends, which must be a reset or, if EC is not 0, an Error.
func (p *hmacPeer) fails(EC byte) error {
	got, err := p.Rest()
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
func session(t *testing.T, program string, args ...string) (s *progtest.Server, peer *hmacPeer, plain *progtest.Conn) {
	t.Helper()
	other := progtest.Listen(t, "tcp", "127.0.0.1:0")
	args = append(args, "-k", keyFile(t, "secret"), "-c", other.Addr().String())
	s = startHMACSocket(t, program, args...)
	a := s.Dial(t)
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
	service := progtest.Listen(t, "tcp", "127.0.0.1:0")
	_, client := startPair(t, service.Addr().String())
	for range 2 {
		process := client.Dial(t)
		backend := accepted(t, service)
		for _, ends := range [][2]*progtest.Conn{{process, backend}, {backend, process}} {
			first, second := ends[0], ends[1]
			progtest.Must(t, first.Send("last words"))
			progtest.Must(t, first.CloseWrite())
			progtest.Must(t, second.Receive("last words"))
			progtest.Must(t, second.Ended())
			if first == backend {
				break
			}
			progtest.Must(t, second.Send("not mine"))
			progtest.Must(t, first.Receive("not mine"))
		}
	}
}

// However the peer breaks a connection, the plain side sees a reset after what was right before.
func TestBrokenConnection(t *testing.T) {
	for name, test := range map[string]struct {
		send  string
		EC    byte // of the Error that the peer gets, if it does
		error string
	}{
		"reset":               {"", 0, "connection reset by peer"},
		"cut within the head": {"\x00\x00", 0, "connection ended within a message"},
		"cut within the data": {"\x00\x00\x00\x05" + progtest.Random(32) + "data", 0,
			"connection ended within a message"},
		"wrong HMAC": {"\x00\x00\x00\x04" + progtest.Random(32) + "data", hmacsocket.HMACFailure, `error="wrong HMAC"`},
		"too long":   {"\x7f\x00\x00\x00", hmacsocket.DataTooLong, "data or text is too long"},
	} {
		t.Run(name, func(t *testing.T) {
			forBothPrograms(t, func(t *testing.T, program string) {
				s, peer, plain := session(t, program)
				progtest.Must(t, peer.chunk("right"))
				progtest.Must(t, plain.Receive("right"))
				if test.send == "" {
					progtest.Must(t, peer.SetLinger(0))
					peer.Close()
				} else {
					progtest.Must(t, errors.Join(peer.Send(test.send), peer.CloseWrite()))
					progtest.Must(t, peer.fails(test.EC)) // what was sent to it may have been cut, too
				}
				progtest.Must(t, plain.Dropped())
				s.Logs(t, test.error)
			})
		})
	}
}

// What a peer says in an Error is logged, but not as a terminal would obey it.
func TestErrorIsLogged(t *testing.T) {
	forBothPrograms(t, func(t *testing.T, program string) {
		s, peer, plain := session(t, program)
		b, err := peer.out.AppendError(nil, hmacsocket.HMACFailure, "no\x1b[31m\nway\u009b")
		progtest.Must(t, err)
		progtest.Must(t, peer.Send(string(b)))
		progtest.Must(t, plain.Dropped())
		s.Logs(t, `error="the peer's Error 0x20: \"no\\x1b[31m\\nway\\u009b\""`)
	})
}

// A plain side that resets the connection is passed on as a reset.
func TestPlainReset(t *testing.T) {
	forBothPrograms(t, func(t *testing.T, program string) {
		_, peer, plain := session(t, program)
		progtest.Must(t, plain.Send("x"))
		_, err := io.ReadFull(peer, make([]byte, 4+32+1))
		progtest.Must(t, err)
		progtest.Must(t, plain.SetLinger(0))
		plain.Close()
		progtest.Must(t, peer.fails(0))
	})
}

// Whoever sends Inits without end from one address keeps neither others from being served nor a client from another one
// that waits for a service which speaks first.
func TestPlacesWithoutKey(t *testing.T) {
	progtest.OnlyLinux(t, "all of 127.0.0.0/8")
	t.Parallel()
	service := progtest.Listen(t, "tcp", "127.0.0.1:0")
	s := startHMACSocket(t, "hmacsocketserver", "-k", keyFile(t, "secret"), "-c", service.Addr().String(),
		"--max-connections=20")
	from := func(source string) (*hmacPeer, *progtest.Conn) {
		c, err := progtest.Dial(s.Addresses[0], source)
		progtest.Must(t, err)
		t.Cleanup(func() { c.Close() })
		return open(t, c), accepted(t, service)
	}
	patient, first := from("127.0.0.2")
	for range 60 {
		from("127.0.0.1")
	}
	other, plain := from("127.0.0.3")
	progtest.Must(t, other.chunk("Hello."))
	progtest.Must(t, plain.Receive("Hello."))
	progtest.Must(t, first.Send("welcome"))
	_, err := io.ReadFull(patient, make([]byte, 4+32+7))
	progtest.Must(t, err)
	progtest.Must(t, patient.chunk("thanks"))
	progtest.Must(t, first.Receive("thanks"))
	s.Logs(t, "gave way to another connection")
}

// A service that ends and comes back, and a server that does, too.
func TestRestart(t *testing.T) {
	t.Parallel()
	host, port := progtest.FreeAddress(t)
	address := net.JoinHostPort(host, port)
	server, client := startPair(t, address)
	progtest.Must(t, progtest.TurnsAway(client.Addresses[0]))
	service := progtest.EchoServer(t, "tcp", address)
	echoes(t, client)
	service.Close()
	progtest.Must(t, progtest.TurnsAway(client.Addresses[0]))
	progtest.EchoServer(t, "tcp", address)
	echoes(t, client)

	key, at := keyFile(t, "secret"), server.Addresses[0]
	server.Kill()
	progtest.Must(t, progtest.TurnsAway(client.Addresses[0]))
	again := exec.Command("hmacsocketserver", "-k", key, "-l", at, "-c", address)
	progtest.ServeCommand(t, again)
	echoes(t, client)
}
