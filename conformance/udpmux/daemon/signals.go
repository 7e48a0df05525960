package daemon

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

func signalVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "terminates",
			Help: "After SIGTERM the daemon ends within the time limit, with any exit code, and the file of its " +
				"Unix socket is gone. The daemon is then started again.",
			Run: terminatesVerb},
		{Name: "reconfigured", Usage: "OPTION=VALUE...|bad TEXT",
			Help: "Change the configuration file and send the daemon SIGHUP. The file gets these options in " +
				"addition to the scenario's, or with bad it is just this text, and the daemon must then print the " +
				"file's name.",
			Min: 1, Max: -1, Run: reconfiguredVerb},
		{Name: "counts", Usage: "N",
			Help: "Send the daemon SIGUSR1. Within the time limit it prints a line with that number.",
			Min:  1, Max: 1, Run: countsVerb},
	}
}

func terminatesVerb(s *engine.Session, args []string) error {
	syscall.Kill(s.In.Process.Cmd.Process.Pid, syscall.SIGTERM)
	w := s.Wait()
	if !w.Closes(s.In.Process.Gone) {
		return s.Meaning(w, "the daemon's end", engine.ErrLimit)
	}
	s.Rec.Note("the target has ended: %v", s.In.Process.Cmd.ProcessState)
	if _, err := os.Lstat(daemonIn(s.In).socket); !errors.Is(err, os.ErrNotExist) {
		return engine.Violation("expected the Unix socket's file to go with the daemon")
	}
	return restartVerb(s, []string{"stop"})
}

func reconfiguredVerb(s *engine.Session, args []string) error {
	file, before := daemonIn(s.In).values["config"], len(s.In.Process.Printed())
	if args[0] == "bad" {
		if err := os.WriteFile(file, s.Texts(args[1:]), 0o600); err != nil {
			return engine.Inconclusive("%v", err)
		}
	} else {
		changed := daemonIn(s.In).scenario
		if readOptions(&changed, "options", strings.Join(args, " ")) != nil {
			return engine.ErrUsage
		}
		for name, value := range daemonIn(s.In).scenario.Set {
			if _, set := changed.Set[name]; !set {
				changed.Set[name] = value
			}
		}
		values := daemonIn(s.In).values
		if err := configure(s.In, changed, values); err != nil {
			return engine.Inconclusive("%v", err)
		}
		for name, value := range changed.Set {
			values[placeholderOf(name)] = value
			s.Shorten(value)
		}
		daemonIn(s.In).scenario = changed
	}
	syscall.Kill(s.In.Process.Cmd.Process.Pid, syscall.SIGHUP)
	s.Rec.Note("SIGHUP to the target")
	if args[0] != "bad" {
		return nil
	}
	return prints(s, before, "the name of the configuration file", func(text []byte) bool {
		return bytes.Contains(text, []byte(filepath.Base(file)))
	})
}

func countsVerb(s *engine.Session, args []string) error {
	before := len(s.In.Process.Printed())
	syscall.Kill(s.In.Process.Cmd.Process.Pid, syscall.SIGUSR1)
	s.Rec.Note("SIGUSR1 to the target")
	return prints(s, before, "a line with "+args[0], func(text []byte) bool { return lineWith(text, args) })
}

// prints waits until the target's output since then fits.
func prints(s *engine.Session, since int, what string, is func([]byte) bool) error {
	printed := func() []byte {
		text := s.In.Process.Printed()
		return text[min(since, len(text)):]
	}
	for w := s.Wait(); !is(printed()); time.Sleep(time.Millisecond) {
		if w.Over() {
			return s.Meaning(w, what+" on the target's output", engine.ErrLimit)
		}
	}
	return nil
}
