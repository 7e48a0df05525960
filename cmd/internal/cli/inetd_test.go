package cli_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// tcpPair makes a connection: the client's end, and the server's as a file.
func tcpPair(t *testing.T) (*conn, *os.File) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	c, err := dial(l.Addr().String(), "")
	must(t, err)
	t.Cleanup(func() { c.Close() })
	accepted, err := l.Accept()
	must(t, err)
	defer accepted.Close()
	f, err := accepted.(*net.TCPConn).File()
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return c, f
}

// inetd starts tcpmuxd --inetd as inetd does. Standard error is the connection, too, unless it is to go to log.
func inetd(t *testing.T, connection *os.File, log string, args ...string) *server {
	t.Helper()
	cmd := exec.Command("tcpmuxd", append([]string{"--inetd"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = connection, connection, connection
	var s *server
	if log == "" {
		must(t, cmd.Start())
		s = waitFor(cmd)
	} else {
		var err error
		s, err = startProgram(cmd, log)
		must(t, err)
	}
	connection.Close() // so that it ends with the program
	t.Cleanup(s.kill)
	return s
}

// endsWell waits for the end of s.
func (s *server) endsWell(t *testing.T) {
	t.Helper()
	code, err := s.wait()
	must(t, err)
	if code != 0 {
		t.Errorf("the exit code is %d", code)
	}
}

// complains waits for the end of s, which must be a failure with one line of complaint.
func (s *server) complains(t *testing.T, program, complaint string) {
	t.Helper()
	code, err := s.wait()
	must(t, err)
	text, err := os.ReadFile(s.log)
	must(t, err)
	if code != 1 || string(text) != program+": "+complaint+"\n" {
		t.Errorf("the exit code is %d, the log\n%s", code, text)
	}
}

// logFile names a file for a log.
func logFile(t *testing.T) string { return filepath.Join(t.TempDir(), "log") }

func TestInetdSession(t *testing.T) {
	t.Parallel()
	own := filepath.Join(t.TempDir(), "own.sh")
	must(t, os.WriteFile(own, []byte(`printf '+Go\r\n'; exec cat`), 0o600))
	for _, service := range []string{"builtin:echo", "exec:/bin/cat", "exec-own:/bin/sh " + own} {
		c, f := tcpPair(t)
		s := inetd(t, f, "", "--service=echo="+service)
		must(t, c.send("echo\r\nHello."))
		must(t, c.receive("+Go\r\nHello."))
		must(t, c.CloseWrite())
		must(t, c.ended())
		s.endsWell(t)
	}
}

// A program may end its connection and go on working: nobody else holds the connection open.
func TestInetdProgramOutlivesSession(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, unix.Mkfifo(dir+"/gate", 0o600))
	must(t, os.WriteFile(dir+"/own.sh", []byte(`echo bye; exec <&- >&-; : <`+dir+`/gate`), 0o600))
	c, f := tcpPair(t)
	s := inetd(t, f, logFile(t), "--service=bye=exec:/bin/sh "+dir+"/own.sh")
	must(t, c.send("bye\r\n"))
	must(t, c.receive("+Go\r\nbye\n"))
	must(t, c.ended())
	gate, err := os.OpenFile(dir+"/gate", os.O_WRONLY, 0)
	must(t, err)
	gate.Close()
	s.endsWell(t)
}

func TestInetdList(t *testing.T) {
	t.Parallel()
	c, f := tcpPair(t)
	s := inetd(t, f, "")
	must(t, c.send("Help\r\n"))
	must(t, c.receive("tcpmux\r\n"))
	must(t, c.ended())
	c.Close()
	s.endsWell(t)
}

// inetd often makes the connection standard error as well: what is logged must not get into the session.
func TestInetdLogStaysOut(t *testing.T) {
	t.Parallel()
	c, f := tcpPair(t)
	s := inetd(t, f, "", "--service=none=exec:/none")
	must(t, c.send("none\r\n"))
	must(t, c.receive("-Service cannot be started\r\n"))
	must(t, c.ended())
	c.Close()
	s.endsWell(t)
}

func TestInetdLogStaysOutOfUnixSocket(t *testing.T) {
	t.Parallel()
	syscall.ForkLock.RLock()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	for _, fd := range pair {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	must(t, err)
	client, f := os.NewFile(uintptr(pair[0]), "client"), os.NewFile(uintptr(pair[1]), "server")
	c, err := net.FileConn(client)
	must(t, err)
	client.Close()
	s := inetd(t, f, "", "--service=none=exec:/none")
	_, err = c.Write([]byte("none\r\n"))
	must(t, err)
	b := make([]byte, 1000)
	n, err := c.Read(b)
	if got := string(b[:n]); got != "-Service cannot be started\r\n" {
		t.Errorf("got %q (%v)", got, err)
	}
	if n, err := c.Read(b); n > 0 {
		t.Errorf("got %q (%v) behind the refusal", b[:n], err)
	}
	c.Close()
	s.endsWell(t)
}

// Where standard error is something else, the log goes there.
func TestInetdLog(t *testing.T) {
	t.Parallel()
	c, f := tcpPair(t)
	s := inetd(t, f, logFile(t), "--service=none=exec:/none")
	must(t, c.send("none\r\n"))
	must(t, c.receive("-Service cannot be started\r\n"))
	must(t, c.ended())
	c.Close()
	s.endsWell(t)
	text, err := os.ReadFile(s.log)
	must(t, err)
	if strings.Count(string(text), "\n") != 1 || !strings.Contains(string(text), "service=none") {
		t.Errorf("the log is\n%s", text)
	}
}

func TestInetdRequestTimeout(t *testing.T) {
	t.Parallel()
	c, f := tcpPair(t)
	s := inetd(t, f, "", "--request-timeout=200ms")
	must(t, c.ended())
	c.Close()
	s.endsWell(t)
}

// A client may have gone before inetd has started the program.
func TestInetdClientGone(t *testing.T) {
	t.Parallel()
	c, f := tcpPair(t)
	must(t, c.SetLinger(0))
	c.Close()
	must(t, poll(func() error {
		_, err := unix.Getpeername(int(f.Fd()))
		if err == unix.ENOTCONN {
			return nil
		}
		return os.ErrDeadlineExceeded
	}))
	inetd(t, f, logFile(t)).complains(t, "tcpmuxd", "standard input: the socket is not connected")
}

// inetd's "wait" gives the program the listening socket, which is no connection.
func TestInetdListeningSocket(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	must(t, err)
	inetd(t, f, logFile(t)).complains(t, "tcpmuxd", "standard input: the socket is not connected")
}
