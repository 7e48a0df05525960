package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// startLimit is the time that a target has until it listens.
const startLimit = 5 * time.Second

var errLate = fmt.Errorf("the program did not listen within %v", startLimit)

// An instance is a target that runs: a process of ours, or somebody else's server.
type instance struct {
	target  *Target
	role    string
	address string   // HOST:PORT
	process *process // nil for somebody else's
	listens bool     // by a sure sign
	dir     string
	peer    *peer      // of an HMACSocket target
	extra   []string   // arguments behind the command's
	env     []string   // more variables of the environment
	inherit []*os.File // more descriptors, from 3 on
	// Of a part of UDP mux: the Unix socket's path. Of a daemon: what it was started with, and that inherit are sockets to take.
	socket    string
	scenario  Scenario
	values    map[string]string
	activated bool
}

// start starts the target for a scenario, and returns when it listens. The error says what a user needs to know; the instance is there for
// its output, if only it could be started.
func (t *Target) start(ctx context.Context, s Scenario, values map[string]string, root string) (*instance, error) {
	role := s.Role
	if t.Address != "" {
		return &instance{target: t, role: role, address: t.Address}, nil
	}
	in, values, err := t.prepare(s, values, root)
	if err != nil {
		return nil, err
	}
	if isClient(role) {
		return in, in.launch(values)
	}
	if role == udpDaemon {
		return in, in.startDaemon(ctx, s, values)
	}
	if isHMAC(role) {
		if err := in.meetPeer(s, values); err != nil {
			return in, err
		}
	}
	values["host"], values["port"], values["listen"] = "127.0.0.1", "0", "127.0.0.1:0"
	if !t.uses(role, "address_file") && t.ReadyLine == "" || t.uses(role, "port") {
		port, err := freePort()
		if err != nil {
			return in, err
		}
		values["port"], values["listen"] = port, "127.0.0.1:"+port
		in.address = values["listen"]
	}
	if err := in.launch(values); err != nil {
		return in, err
	}
	in.listens = t.ReadyLine != "" || t.uses(role, "address_file") || canSeeProcesses
	return in, in.ready(ctx, values["address_file"])
}

// prepare makes an instance's folder, and gives the placeholders the values that depend on it.
func (t *Target) prepare(s Scenario, values map[string]string, root string) (*instance, map[string]string, error) {
	// Short: the path of a Unix socket in it must fit into some 100 bytes.
	dir, err := os.MkdirTemp(root, "i")
	if err != nil {
		return nil, nil, err
	}
	in := &instance{target: t, role: s.Role, dir: dir}
	values = maps.Clone(values)
	values["dir"], values["address_file"] = dir, filepath.Join(dir, "address")
	if isUDP(s.Role) {
		in.prepareUDP(s, values)
	}
	return in, values, nil
}

// meetPeer gives an HMACSocket target its key, and somebody to connect to. A key file that is there already is left as it is.
func (in *instance) meetPeer(s Scenario, values map[string]string) (err error) {
	var keyfile string
	if in.peer, keyfile, err = newPeer(in.dir, values["hash"], []byte(s.Key)); err != nil {
		return err
	}
	if values["keyfile"] == "" {
		values["keyfile"] = keyfile
	}
	values["connect"] = in.peer.address
	if slices.Contains(s.Needs, clientFirst) {
		in.extra = in.target.ClientFirst
	}
	return nil
}

// launch writes the target's files and starts its program.
func (in *instance) launch(values map[string]string) error {
	t := in.target
	if err := writeFiles(in.dir, t.Files, values); err != nil {
		return err
	}
	path, err := t.program(in.role, values)
	if err != nil {
		return err
	}
	env := []string{"PATH=" + strings.Join(append(t.path(), os.Getenv("PATH")), string(os.PathListSeparator))}
	var argv []string
	for _, a := range slices.Concat(t.command(in.role), in.extra) {
		argv = append(argv, expand(a, values))
	}
	for k, v := range t.Env {
		env = append(env, k+"="+expand(v, values))
	}
	if in.activated { // sd_listen_fds(3): the variable has the program's own id
		argv = append([]string{"sh", "-c", `LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"`, path}, argv[1:]...)
		path = "/bin/sh"
	}
	in.process, err = startProcess(path, argv, append(env, in.env...), t.dir, filepath.Base(in.dir), isClient(in.role), in.inherit...)
	return err
}

// ready waits until the target listens, by the best sign that there is: a line of its output, its address file, the
// kernel's table. A bare connection is no sign: it alone ends some servers.
func (in *instance) ready(ctx context.Context, addressFile string) error {
	deadline := time.Now().Add(startLimit)
	line := regexp.MustCompile(in.target.ReadyLine)
	for {
		switch {
		case in.target.ReadyLine != "":
			select {
			case text := <-in.process.stdout.lines:
				if m := line.FindStringSubmatch(text); m != nil {
					if len(m) > 1 {
						in.address = m[1]
					}
					return nil
				}
				continue
			default:
			}
		case in.target.uses(in.role, "address_file"):
			if b, err := os.ReadFile(addressFile); err == nil {
				in.address, _, _ = strings.Cut(strings.TrimSpace(string(b)), "\n")
				if _, _, err := net.SplitHostPort(in.address); err != nil {
					return fmt.Errorf("the address file holds %q, not HOST:PORT", in.address)
				}
				return nil
			}
		case canSeeProcesses:
			if in.role == udpDaemon && daemonListens(in.address, in.socket) || in.role != udpDaemon && listening(in.address) {
				return nil
			}
		default:
			return nil
		}
		if how := in.process.ended(); how != "" {
			return fmt.Errorf("the program ended before it listened: %s", how)
		}
		if ctx.Err() != nil {
			return errors.New(Interrupted)
		}
		if time.Now().After(deadline) {
			return errLate
		}
		time.Sleep(time.Millisecond)
	}
}

// stop ends the instance and removes what it left.
func (in *instance) stop(keep bool) {
	if in.process != nil {
		in.process.stop()
	}
	if in.peer != nil {
		in.peer.away()
	}
	if in.dir != "" && !keep {
		os.RemoveAll(in.dir)
	}
}

// freePort gives a port that nobody has. No program is started meanwhile: it would have the listener until its execution begins, so that the
// target could not listen, and would seem to.
func freePort() (string, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := listenLow()
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// untilFree binds a port again. It may be taken a moment longer than the socket was open: a program that is just being started has what is closed
// when its execution begins.
func untilFree(bind func() error) error {
	for deadline := time.Now().Add(startLimit); ; time.Sleep(time.Millisecond) {
		if err := bind(); !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline) {
			return err
		}
	}
}

// The ports that the suite chooses lie below those that the kernel gives to outgoing connections, so that nobody gets one by chance while it is
// closed for a while.
const lowestPort, highestPort = 10240, 32767

// listenLow listens at a port that nobody has.
func listenLow() (*net.TCPListener, error) {
	for range 100 {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		if l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}); err == nil {
			return l, nil
		}
	}
	return nil, errors.New("no free TCP port was found")
}
