package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	longestAnswer = 1 << 20                // bytes; the longest right one has 260 KiB
	stderrKept    = 8 << 10                // bytes of the end of a codec's standard error
	exitTime      = time.Second            // to tell a codec that ends from one that closes its input or output
	restTime      = 200 * time.Millisecond // for the rest of the output of a codec that has ended
)

// A codec is a program that answers questions, one line each, in a process group of its own.
type codec struct {
	cmd      *exec.Cmd
	patience time.Duration // for one answer
	stdin    *os.File
	stdout   *os.File
	answers  chan []byte // the lines that it prints; closed at their end
	tooLong  bool        // the last line was; set before answers is closed
	stderr   *stderrTail
	over     chan struct{} // closed when nobody wants answers any more
	exited   chan struct{} // closed when the program has, and its group with it
	unwatch  func() bool   // forgets the context

	mu     sync.Mutex
	reaped bool // the group's number may be another's by now
}

// startCodec starts the program. The context's end kills it.
func startCodec(ctx context.Context, argv []string, patience time.Duration) (*codec, error) {
	c := &codec{cmd: exec.Command(argv[0], argv[1:]...), patience: patience, answers: make(chan []byte),
		exited: make(chan struct{}), over: make(chan struct{})}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipes := make([]*os.File, 0, 6)
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(pipes)
			return nil, err
		}
		pipes = append(pipes, r, w)
	}
	c.stdin, c.stdout, c.stderr = pipes[1], pipes[2], &stderrTail{from: pipes[4], read: make(chan struct{})}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = pipes[0], pipes[3], pipes[5]
	if err := c.cmd.Start(); err != nil {
		closeAll(pipes)
		return nil, err
	}
	closeAll([]*os.File{pipes[0], pipes[3], pipes[5]})
	go c.read()
	go c.stderr.keep()
	go func() {
		defer close(c.exited)
		c.cmd.Wait()
		c.kill() // what it started would hold its output open, and what has left the group still does
		c.stdout.SetReadDeadline(time.Now().Add(restTime))
		c.mu.Lock()
		defer c.mu.Unlock()
		c.reaped = true
	}()
	c.unwatch = context.AfterFunc(ctx, c.kill)
	return c, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// kill ends the whole group.
func (c *codec) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	}
}

// read takes the lines that the codec prints.
func (c *codec) read() {
	defer close(c.answers)
	lines := bufio.NewScanner(c.stdout)
	lines.Buffer(nil, longestAnswer)
	for lines.Scan() {
		select {
		case c.answers <- []byte(lines.Text()):
		case <-c.over:
			return
		}
	}
	c.tooLong = errors.Is(lines.Err(), bufio.ErrTooLong)
}

// ask gives the codec's answer to a question. The error is that none came.
func (c *codec) ask(question []byte) ([]byte, error) {
	select {
	case line, ok := <-c.answers:
		if ok {
			return nil, fmt.Errorf("printed a line before it was asked: %s", shown(line))
		}
		return nil, c.gone("its standard output")
	default:
	}
	c.stdin.SetWriteDeadline(time.Now().Add(c.patience))
	_, err := c.stdin.Write(append(question, '\n'))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("did not read the question within %v", c.patience)
	case err != nil:
		return nil, c.gone("its standard input")
	}
	select {
	case line, ok := <-c.answers:
		if !ok {
			return nil, c.gone("its standard output")
		}
		return line, nil
	case <-time.After(c.patience):
		return nil, fmt.Errorf("gave no answer within %v", c.patience)
	}
}

// gone says why nothing more can come of a codec.
func (c *codec) gone(closed string) error {
	if c.outputEnded() && c.tooLong {
		return fmt.Errorf("printed a line of more than %d bytes", longestAnswer)
	}
	select {
	case <-c.exited:
		return fmt.Errorf("ended (%v)", c.cmd.ProcessState)
	case <-time.After(exitTime):
		return fmt.Errorf("closed %s", closed)
	}
}

// outputEnded says whether all lines have been taken.
func (c *codec) outputEnded() bool {
	select {
	case _, ok := <-c.answers:
		return !ok
	default:
		return false
	}
}

// finish ends the codec's input after its last answer, which has to end the codec.
func (c *codec) finish() error {
	c.stdin.Close()
	late := time.After(c.patience)
	select {
	case line, ok := <-c.answers:
		if ok {
			return fmt.Errorf("printed one line too many: %s", shown(line))
		}
		if c.tooLong {
			return c.gone("")
		}
	case <-late:
		return fmt.Errorf("did not end within %v after its input", c.patience)
	}
	select {
	case <-c.exited:
	case <-late:
		return fmt.Errorf("did not end within %v after its input", c.patience)
	}
	if !c.cmd.ProcessState.Success() {
		return fmt.Errorf("ended with %v after its last answer", c.cmd.ProcessState)
	}
	return nil
}

// end ends the codec with all of its group, and gives the end of what it wrote to standard error.
func (c *codec) end() string {
	c.unwatch()
	close(c.over)
	c.kill()
	<-c.exited
	c.stdin.Close()
	c.stdout.Close()
	return c.stderr.end()
}

// A stderrTail keeps the last bytes of a codec's standard error.
type stderrTail struct {
	from *os.File
	read chan struct{} // closed when nothing more is read
	mu   sync.Mutex
	b    []byte
	lost bool
}

func (t *stderrTail) keep() {
	defer close(t.read)
	io.Copy(t, t.from)
}

// Write never fails.
func (t *stderrTail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	if extra := len(t.b) - stderrKept; extra > 0 {
		t.b, t.lost = append(t.b[:0], t.b[extra:]...), true
	}
	return len(b), nil
}

// end gives what was kept.
func (t *stderrTail) end() string {
	t.from.SetReadDeadline(time.Now().Add(restTime))
	<-t.read
	t.from.Close()
	if t.lost {
		return "… " + strings.ToValidUTF8(string(t.b), "")
	}
	return string(t.b)
}
