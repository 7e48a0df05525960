package tcpmuxd_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// tcpPair makes a connection: the client's end, and the server's as a file.
func tcpPair(t *testing.T) (*progtest.Conn, *os.File) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	progtest.Must(t, err)
	defer l.Close()
	c, err := progtest.Dial(l.Addr().String(), "")
	progtest.Must(t, err)
	t.Cleanup(func() { c.Close() })
	accepted, err := l.Accept()
	progtest.Must(t, err)
	defer accepted.Close()
	f, err := accepted.(*net.TCPConn).File()
	progtest.Must(t, err)
	t.Cleanup(func() { f.Close() })
	return c, f
}

// inetd starts tcpmuxd --inetd as inetd does. Standard error is the connection, too, unless it is to go to log.
func inetd(t *testing.T, connection *os.File, log string, args ...string) *progtest.Server {
	t.Helper()
	cmd := exec.Command("tcpmuxd", append([]string{"--inetd"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = connection, connection, connection
	var s *progtest.Server
	if log == "" {
		progtest.Must(t, cmd.Start())
		s = progtest.WaitFor(cmd)
	} else {
		var err error
		s, err = progtest.StartProgram(cmd, log)
		progtest.Must(t, err)
	}
	connection.Close() // so that it ends with the program
	t.Cleanup(s.Kill)
	return s
}

func TestInetdSession(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "own.sh")
	progtest.Must(t, os.WriteFile(own, []byte(`printf '+Go\r\n'; exec cat`), 0o600))
	for _, service := range []string{"builtin:echo", "exec:/bin/cat", "exec-own:/bin/sh " + own} {
		c, f := tcpPair(t)
		s := inetd(t, f, "", "--service=echo="+service)
		progtest.Must(t, c.Send("echo\r\nHello."))
		progtest.Must(t, c.Receive("+Go\r\nHello."))
		progtest.Must(t, c.CloseWrite())
		progtest.Must(t, c.Ended())
		s.EndsWell(t)
	}
}

// A program may end its connection and go on working: nobody else holds the connection open.
func TestInetdProgramOutlivesSession(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	progtest.Must(t, unix.Mkfifo(dir+"/gate", 0o600))
	progtest.Must(t, os.WriteFile(dir+"/own.sh", []byte(`echo bye; exec <&- >&-; : <`+dir+`/gate`), 0o600))
	c, f := tcpPair(t)
	s := inetd(t, f, progtest.LogFile(t), "--service=bye=exec:/bin/sh "+dir+"/own.sh")
	progtest.Must(t, c.Send("bye\r\n"))
	progtest.Must(t, c.Receive("+Go\r\nbye\n"))
	progtest.Must(t, c.Ended())
	gate, err := os.OpenFile(dir+"/gate", os.O_WRONLY, 0)
	progtest.Must(t, err)
	gate.Close()
	s.EndsWell(t)
}

func TestInetdList(t *testing.T) {
	t.Parallel()
	c, f := tcpPair(t)
	s := inetd(t, f, "")
	progtest.Must(t, c.Send("Help\r\n"))
	progtest.Must(t, c.Receive("tcpmux\r\n"))
	progtest.Must(t, c.Ended())
	c.Close()
	s.EndsWell(t)
}

// inetd often makes the connection standard error as well: what is logged must not get into the session.
func TestInetdLogStaysOut(t *testing.T) {
	t.Parallel()
	c, f := tcpPair(t)
	s := inetd(t, f, "", "--service=none=exec:/none")
	progtest.Must(t, c.Send("none\r\n"))
	progtest.Must(t, c.Receive("-Service cannot be started\r\n"))
	progtest.Must(t, c.Ended())
	c.Close()
	s.EndsWell(t)
}

func TestInetdLogStaysOutOfUnixSocket(t *testing.T) {
	t.Parallel()
	syscall.ForkLock.RLock()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	for _, fd := range pair {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	progtest.Must(t, err)
	client, f := os.NewFile(uintptr(pair[0]), "client"), os.NewFile(uintptr(pair[1]), "server")
	c, err := net.FileConn(client)
	progtest.Must(t, err)
	client.Close()
	s := inetd(t, f, "", "--service=none=exec:/none")
	_, err = c.Write([]byte("none\r\n"))
	progtest.Must(t, err)
	b := make([]byte, 1000)
	n, err := c.Read(b)
	if got := string(b[:n]); got != "-Service cannot be started\r\n" {
		t.Errorf("got %q (%v)", got, err)
	}
	if n, err := c.Read(b); n > 0 {
		t.Errorf("got %q (%v) after the refusal", b[:n], err)
	}
	c.Close()
	s.EndsWell(t)
}

// Where standard error is something else, the log goes there.
func TestInetdLog(t *testing.T) {
	t.Parallel()
	c, f := tcpPair(t)
	s := inetd(t, f, progtest.LogFile(t), "--service=none=exec:/none")
	progtest.Must(t, c.Send("none\r\n"))
	progtest.Must(t, c.Receive("-Service cannot be started\r\n"))
	progtest.Must(t, c.Ended())
	c.Close()
	s.EndsWell(t)
	text, err := os.ReadFile(s.Log)
	progtest.Must(t, err)
	if strings.Count(string(text), "\n") != 1 || !strings.Contains(string(text), "service=none") {
		t.Errorf("the log is\n%s", text)
	}
}

func TestInetdRequestTimeout(t *testing.T) {
	t.Parallel()
	c, f := tcpPair(t)
	s := inetd(t, f, "", "--request-timeout=200ms")
	progtest.Must(t, c.Ended())
	c.Close()
	s.EndsWell(t)
}

// A client may have gone before inetd has started the program.
func TestInetdClientGone(t *testing.T) {
	t.Parallel()
	c, f := tcpPair(t)
	progtest.Must(t, c.SetLinger(0))
	c.Close()
	progtest.Must(t, progtest.Poll(func() error {
		_, err := unix.Getpeername(int(f.Fd()))
		if err == unix.ENOTCONN {
			return nil
		}
		return os.ErrDeadlineExceeded
	}))
	inetd(t, f, progtest.LogFile(t)).Complains(t, "tcpmuxd", "standard input: the socket is not connected")
}

// inetd's "wait" gives the program the listening socket, which is no connection.
func TestInetdListeningSocket(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	progtest.Must(t, err)
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	progtest.Must(t, err)
	inetd(t, f, progtest.LogFile(t)).Complains(t, "tcpmuxd", "standard input: the socket is not connected")
}
