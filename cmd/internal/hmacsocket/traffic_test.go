package hmacsocket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/hmacsocket"
)

// stream has random bytes, for each seed others.
func stream(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// carriesBothWays sends n bytes from each end of a session at once, after which both directions end.
func carriesBothWays(t *testing.T, a, b *progtest.Conn, n int64) {
	t.Helper()
	results := make(chan error)
	send := func(c *progtest.Conn, seed byte) {
		_, err := io.CopyN(c, stream(seed), n)
		results <- errors.Join(err, c.CloseWrite())
	}
	receive := func(c *progtest.Conn, seed byte) {
		want := stream(seed)
		buf, expected := make([]byte, 1<<16), make([]byte, 1<<16)
		for got := int64(0); ; {
			k, err := c.Read(buf)
			want.Read(expected[:k])
			got += int64(k)
			switch {
			case !bytes.Equal(buf[:k], expected[:k]):
				err = fmt.Errorf("other bytes, before %d", got)
			case err == io.EOF && got == n:
				err = nil
			case err == nil:
				continue
			default:
				err = fmt.Errorf("%d bytes of %d, then %w", got, n, err)
			}
			results <- err
			return
		}
	}
	for i, c := range []*progtest.Conn{a, b} {
		c.SetDeadline(time.Now().Add(3 * progtest.Patience))
		go send(c, byte(i))
		go receive(c, byte(1-i))
	}
	for range 4 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// through opens a session through both programs.
func through(t *testing.T, args ...string) (process, service *progtest.Conn) {
	t.Helper()
	l := progtest.Listen(t, "tcp", "127.0.0.1:0")
	_, client := startPair(t, l.Addr().String(), args...)
	process = client.Dial(t)
	return process, accepted(t, l)
}

// Much passes both ways at once, with each hash.
func TestMuchBothWays(t *testing.T) {
	for _, hash := range hmacsocket.HashNames() {
		t.Run(hash, func(t *testing.T) {
			t.Parallel()
			a, b := through(t, "--hash", hash)
			n := int64(64 << 20)
			if hash != "sha256" {
				n = 8<<20 + 1
			}
			carriesBothWays(t, a, b, n)
		})
	}
}

// A limit of 1 byte makes every byte a message.
func TestSmallLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{"1", "7", "1000000"} {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			a, b := through(t, "--max-data", limit)
			carriesBothWays(t, a, b, 20_000)
		})
	}
}

// smallBuffers makes a socket's buffers small. Once it is connected it is too late: the other end would know of more
// room than there is, and wait for a timer each time.
func smallBuffers(_, _ string, c syscall.RawConn) (err error) {
	c.Control(func(fd uintptr) {
		err = errors.Join(unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096),
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, 4096))
	})
	return err
}

// Ends that take little at once do not stop anything.
func TestSmallBuffers(t *testing.T) {
	t.Parallel()
	config := net.ListenConfig{Control: smallBuffers}
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	progtest.Must(t, err)
	defer l.Close()
	_, client := startPair(t, l.Addr().String())
	dialer := net.Dialer{Control: smallBuffers}
	c, err := dialer.Dial("tcp", client.Addresses[0])
	progtest.Must(t, err)
	defer c.Close()
	carriesBothWays(t, &progtest.Conn{TCPConn: c.(*net.TCPConn)}, accepted(t, l), 64<<20)
}

// inSmallNetwork is set in a process whose network gives all sockets buffers of 4 KiB.
const inSmallNetwork = "MUXSPEC_IN_SMALL_NETWORK"

// The same where the programs' own sockets take little, too.
func TestSmallBuffersEverywhere(t *testing.T) {
	progtest.OnlyLinux(t, "network namespaces")
	if os.Getenv(inSmallNetwork) != "" {
		a, b := through(t)
		carriesBothWays(t, a, b, 16<<20) // every few KiB have to wait for another process
		return
	}
	if os.Getuid() != 0 {
		t.Skip("only root can have a network of its own")
	}
	t.Parallel()
	const script = `ip link set lo up && cd /proc/sys/net/ipv4 && echo 4096 4096 4096 >tcp_rmem && ` +
		`echo 4096 4096 4096 >tcp_wmem`
	if out, err := exec.Command("unshare", "--net", "sh", "-c", script).CombinedOutput(); err != nil {
		t.Skipf("there is no network of its own to be had: %v %s", err, out)
	}
	program, err := os.Executable()
	progtest.Must(t, err)
	cmd := exec.Command("unshare", "--net", "sh", "-c", script+` && cd "$1" && exec "$0" -test.v -test.run "^$2\$"`,
		program, t.TempDir(), t.Name())
	cmd.Env = append(os.Environ(), inSmallNetwork+"=1")
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v:\n%s", err, out)
	}
}

// Where the client has to be first, a peer that says nothing gets nothing but the Init, and the service is not called.
func TestClientFirst(t *testing.T) {
	t.Parallel()
	service := progtest.Listen(t, "tcp", "127.0.0.1:0")
	s := startHMACSocket(t, "hmacsocketserver", "-k", keyFile(t, "secret"), "-c",
		service.Addr().String(), "--client-first")
	for _, text := range []string{"", "\x00\x00\x00\x04" + progtest.Random(32) + "data"} {
		peer := open(t, s.Dial(t))
		progtest.Must(t, peer.Send(text))
		service.(*net.TCPListener).SetDeadline(time.Now().Add(100 * time.Millisecond))
		if c, err := service.Accept(); err == nil {
			c.Close()
			t.Fatalf("after %q the service is called", text)
		}
		if text != "" {
			progtest.Must(t, peer.fails(0)) // no Error either
			continue
		}
		peer.SetReadDeadline(time.Now().Add(time.Millisecond))
		if n, err := peer.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the peer gets %d bytes, %v", n, err)
		}
		progtest.Must(t, peer.chunk("now"))
		c := accepted(t, service)
		progtest.Must(t, c.Receive("now"))
		progtest.Must(t, c.Send("I"))
		_, err := io.ReadFull(peer, make([]byte, 4+32+1))
		progtest.Must(t, err)
	}
	s.Logs(t, "wrong HMAC of the first message: wrong key or other --hash?")
}
