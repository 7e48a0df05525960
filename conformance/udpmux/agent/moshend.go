package agent

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"golang.org/x/sys/unix"
)

func moshExitsStep(s *engine.Session, a *part, args []string) error {
	if len(args) == 0 || len(args) > 3 {
		return engine.ErrUsage
	}
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return engine.ErrUsage
	}
	args = append(args, "", "")
	return direct(s, standInOrders{Exit: code, Stdout: args[1], Stderr: args[2]})
}

func moshEndsStep(s *engine.Session, a *part, args []string) error {
	a.mosh.conn.CloseWrite()
	return moshEndedStep(s, a, nil)
}

func moshDiesStep(s *engine.Session, a *part, args []string) error {
	signal := unix.SIGKILL
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil || len(args) > 1 {
			return engine.ErrUsage
		}
		signal = syscall.Signal(n)
	}
	if err := syscall.Kill(a.mosh.PID, signal); err != nil {
		return engine.Inconclusive("%v", err)
	}
	return nil
}

func moshEndedStep(s *engine.Session, a *part, args []string) error {
	if w := s.Wait(); !w.Closes(a.mosh.ended) {
		return s.Meaning(w, "the end of mosh-server", engine.ErrLimit)
	}
	return nil
}

func moshRunsStep(s *engine.Session, a *part, args []string) error {
	select {
	case <-a.mosh.ended:
		return engine.Violation("expected mosh-server to go on; it has ended")
	default:
		return nil
	}
}

func moshReplacesStep(s *engine.Session, a *part, args []string) error {
	pid := a.process.Cmd.Process.Pid
	if mine, err := unix.Getsid(0); a.mosh.Group != pid || err == nil && a.mosh.Session != mine {
		return engine.Violation("expected process group %d and session %d, not %d and %d", pid, mine, a.mosh.Group,
			a.mosh.Session)
	}
	for fd, what := range a.mosh.Descriptors {
		if !slices.Contains(a.given, what) && len(a.given) > 0 {
			return engine.Violation("the real client's descriptor %d is not one that the agent was started with", fd)
		}
	}
	return nil
}

func hidesStep(s *engine.Session, a *part, args []string) error {
	K, S, T := a.k, a.s(), a.t()
	secrets := make(map[string]string) // maps to the name
	for name, b := range map[string][]byte{"K": K[:], "S": S[:], "T": T[:]} {
		text := hex.EncodeToString(b)
		base, url := base64.RawStdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b)
		decimal := strings.Trim(fmt.Sprint(b), "[]")
		commas := strings.ReplaceAll(decimal, " ", ",") // as JSON writes an array of bytes
		for _, encoded := range []string{string(b), text, strings.ToUpper(text), base, url, decimal, commas} {
			secrets[encoded] = name
		}
	}
	for _, place := range a.process.Showing(secrets) {
		if s.Role == Client && place.Environ && place.What == "K" &&
			(place.Pid == a.process.Cmd.Process.Pid || a.mosh != nil && place.Pid == a.mosh.PID) {
			continue
		}
		return engine.Violation("process %d shows %s, in its %s", place.Pid, place.What,
			map[bool]string{true: "environment", false: "arguments"}[place.Environ])
	}
	return nil
}
