//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// Addresses at both ends of the veth pair.
var (
	clientsAddress = netip.MustParseAddr("10.0.0.1")
	backendAddress = netip.MustParseAddr("10.0.0.2")
)

// spaces are two network namespaces, joined by veth. They live as long as the processes in them.
type spaces struct {
	clients, backend *rig.Process
}

// newSpaces makes them. They must be stopped though this fails.
func (r *runner) newSpaces(ctx context.Context) (s spaces, err error) {
	own, _ := os.Readlink("/proc/self/ns/net")
	for _, p := range []**rig.Process{&s.clients, &s.backend} {
		if *p, err = rig.Start([]string{"unshare", "-n", "sleep", "infinity"}, filepath.Join(r.dir, "space")); err != nil {
			return s, err
		}
		err = await(ctx, *p, func() error {
			if now, err := os.Readlink(namespace(*p)); err != nil || now == own {
				return errors.Join(errors.New("no network namespace"), err)
			}
			return nil
		})
		if err != nil {
			return s, (*p).Trouble(err)
		}
	}
	ip, _ := rig.Find(r.root, "ip")
	err = errors.Join(
		run(s.clients, ip, "link", "add", "bench", "type", "veth", "peer", "name", "bench", "netns", fmt.Sprint(s.backend.PID())),
		run(s.clients, ip, "address", "add", clientsAddress.String()+"/24", "dev", "bench"),
		run(s.backend, ip, "address", "add", backendAddress.String()+"/24", "dev", "bench"),
		run(s.clients, ip, "link", "set", "bench", "up"),
		run(s.backend, ip, "link", "set", "bench", "up"))
	return s, err
}

func namespace(p *rig.Process) string { return fmt.Sprintf("/proc/%d/ns/net", p.PID()) }

// within is argv in a process's network namespace, if there is one.
func within(p *rig.Process, argv ...string) []string {
	if p == nil {
		return argv
	}
	return append([]string{"nsenter", "--net=" + namespace(p)}, argv...)
}

// run runs a program in a process's network namespace.
func run(p *rig.Process, argv ...string) error {
	argv = within(p, argv...)
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", argv, err, out)
	}
	return nil
}

func (s spaces) stop() {
	s.clients.Stop()
	s.backend.Stop()
}
