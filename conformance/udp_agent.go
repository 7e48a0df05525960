package conformance

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// An agentPart is what a scenario of an agent of UDP mux has: the daemon and the network's far end, which the suite plays, the stand-ins for
// mosh, and the agent that was started last.
type agentPart struct {
	dir    string // of the suite's things
	home   string // the agents' {dir}
	daemon *playedDaemon
	stage  *stage
	far    *farEnd
	locals map[string]*localPort // of the real client, by their names
	env    []string              // for the agents that will be started

	k         wire.K
	port      uint16         // the external one, that WELCOME tells
	modes     wire.Mode      // that WELCOME had
	process   *process       // the agent
	processes []*process     // all that were started
	given     []string       // what its descriptors were when it was started, if that can be seen
	mosh      *standIn       // the one at work
	done      bool           // the agent has ended: its connections are its background process's
	relay     netip.AddrPort // where a client agent listens to the real client
}

// agentWork gives the scenario's part, which is there from the first verb on.
func (s *session) agentWork() (*agentPart, error) {
	if s.agent != nil {
		return s.agent, nil
	}
	dir, err := os.MkdirTemp(s.run.root, "a")
	if err != nil {
		return nil, err
	}
	a := &agentPart{dir: dir, locals: make(map[string]*localPort)}
	s.agent = a
	if a.home, err = os.MkdirTemp(s.run.root, "i"); err != nil {
		return nil, err
	}
	rand.Read(a.k[:])
	var port [2]byte
	rand.Read(port[:])
	a.port = max(1024, binary.BigEndian.Uint16(port[:]))
	if a.stage, err = newStage(dir, filepath.Join(dir, "c"), s.run.Program); err != nil {
		return nil, err
	}
	if a.daemon, err = newPlayedDaemon(filepath.Join(dir, "s"), s.rec); err != nil {
		return nil, err
	}
	if a.far, err = s.newFarEnd(loopback4); err != nil {
		return nil, err
	}
	s.values["socket"], s.values["config"] = a.daemon.path, filepath.Join(dir, "config.toml")
	s.values["K"], s.values["loopback"] = wire.WriteK(a.k), relayAddress().String()
	s.values["N"] = strconv.FormatUint(wire.WriteTokenN(a.far.port), 10)
	a.env = []string{
		"PATH=" + strings.Join(append([]string{a.stage.bin}, append(s.run.Target.path(), os.Getenv("PATH"))...), string(os.PathListSeparator)),
		"MOSHD_SOCKET=" + a.daemon.path, "XDG_RUNTIME_DIR=" + dir, "XDG_CONFIG_HOME=" + dir,
	}
	return a, nil
}

func (a *agentPart) s() wire.S { return wire.DeriveS(a.k) }
func (a *agentPart) t() wire.T { return wire.DeriveT(a.s()) }

// moreDescriptors is how many an agent is started with besides the standard ones.
const moreDescriptors = 8

// startAgent starts the target with these arguments behind its command.
func (s *session) startAgent(args []string) (Outcome, string) {
	a, err := s.agentWork()
	if err != nil {
		return Inconclusive, err.Error()
	}
	in := &instance{target: s.run.Target, role: s.role, extra: args, env: a.env, dir: a.home}
	// What ssh and shells leave open besides the standard descriptors.
	further, err := os.Create(filepath.Join(a.dir, "further"))
	if err != nil {
		return Inconclusive, err.Error()
	}
	defer further.Close()
	in.inherit = slices.Repeat([]*os.File{further}, moreDescriptors)
	values := maps.Clone(s.values)
	values["dir"] = a.home
	s.in = in
	if err := in.launch(values); err != nil {
		return Violation, fmt.Sprintf("starting the target: %v", err)
	}
	a.processes = append(a.processes, in.process)
	a.process, a.mosh, a.done, a.daemon.cur = in.process, nil, false, nil
	a.given = in.process.open(3 + moreDescriptors)
	s.rec.note(". the agent is started with %q", args)
	return Pass, ""
}

// background gives the processes that the agent has left there; none of them is a stand-in's.
func (a *agentPart) background() []int {
	return slices.DeleteFunc(a.process.members(), func(pid int) bool { return pid == a.process.cmd.Process.Pid || a.stage.is(pid) })
}

// close ends what the scenario had.
func (a *agentPart) close(keep bool) {
	if a == nil {
		return
	}
	if a.stage != nil {
		a.stage.close()
	}
	if a.daemon != nil {
		a.daemon.away(false)
	}
	for _, p := range a.processes {
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
	for i, p := range a.processes {
		if <-p.gone; i == 0 { // one look finds what all have left: it has the same mark
			for _, pid := range p.members() {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	if !keep {
		os.RemoveAll(a.dir)
		os.RemoveAll(a.home)
	}
}
