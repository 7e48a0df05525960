package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/report"
)

// An Instance is a running target: a process of ours, or somebody else's server.
type Instance struct {
	Target  *Target
	kind    Role
	Address string        // HOST:PORT
	Process *proc.Process // nil for somebody else's server
	Listens bool          // as a sure sign told
	Dir     string
	ground  *proc.Ground
	start   time.Duration // the time that it has until it listens
	Extra   []string      // arguments after the command's
	Crowd   int           // how many clients it was given at once
	// shortest is the shortest of the time limits that a verb has set it; 0: none.
	shortest time.Duration
	Env      []string   // more variables of the environment
	Inherit  []*os.File // more descriptors, from 3 on
	// Wrap, if not nil, gives the command line that starts another command line.
	Wrap func(path string, argv []string) (string, []string)
	// Part is what the role has made for the instance. If it is an io.Closer, it is closed with the instance.
	Part any
}

// launch starts the target for a scenario, and returns when it listens. The error says what a user needs to know. If
// the target could be started at all, the instance is returned, too, for its output.
func (r *roleRun) launch(s Scenario, values map[string]string) (*Instance, error) {
	if r.Target.Address != "" {
		return &Instance{Target: r.Target, kind: r.kind, Address: r.Target.Address}, nil
	}
	in, values, err := r.prepare(s, values)
	if err != nil {
		return nil, err
	}
	if err := r.kind.Meet(in, s, values); err != nil {
		return in, err
	}
	return in, r.kind.Start(r.ctx, in, s, values)
}

// startListening starts a target that listens at one address.
func startListening(ctx context.Context, in *Instance, s Scenario, values map[string]string) error {
	t := in.Target
	values["host"], values["port"], values["listen"] = "127.0.0.1", "0", "127.0.0.1:0"
	says := t.ReadyLine == "" && in.Uses("address_file") || regexp.MustCompile(t.ReadyLine).NumSubexp() > 0
	if !says || in.Uses("port") {
		port, err := freePort()
		if err != nil {
			return err
		}
		values["port"], values["listen"] = port, "127.0.0.1:"+port
		in.Address = values["listen"]
	}
	if err := in.Launch(values); err != nil {
		return err
	}
	in.Listens = t.ReadyLine != "" || in.Uses("address_file") || proc.CanSeeProcesses
	return in.Ready(ctx, values["address_file"])
}

// prepare makes an instance's folder, and sets the placeholders that depend on it.
func (r *roleRun) prepare(s Scenario, values map[string]string) (*Instance, map[string]string, error) {
	// It is short: the path of a Unix socket in it must fit into some 100 bytes.
	dir, err := os.MkdirTemp(r.ground.Dir, "i")
	if err != nil {
		return nil, nil, err
	}
	in := &Instance{Target: r.Target, kind: r.kind, Dir: dir, ground: r.ground, start: r.startTime()}
	values = maps.Clone(values)
	values["dir"], values["address_file"] = dir, filepath.Join(dir, "address")
	r.kind.Prepare(in, s, values)
	return in, values, nil
}

// Launch writes the target's files and starts its program.
func (in *Instance) Launch(values map[string]string) error {
	t := in.Target
	if err := writeFiles(in.Dir, t.Files, values); err != nil {
		return err
	}
	path, err := t.ProgramFor(in.kind.Name, values)
	if err != nil {
		return err
	}
	env := []string{"PATH=" + strings.Join(append(t.SearchPath(), os.Getenv("PATH")), string(os.PathListSeparator))}
	var argv []string
	for _, a := range slices.Concat(t.CommandFor(in.kind.Name), in.Extra) {
		argv = append(argv, Expand(a, values))
	}
	for k, v := range t.Env {
		env = append(env, k+"="+Expand(v, values))
	}
	if in.Wrap != nil {
		path, argv = in.Wrap(path, argv)
	}
	in.Process, err = proc.StartProcess(path, argv, append(env, in.Env...), t.dir, filepath.Base(in.Dir), in.kind.Fresh,
		in.Inherit...)
	if err != nil {
		return err
	}
	return in.ground.Enter(in.Process)
}

// Ready waits until the target listens, by the best sign available: a line of its output, its address file, the
// kernel's table. It does not just connect, since a bare connection ends some servers.
func (in *Instance) Ready(ctx context.Context, addressFile string) error {
	w := proc.NewWait(ctx, time.Now(), in.start, in.ground.Pulse, in.Process)
	listens := in.kind.Listens
	if in.Target.ReadyLine != "" {
		in.Process.Stdout.Await(regexp.MustCompile(in.Target.ReadyLine))
	}
	for {
		switch {
		case in.Target.ReadyLine != "":
			if m := in.Process.Stdout.Found(); m != nil {
				if len(m) > 1 {
					in.Address = m[1]
				}
				return nil
			}
		case in.Uses("address_file"):
			if b, err := os.ReadFile(addressFile); err == nil {
				in.Address, _, _ = strings.Cut(strings.TrimSpace(string(b)), "\n")
				if _, _, err := net.SplitHostPort(in.Address); err != nil {
					return fmt.Errorf("the address file holds %q, not HOST:PORT", in.Address)
				}
				if in.afterFile(w) {
					return nil
				}
			}
		case proc.CanSeeProcesses:
			if listens(in) {
				return nil
			}
		default:
			return nil
		}
		switch {
		case in.Process.Ended() != "":
			return in.endedEarly()
		case ctx.Err() != nil:
			return errors.New(report.Interrupted)
		case w.Over():
			return in.late(w.Useless())
		}
		time.Sleep(time.Millisecond)
	}
}

// Uses says whether the target uses the placeholder.
func (in *Instance) Uses(placeholder string) bool { return in.Target.Uses(in.kind.Name, placeholder) }

// End ends the instance's processes.
func (in *Instance) End() {
	in.Process.Stop()
	in.ground.Leave(in.Process)
}

// stop ends the instance and removes what it left.
func (in *Instance) stop(keep bool) {
	if in.Process != nil {
		in.End()
	}
	if c, ok := in.Part.(io.Closer); ok {
		c.Close()
	}
	if in.Dir != "" && !keep {
		os.RemoveAll(in.Dir)
	}
}

// writeFiles writes a target's files into dir.
func writeFiles(dir string, files map[string]string, values map[string]string) error {
	for name, text := range files {
		path := filepath.Join(dir, name)
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), writeApart(path, Expand(text, values), mode))
		if err != nil {
			return err
		}
	}
	return nil
}

// WriteProgram writes a script that can be started at once.
func WriteProgram(path, text string) error { return writeApart(path, text, 0o755) }

// writeApart writes a file while no program is started: that one would hold the file open for writing until its
// execution begins, and whoever starts the file meanwhile would be told that it is busy.
func writeApart(path, text string, mode os.FileMode) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, []byte(text), mode)
}
