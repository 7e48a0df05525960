package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// A freezer is a control group whose processes can be stopped all at once, as a machine does that stands still
// (cgroups(7)).
type freezer struct{ dir, file, freeze, thaw string }

// newFreezer makes one, with version 2 or 1 of control groups.
func newFreezer() (f freezer, err error) {
	name := "muxspec-flake-" + strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(rand.Int())
	for _, f := range []freezer{
		{"/sys/fs/cgroup", "cgroup.freeze", "1", "0"},
		{"/sys/fs/cgroup/freezer", "freezer.state", "FROZEN", "THAWED"},
	} {
		f.dir = filepath.Join(f.dir, name)
		if os.Mkdir(f.dir, 0o755) != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(f.dir, f.file)); err == nil {
			return f, nil
		}
		os.Remove(f.dir)
	}
	return f, fmt.Errorf("no control group that freezes can be made here: %w", errors.ErrUnsupported)
}

func (f freezer) put(file, text string) error {
	return os.WriteFile(filepath.Join(f.dir, file), []byte(text), 0)
}

// frozen judges the reference while it and all that it starts stand still now and then.
func frozen(ctx context.Context, program string, o options) (bad int, err error) {
	f, err := newFreezer()
	if err != nil {
		return 0, err
	}
	os.Remove(f.dir)
	return repeatRuns(ctx, program, "frozen", o.usually(40), 1, func(r *run, t *tally) error {
		f, err := newFreezer()
		if err != nil {
			return err
		}
		defer os.Remove(f.dir)
		if err := f.put("cgroup.procs", strconv.Itoa(r.cmd.Process.Pid)); err != nil {
			r.cmd.Process.Kill()
			r.judge()
			return err
		}
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for f.until(stop, 50*time.Millisecond, time.Second) {
				f.put(f.file, f.freeze)
				f.until(nil, 50*time.Millisecond, 2*time.Second)
				f.put(f.file, f.thaw)
			}
		}()
		wrong, why := r.judge()
		close(stop)
		<-stopped
		t.add(wrong, why)
		return nil
	})
}

// until waits for a random time between two, and says whether stop was not closed meanwhile.
func (f freezer) until(stop chan struct{}, least, most time.Duration) bool {
	select {
	case <-stop:
		return false
	case <-time.After(least + time.Duration(rand.Int64N(int64(most-least)))):
		return true
	}
}
