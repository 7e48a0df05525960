package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// An Unable is what the suite lacks on this machine, without which nothing could be judged.
type Unable struct{ Lack string }

func (u *Unable) Error() string { return "nothing can be judged here: " + u.Lack }

// unable says what is missing.
func unable(format string, args ...any) error { return &Unable{fmt.Sprintf(format, args...)} }

// fewestDescriptors is how many the suite may have open at once: many scenarios run side by side, and some open
// hundreds of connections.
const fewestDescriptors = 1024

// able says what the suite lacks on this machine. It checks everything that a target could be blamed for otherwise.
func (r *run) able() error {
	for _, check := range []func() error{enoughDescriptors, processesVisible, r.loopback, r.settle, r.ownProgram} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// enoughDescriptors: the runtime has raised the limit as far as the system allows.
func enoughDescriptors() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < fewestDescriptors {
		return unable("only %d files may be open at the same time, and %d are needed: raise it with ulimit -n",
			limit.Cur, fewestDescriptors)
	}
	return nil
}

// processesVisible: a system that has a table of processes must show it.
func processesVisible() error {
	if proc.CanSeeProcesses && proc.Self() != nil {
		return unable("%v: mount proc at /proc, where the target's processes and sockets are seen", proc.Self())
	}
	return nil
}

// loopback: the suite and what it starts reach each other at 127.0.0.1, over TCP and UDP.
func (r *run) loopback() error {
	if r.Target.Address != "" { // it is somewhere else
		c, err := net.DialTimeout("tcp", r.Target.Address, DefaultStart)
		if err != nil {
			return unable("nobody listens at %s: %v", r.Target.Address, err)
		}
		return c.Close()
	}
	l, err := ListenLow()
	if err != nil {
		return unable("127.0.0.1 cannot be used (is the interface lo up?): %v", err)
	}
	defer l.Close()
	c, err := net.DialTimeout("tcp", l.Addr().String(), DefaultPatience)
	if err != nil {
		return unable("127.0.0.1 cannot be reached over TCP (is the interface lo up?): %v", err)
	}
	c.Close()
	u, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return unable("127.0.0.1 cannot be used over UDP: %v", err)
	}
	defer u.Close()
	u.SetReadDeadline(time.Now().Add(DefaultPatience))
	if _, err = u.WriteTo([]byte("?"), u.LocalAddr()); err == nil {
		_, _, err = u.ReadFrom(make([]byte, 1))
	}
	if err != nil {
		return unable("a datagram from 127.0.0.1 to itself does not arrive: %v", err)
	}
	return nil
}

// longestRoot is how long the path of the run's folder may be: the path of a Unix socket below it has some 100 bytes.
const longestRoot = 80

// settle makes the folder of all that the run leaves on disk, in the first place that will do: one from which programs
// can be started.
func (r *run) settle() error {
	places := []string{os.TempDir(), "/tmp", "/var/tmp", memory, os.Getenv("XDG_RUNTIME_DIR"), os.Getenv("HOME")}
	var why []string
	for i, place := range places {
		if place == "" || i > 0 && place == places[0] {
			continue
		}
		root, err := settleIn(place)
		if err == nil {
			r.root = root
			return nil
		}
		why = append(why, fmt.Sprintf("%s: %v", place, err))
	}
	return unable("no folder for temporary files will do (set TMPDIR): %s", strings.Join(why, "; "))
}

// plainPath matches the paths that need no quotes in any program's files.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9/._+@%,=-]*$`)

func settleIn(place string) (root string, err error) {
	if place, err = filepath.Abs(place); err != nil {
		return "", err
	}
	if !plainPath.MatchString(place) {
		return "", errors.New("not all programs take such a path")
	}
	if root, err = os.MkdirTemp(place, "muxspec"); err != nil {
		return "", errors.Unwrap(err)
	}
	if len(root) > longestRoot {
		err = fmt.Errorf("longer than %d bytes", longestRoot-len("/muxspec4294967295"))
	} else {
		err = executes(root)
	}
	if err != nil {
		os.RemoveAll(root)
	}
	return root, err
}

// executes says why programs in a folder cannot be started.
func executes(dir string) error {
	program := filepath.Join(dir, "try")
	defer os.Remove(program)
	if err := WriteProgram(program, "#!/bin/sh\nexit 0\n"); err != nil {
		return errors.Unwrap(err)
	}
	if err := exec.Command(program).Run(); err != nil {
		return fmt.Errorf("programs cannot be started there: %w", err)
	}
	return nil
}

// ownProgram: the program that has the fixtures starts, and its path needs no quotes.
func (r *run) ownProgram() error {
	if !plainPath.MatchString(r.Program) {
		link := filepath.Join(r.root, "muxspec")
		if err := os.Symlink(r.Program, link); err != nil {
			return unable("%v", err)
		}
		r.Program = link
	}
	if r.Target.Address != "" || r.suite.Programs()[fixture] == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(r.ctx, ownStart)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.Program, "service", fixture)
	cmd.Stdin = strings.NewReader("try")
	out, err := cmd.Output()
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return unable("%s service %s did not answer within %v", r.Program, fixture, ownStart)
	case err != nil:
		return unable("%s service %s: %v", r.Program, fixture, err)
	case !bytes.Equal(out, []byte("try")):
		return unable("%s service %s printed %s in answer to \"try\"", r.Program, fixture, Shown(out))
	}
	return nil
}

// ownStart is how long that program may take: on a machine busier than that, verdicts would be luck.
const ownStart = 30 * time.Second

// fixture is a program that sends back what it gets, which shows that the suite's own programs start.
const fixture = "echo"
