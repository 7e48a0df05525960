// Package group starts programs as process groups of their own and ends whole groups, also when the program that leads
// one has gone first. It waits for every child of this process, whoever started it: nothing else in the process may.
package group

import (
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/process"
)

// killAfter is the time from SIGTERM to SIGKILL.
const killAfter = time.Second

// A Group is a program's process group.
type Group struct {
	// Exited is closed when the program has; others of the group may go on.
	Exited chan struct{}

	pid  int
	left bool // the program has exited
}

// A group is in all for as long as its number is taken: only this process waits for the program, and, where it adopts
// orphans, for the last of its group. With the lock held nobody is waited for, so no other can have got that number.
var (
	mu  sync.Mutex
	all = make(map[int]*Group)
)

// keepDescriptors keeps what this process was given from the programs that it starts.
var keepDescriptors = sync.OnceFunc(func() {
	for _, fd := range process.Inherited() {
		unix.CloseOnExec(fd)
	}
})

// Start starts a program.
func Start(cmd *exec.Cmd) (*Group, error) {
	Reap()
	keepDescriptors()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(unix.SysProcAttr)
	}
	cmd.SysProcAttr.Setpgid = true
	mu.Lock()
	defer mu.Unlock()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	g := &Group{Exited: make(chan struct{}), pid: cmd.Process.Pid}
	all[g.pid] = g
	cmd.Process.Release()
	return g, nil
}

// End ends the group: SIGTERM, and SIGKILL a second later.
func (g *Group) End() {
	g.kill(unix.SIGTERM)
	time.AfterFunc(killAfter, func() { g.kill(unix.SIGKILL) })
}

func (g *Group) kill(s unix.Signal) {
	mu.Lock()
	defer mu.Unlock()
	if all[g.pid] == g {
		unix.Kill(-g.pid, s)
	}
}

// EndAll ends all groups that there are, within a second.
func EndAll() {
	for deadline, s := time.Now().Add(killAfter), unix.SIGTERM; ; time.Sleep(killAfter / 100) {
		mu.Lock()
		if over := time.Now().After(deadline); over {
			s = unix.SIGKILL
		}
		for pid := range all {
			if s != 0 {
				unix.Kill(-pid, s)
			}
		}
		over := len(all) == 0 || s == unix.SIGKILL
		mu.Unlock()
		if over {
			return
		}
		s = 0
	}
}

// Reap makes this process wait for its children from now on, and where the system can do that, for what those leave
// behind. As process 1, a program has the system's orphans.
var Reap = sync.OnceFunc(func() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	process.AdoptOrphans()
	go func() {
		for range ended {
			reap()
		}
	}()
})

// reap waits for all that have ended, and forgets groups of which nobody is left.
func reap() {
	mu.Lock()
	defer mu.Unlock()
	for pid := wait(-1); pid > 0; pid = wait(-1) {
		if g := all[pid]; g != nil && !g.left {
			g.left = true
			close(g.Exited)
		}
	}
	for pid, g := range all {
		if g.left && wait(-pid) < 0 {
			delete(all, pid)
		}
	}
}

// wait waits for one of these children that has ended: 0 is none, less that there are no such children.
func wait(which int) (pid int) {
	for {
		pid, err := unix.Wait4(which, nil, unix.WNOHANG, nil)
		if err != unix.EINTR {
			return pid
		}
	}
}
