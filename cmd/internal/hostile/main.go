// Command hostile judges on machines that nobody would choose. "make hostile" calls it; only root can make most of
// them.
//
// On each, the reference is judged, which keeps every rule, and a server with one fault. A run is good if no rule fails
// but the one that is broken, and its exit code is what the rules came to, or 3 with the reason; and if no process and
// no folder is left.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/conformance/mutants"
)

// fault is the mutant that is the server with a fault, of the role that is named with it.
const fault, faulty = "fold-unicode", "tcpmux-server"

func main() {
	only := pflag.StringSlice("only", nil, "only the machine of this `NAME`; repeatable")
	flooding := pflag.Bool("flood", false,
		"send datagrams to all ports of 127.0.0.1, until the end: what a machine starts")
	pflag.Parse()
	if *flooding {
		flood()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	bad, err := all(ctx, *only)
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "hostile:", err)
		os.Exit(2)
	case bad > 0:
		fmt.Fprintf(os.Stderr, "hostile: %d runs were not good\n", bad)
		os.Exit(1)
	}
}

// all judges on all machines, and counts the runs that were not good.
func all(ctx context.Context, only []string) (bad int, err error) {
	if os.Geteuid() != 0 {
		return 0, errors.New("only root can make such machines")
	}
	dir, err := os.MkdirTemp("/var", "hostile") // not below the folders that machines have their own of
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return 0, err
	}
	m, err := mutantNamed(fault)
	if err == nil {
		err = build(ctx, dir, m)
	}
	if err != nil {
		return 0, err
	}
	fmt.Printf("%-16s %-10s %5s %5s %5s %5s %8s\n", "MACHINE", "TARGET", "EXIT", "PASS", "FAIL", "ELSE", "SECONDS")
	for _, machine := range machines {
		if len(only) > 0 && !slices.Contains(only, machine.name) {
			continue
		}
		// Each trial has a machine of its own, and waits most of the time.
		trials := []trial{{machine, dir, "good", ""}, {machine, dir, "faulty", m.Rule.ID}}
		errs := make([]error, len(trials))
		var both sync.WaitGroup
		for i, t := range trials {
			both.Go(func() { errs[i] = t.run(ctx) })
		}
		both.Wait()
		for i, err := range errs {
			if err != nil {
				bad++
				fmt.Printf("  %s, %s, is not good: %v\n", machine.name, trials[i].target, err)
			}
		}
		if ctx.Err() != nil {
			return bad, ctx.Err()
		}
	}
	return bad, nil
}

func mutantNamed(name string) (mutants.Mutant, error) {
	all, err := mutants.All()
	if err != nil {
		return mutants.Mutant{}, err
	}
	i := slices.IndexFunc(all, func(m mutants.Mutant) bool { return m.Name == name })
	if i < 0 {
		return mutants.Mutant{}, fmt.Errorf("there is no mutant %s", name)
	}
	return all[i], nil
}

// build makes muxspec twice, as it is and with the fault, and copies this program.
func build(ctx context.Context, dir string, m mutants.Mutant) error {
	good := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", filepath.Join(dir, "good"),
		"./cmd/muxspec")
	if out, err := good.CombinedOutput(); err != nil {
		return fmt.Errorf("building muxspec: %w\n%s", err, out)
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	program, err := m.Build(ctx, root, dir)
	if err != nil {
		return err
	}
	self, err := os.ReadFile("/proc/self/exe")
	return errors.Join(err, os.Rename(program, filepath.Join(dir, "faulty")),
		os.WriteFile(filepath.Join(dir, "hostile"), self, 0o755))
}

// ipProgram is where ip is: installed, or fetched by "make peers".
func ipProgram() string {
	for _, path := range []string{"ip", "/usr/sbin/ip", "/sbin/ip", ".peers/bin/ip"} {
		if found, err := exec.LookPath(path); err == nil {
			found, _ = filepath.Abs(found)
			return found
		}
	}
	return "ip"
}

// flood sends 60 zero bytes to all ports of 127.0.0.1, over and over.
func flood() {
	c, err := net.ListenUDP("udp4", nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		os.Exit(1)
	}
	for to := (net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); ; to.Port = to.Port%65535 + 1 {
		c.WriteToUDP(make([]byte, 60), &to)
	}
}
