package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is the wait for what should happen at once: only a failure takes so long, or a very busy machine.
const patience = 20 * time.Second

// poll waits until check finds nothing wrong; if it always does, the last error is the result.
func poll(check func() error) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		err := check()
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// must ends the test if there is an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A server is a program in the background.
type server struct {
	cmd       *exec.Cmd
	addresses []string
	log       string // the file that its standard error goes to
	gone      chan struct{}
}

// startServer starts cmd, which is a server or becomes one, and waits until it listens. Its address file and log are in dir.
func startServer(cmd *exec.Cmd, dir string) (*server, error) {
	file := filepath.Join(dir, "address")
	os.Remove(file) // of a server that was killed
	cmd.Args = append(cmd.Args, "--address-file="+file)
	s, err := startProgram(cmd, filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	err = poll(func() error {
		select {
		case <-s.gone:
			return nil
		default:
		}
		text, err := os.ReadFile(file)
		s.addresses = strings.Fields(string(text))
		return err
	})
	if len(s.addresses) == 0 {
		s.kill()
		log, _ := os.ReadFile(s.log)
		return nil, fmt.Errorf("%q does not listen (%v):\n%s", cmd.Args, err, log)
	}
	return s, nil
}

// startProgram starts cmd with its standard error in the file log.
func startProgram(cmd *exec.Cmd, log string) (*server, error) {
	f, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cmd.Stderr = f
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := waitFor(cmd)
	s.log = log
	return s, nil
}

// waitFor makes a server of a command that was started.
func waitFor(cmd *exec.Cmd) *server {
	s := &server{cmd: cmd, gone: make(chan struct{})}
	go func() {
		cmd.Wait()
		close(s.gone)
	}()
	return s
}

// serve starts tcpmuxd on a free port of 127.0.0.1 for as long as the test runs.
func serve(t *testing.T, args ...string) *server {
	t.Helper()
	return serveCommand(t, exec.Command("tcpmuxd", append([]string{"--listen=127.0.0.1:0"}, args...)...))
}

// serveCommand starts tcpmuxd in another way, or another server.
func serveCommand(t *testing.T, cmd *exec.Cmd) *server {
	t.Helper()
	cmd.Dir = t.TempDir()
	s, err := startServer(cmd, cmd.Dir)
	must(t, err)
	s.keepFor(t)
	return s
}

// keepFor ends s with the test.
func (s *server) keepFor(t *testing.T) {
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			log, _ := os.ReadFile(s.log)
			const most = 4000
			t.Logf("end of the log of %q:\n%s", s.cmd.Args, log[max(0, len(log)-most):])
		}
	})
}

func (s *server) kill() {
	s.cmd.Process.Kill()
	<-s.gone
}

// wait waits until the server has ended.
func (s *server) wait() (code int, err error) {
	select {
	case <-s.gone:
		return s.cmd.ProcessState.ExitCode(), nil
	case <-time.After(patience):
		return 0, errors.New("the server does not end")
	}
}

// dial connects to the server.
func (s *server) dial(t *testing.T) *conn {
	t.Helper()
	c, err := dial(s.addresses[0], "")
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// A conn is a client's connection, whose every operation ends after patience.
type conn struct{ *net.TCPConn }

// dial connects to address, from the address source if that is not empty.
func dial(address, source string) (*conn, error) {
	dialer := net.Dialer{Timeout: patience}
	if source != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(source)}
	}
	c, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &conn{c.(*net.TCPConn)}, nil
}

func (c *conn) send(text string) error {
	c.SetDeadline(time.Now().Add(patience))
	_, err := io.WriteString(c, text)
	return err
}

// receive reads as many bytes as text has, which must be text.
func (c *conn) receive(text string) error {
	c.SetDeadline(time.Now().Add(patience))
	b := make([]byte, len(text))
	n, err := io.ReadFull(c, b)
	if got := string(b[:n]); got != text {
		return fmt.Errorf("received %.200q (%v), not %.200q", got, err, text)
	}
	return nil
}

// drip sends text byte by byte, with pauses, and must not come to its end before the connection has ended.
func (c *conn) drip(text string) error {
	for _, b := range []byte(text) {
		if _, err := c.Write([]byte{b}); err != nil {
			return nil
		}
		c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
	}
	return errors.New("the connection is still there")
}

// ended waits for the clean end of the connection, before which nothing more may come.
func (c *conn) ended() error {
	c.SetDeadline(time.Now().Add(patience))
	b, err := io.ReadAll(c)
	if len(b) > 0 || err != nil {
		return fmt.Errorf("received %.200q (%v), not the end", b, err)
	}
	return nil
}

// dropped waits for a reset.
func (c *conn) dropped() error {
	c.SetDeadline(time.Now().Add(patience))
	b, err := io.ReadAll(c)
	if len(b) > 0 || !errors.Is(err, unix.ECONNRESET) {
		return fmt.Errorf("received %.200q (%v), not a reset", b, err)
	}
	return nil
}

// turnsAway demands that a connection to address is reset; where that is fast, dial sees it.
func turnsAway(address string) error {
	c, err := dial(address, "")
	if errors.Is(err, unix.ECONNRESET) {
		return nil
	} else if err != nil {
		return err
	}
	defer c.Close()
	return c.dropped()
}

// rest reads until the connection ends.
func (c *conn) rest() (string, error) {
	c.SetDeadline(time.Now().Add(patience))
	b, err := io.ReadAll(c)
	return string(b), err
}

// result is what a program did that has ended.
type result struct {
	code           int
	stdout, stderr string
}

// run runs a program with the given standard input.
func run(t *testing.T, stdin io.Reader, program string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	cmd.Dir = t.TempDir()
	cmd.WaitDelay = time.Second // for what it has started and left behind
	if _, ok := errors.AsType[*exec.ExitError](cmd.Run()); !ok && cmd.ProcessState == nil {
		t.Fatalf("%s cannot be run", program)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// An oddServer serves a single connection: it reads a request, says its text, and then, depending on its kind, closes or
// resets the connection, repeats the text for ever, or keeps the connection until the client ends it.
type oddServer struct {
	address  string
	listener net.Listener
	got      bytes.Buffer
	err      error
	done     sync.WaitGroup
}

func startOddServer(kind, text string) (*oddServer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &oddServer{address: l.Addr().String(), listener: l}
	s.done.Go(func() {
		c, err := l.Accept()
		if err == nil {
			defer c.Close()
			c.SetDeadline(time.Now().Add(patience))
			err = s.serve(c.(*net.TCPConn), kind, text)
		}
		s.err = err
	})
	return s, nil
}

func (s *oddServer) serve(c *net.TCPConn, kind, text string) error {
	for b := make([]byte, 1); !bytes.HasSuffix(s.got.Bytes(), []byte("\r\n")); {
		if _, err := c.Read(b); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		s.got.Write(b)
	}
	_, err := io.WriteString(c, text)
	switch {
	case err != nil:
		return err
	case kind == "close":
		err = c.CloseWrite()
	case kind == "keep":
	case kind == "endless":
		for err == nil {
			_, err = io.WriteString(c, text)
		}
		return nil // the client had enough
	case kind == "reset":
		return c.SetLinger(0)
	default:
		return fmt.Errorf("an odd server cannot be %q", kind)
	}
	io.Copy(&s.got, c) // a client that is not content may reset the connection
	return err
}

// received waits for the end of the connection and returns what the client sent.
func (s *oddServer) received() (string, error) {
	s.done.Wait()
	return s.got.String(), s.err
}

func (s *oddServer) stop() {
	s.listener.Close()
	s.done.Wait()
}

// deadAddress returns an address where nobody listens, and nobody will until release is called: a client's connection has it.
func deadAddress() (address string, release func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	c, err := dial(l.Addr().String(), "")
	if err != nil {
		l.Close()
		return "", nil, err
	}
	return c.LocalAddr().String(), func() { c.Close(); l.Close() }, nil
}

func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

// activate does the part of systemd's socket activation that only the process itself can do: it puts its own id into the
// environment and becomes the program. Arguments: the number of sockets, which are descriptors 3 and up, the program, its
// arguments.
func activate() {
	program, err := exec.LookPath(os.Args[2])
	if err != nil {
		panic(err)
	}
	env := append(os.Environ(), fmt.Sprintf("LISTEN_PID=%d", os.Getpid()), "LISTEN_FDS="+os.Args[1])
	panic(unix.Exec(program, os.Args[2:], env))
}

// raiseOpenFiles lets this process, and those that it starts, open n files, or skips the test.
func raiseOpenFiles(t *testing.T, n int) {
	t.Helper()
	var limit unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	if uint64(limit.Cur) >= uint64(n) {
		return
	}
	old := limit
	setLimit(&limit.Cur, n)
	if limit.Max < limit.Cur {
		limit.Max = limit.Cur
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Skipf("%d open files are not allowed here (%v); ulimit -n raises the limit", n, err)
	}
	t.Cleanup(func() { unix.Setrlimit(unix.RLIMIT_NOFILE, &old) })
}

// setLimit exists because the limit's type differs between systems.
func setLimit[T int64 | uint64](limit *T, n int) { *limit = T(n) }
