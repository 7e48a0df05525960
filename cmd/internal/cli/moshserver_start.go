package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// Ours: how long the mosh-server that was started has, once its CONNECT line is there, to leave another process in the background,
// and how long to end after SIGKILL.
const (
	detachTime = time.Second
	killTime   = 2 * time.Second
)

// A moshServer is the real mosh-server, from its start on. It puts itself into the background, so there are two processes: the one
// that is started, and its child that stays. Both are in a process group of their own, which makes them easy to end.
type moshServer struct {
	cmd     *exec.Cmd
	connect chan connectLine
	exited  chan struct{} // closed when the process that was started has ended; then err is how
	err     error
}

type connectLine struct {
	port uint16
	K    [16]byte
	err  error
}

func startMoshServer(path string, args []string) (*moshServer, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := adoptOrphans(); err != nil {
		r.Close()
		return nil, err
	}
	// Standard input and error are the user's: there mosh-server asks for the terminal's size, and says what it has to say.
	cmd := &exec.Cmd{Path: path, Args: append([]string{"mosh-server"}, args...), Stdin: os.Stdin, Stdout: w, Stderr: os.Stderr}
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		r.Close()
		return nil, fmt.Errorf("mosh-server: %w", err)
	}
	s := &moshServer{cmd: cmd, connect: make(chan connectLine, 1), exited: make(chan struct{})}
	go s.read(r)
	go func() {
		s.err = cmd.Wait()
		close(s.exited)
	}()
	return s, nil
}

// read looks for the CONNECT line in mosh-server's output, and shows the other lines in front of it.
func (s *moshServer) read(r *os.File) {
	defer r.Close()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		port, K, err := udpmux.ParseConnect(lines.Text())
		if errors.Is(err, udpmux.ErrNotConnect) {
			fmt.Println(lines.Text())
			continue
		}
		s.connect <- connectLine{port, K, err}
		io.Copy(io.Discard, r)
		return
	}
	s.connect <- connectLine{err: errors.New("printed no CONNECT line")}
}

// ready waits for the CONNECT line, and for the process in the background.
func (s *moshServer) ready(ctx context.Context) (port uint16, K [16]byte, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, moshServerTime, errors.New("no CONNECT line in time"))
	defer cancel()
	var line connectLine
	select {
	case line = <-s.connect:
	case <-ctx.Done():
		return 0, K, context.Cause(ctx)
	}
	select {
	case <-s.exited:
		if s.err != nil { // rather than the line that is missing for this reason
			return 0, K, s.err
		}
	case <-time.After(detachTime): // it stays in the foreground
	case <-ctx.Done():
		return 0, K, context.Cause(ctx)
	}
	return line.port, line.K, line.err
}

// group is the process group of mosh-server.
func (s *moshServer) group() int { return s.cmd.Process.Pid }

// end ends mosh-server for sure: all of its process group, and what else is a child by now.
func (s *moshServer) end() {
	before := children()
	for deadline := time.Now().Add(killTime); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		err := unix.Kill(-s.group(), unix.SIGKILL)
		left := 0
		for _, c := range children() {
			if c.pid != s.cmd.Process.Pid && (c.group == s.group() || slices.Contains(before, c)) {
				left++
				unix.Kill(c.pid, unix.SIGKILL)
				unix.Wait4(c.pid, nil, unix.WNOHANG, nil)
			}
		}
		if err == unix.ESRCH && left == 0 {
			return
		}
	}
}

// A child is a child process, adopted ones included.
type child struct{ pid, group int }

// groupEnded waits until no process of the group is left, where nothing better is to be had.
func groupEnded(group int) {
	for unix.Kill(-group, 0) != unix.ESRCH {
		time.Sleep(250 * time.Millisecond)
	}
}
