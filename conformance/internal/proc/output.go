package proc

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// An output is a pipe from a program to a tail, which keeps what the program printed.
type output struct {
	ours, theirs *os.File
	to           *Tail
	read         chan struct{} // closed when nothing more is read in the background
}

type outputs []*output

// pipes makes the pipes of standard output and error, and begins to read.
func (p *Process) pipes() (all outputs, err error) {
	for _, to := range []*Tail{p.Stdout, p.Stderr} {
		o := &output{to: to, read: make(chan struct{})}
		if o.ours, o.theirs, err = os.Pipe(); err != nil {
			for _, o := range all {
				o.theirs.Close()
			}
			all.end()
			return nil, err
		}
		go func() {
			defer close(o.read)
			io.Copy(o.to, o.ours)
		}()
		all = append(all, o)
	}
	p.Cmd.Stdout, p.Cmd.Stderr = all[0].theirs, all[1].theirs
	return all, nil
}

// end takes what the program, which has ended, left in the pipes, and closes them. It does not wait for their end: what
// the program started may hold them open for ever. Nothing is lost, however long this program had no turn.
func (all outputs) end() {
	for _, o := range all {
		o.ours.SetReadDeadline(time.Now())
		<-o.read
		o.ours.SetReadDeadline(time.Time{})
		o.drain()
		o.ours.Close()
	}
}

// drain reads what is in the pipe, but no more than a pipe holds: somebody may go on writing.
func (o *output) drain() {
	raw, err := o.ours.SyscallConn()
	if err != nil {
		return
	}
	b := make([]byte, 1<<20)
	raw.Read(func(fd uintptr) bool {
		for left := len(b); left > 0; {
			n, err := unix.Read(int(fd), b[:left])
			if n <= 0 || err != nil {
				break
			}
			o.to.Write(b[:n])
			left -= n
		}
		return true // whatever came: drain does not wait
	})
}
