package agent

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

	"github.com/muxspec/muxspec/ref/process"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// Ours.
const (
	detachTime = time.Second     // for mosh-server, after its CONNECT line, to leave another process in the background
	killTime   = 2 * time.Second // to end after SIGKILL
	maxSaid    = 16 << 10        // bytes of what it says that are shown
)

// A moshServer is the real mosh-server, from its start on. It puts itself into the background, so there are two
// processes: the one that is started, and its child, which stays. A process group of their own makes them easy to end.
type moshServer struct {
	cmd     *exec.Cmd
	connect chan connectLine
	exited  chan error // how the process that was started has ended
	stderr  *os.File
	said    chan []byte // all of it, on standard error
	works   bool        // it has its socket: what it says is not why there is no session
}

type connectLine struct {
	port uint16
	K    [16]byte
	err  error
}

// startMoshServer starts the program with args, which begin with new. Standard input is the user's: mosh-server asks it
// for the terminal's size. What it says on standard error waits for [moshServer.speak]; a talkative one has the user's
// standard error, since it goes on talking in the background.
func startMoshServer(path string, environment, args []string) (*moshServer, error) {
	// In the background mosh-server stays a child: it is found, and its process id is not reused meanwhile.
	if err := process.AdoptOrphans(); err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{Path: path, Args: append([]string{"mosh-server"}, args...), Env: environment, Stdin: os.Stdin}
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if scanMoshServer(args[1:]).isTalkative {
		cmd.Stderr = os.Stderr
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("mosh-server: %w", err)
	}
	s := &moshServer{cmd: cmd, connect: make(chan connectLine, 1), exited: make(chan error, 1),
		stderr: stderr.(*os.File), said: make(chan []byte, 1)}
	go s.read(output)
	go func() {
		said, _ := io.ReadAll(io.LimitReader(stderr, maxSaid))
		io.Copy(io.Discard, stderr)
		s.said <- said
	}()
	go func() {
		state, err := cmd.Process.Wait() // not cmd's, which closes the pipes
		if err == nil && !state.Success() {
			err = &exec.ExitError{ProcessState: state}
		}
		s.exited <- err
	}()
	return s, nil
}

// read looks for the CONNECT line in mosh-server's output, and shows the lines before it.
func (s *moshServer) read(r io.Reader) {
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

// speak shows what mosh-server said on standard error, unless nobody takes that.
func (s *moshServer) speak() {
	s.stderr.SetReadDeadline(time.Now().Add(detachTime)) // something it started may hold the other end
	said, taken := <-s.said, make(chan struct{})
	go func() {
		defer close(taken)
		os.Stderr.Write(said)
	}()
	select {
	case <-taken:
	case <-time.After(detachTime):
	}
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
	case err := <-s.exited:
		if err != nil { // rather than the line, which is missing for this reason
			return 0, K, err
		}
	case <-time.After(detachTime): // it stays in the foreground
	case <-ctx.Done():
		return 0, K, context.Cause(ctx)
	}
	return line.port, line.K, line.err
}

// group is the process group of mosh-server.
func (s *moshServer) group() int { return s.cmd.Process.Pid }

// end makes sure that mosh-server ends: all of its process group, and any other child by now.
func (s *moshServer) end() {
	before := process.Family(s.group())
	for deadline := time.Now().Add(killTime); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		err := unix.Kill(-s.group(), unix.SIGKILL)
		left := 0
		for _, c := range process.Family(s.group()) {
			if c.PID != s.cmd.Process.Pid && (c.Group == s.group() || slices.Contains(before, c)) {
				left++
				unix.Kill(c.PID, unix.SIGKILL)
				unix.Wait4(c.PID, nil, unix.WNOHANG, nil)
			}
		}
		if err == unix.ESRCH && left == 0 {
			return
		}
	}
}
