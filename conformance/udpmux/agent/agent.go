package agent

import (
	"crypto/rand"
	"encoding/binary"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// A part is what a scenario of a UDP mux agent has: the daemon and the network's far end, which the suite plays, the
// stand-ins for mosh, and the agent started last.
type part struct {
	begun  bool   // everything is set up
	dir    string // of the suite's things
	home   string // the agents' {dir}
	daemon *playedDaemon
	stage  *stage
	far    *farEnd
	locals map[string]*localPort // of the real client, by their names
	env    []string              // for agents yet to be started
	wrap   func(path string, argv []string) (string, []string)

	k         wire.K
	port      uint16          // the external one, as WELCOME has it
	modes     wire.Mode       // those that WELCOME had
	process   *proc.Process   // the agent
	processes []*proc.Process // every one that was started
	further   int             // how many descriptors it is started with besides the standard ones
	given     []string        // its descriptors when it was started, if they can be seen
	mosh      *standIn        // the one at work
	done      bool            // the agent has ended: its connections are its background process's
	relay     netip.AddrPort  // where a client agent listens to the real client
	bytes     bool            // the daemon writes byte by byte
	host      netip.Addr      // of the far end
}

// agentWork gives the scenario's part, which exists from the first verb on.
func agentWork(s *engine.Session) (*part, error) {
	a := of(s)
	if a.begun {
		return a, nil
	}
	dir, err := s.Folder("a")
	if err != nil {
		return nil, err
	}
	a.dir, a.begun = dir, true
	if a.home, err = s.Folder("i"); err != nil {
		return nil, err
	}
	rand.Read(a.k[:])
	var port [2]byte
	rand.Read(port[:])
	a.port = max(1024, binary.BigEndian.Uint16(port[:]))
	if a.stage, err = newStage(dir, filepath.Join(dir, "c"), s.Program()); err != nil {
		return nil, err
	}
	if a.daemon, err = newPlayedDaemon(filepath.Join(dir, "s"), s.Rec); err != nil {
		return nil, err
	}
	a.daemon.bytes = a.bytes
	if !a.host.IsValid() {
		a.host = sockets.Loopback4
	}
	if a.far, err = newFarEnd(s, a.host); err != nil {
		return nil, err
	}
	s.Values["socket"], s.Values["config"] = a.daemon.path, filepath.Join(dir, "config.toml")
	s.Values["K"], s.Values["loopback"] = wire.WriteK(a.k), sockets.RelayAddress().String()
	s.Values["N"] = a.far.tokenN()
	a.env = []string{
		"PATH=" + strings.Join(append([]string{a.stage.bin}, append(s.Target().SearchPath(), os.Getenv("PATH"))...),
			string(os.PathListSeparator)),
		"MOSHD_SOCKET=" + a.daemon.path, "XDG_RUNTIME_DIR=" + dir, "XDG_CONFIG_HOME=" + dir,
	}
	return a, a.apart()
}

func (a *part) s() wire.S { return wire.DeriveS(a.k) }

func (a *part) t() wire.T { return wire.DeriveT(a.s()) }

// moreDescriptors is how many an agent has besides the standard ones, unless a scenario says otherwise.
const moreDescriptors = 8

// startAgent starts the target with these arguments after its command.
func startAgent(s *engine.Session, args []string) error {
	a, err := agentWork(s)
	if err != nil {
		return err
	}
	in := s.Bare(a.home)
	in.Extra, in.Env, in.Wrap = args, a.env, a.wrap
	// These are what ssh and shells leave open besides the standard descriptors.
	further, err := os.Create(filepath.Join(a.dir, "further"))
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	defer further.Close()
	in.Inherit = slices.Repeat([]*os.File{further}, a.further)
	values := maps.Clone(s.Values)
	values["dir"] = a.home
	if err := in.Launch(values); err != nil {
		return engine.Violation("starting the target: %v", err)
	}
	a.processes = append(a.processes, in.Process)
	a.process, a.mosh, a.done, a.daemon.cur = in.Process, nil, false, nil
	a.given = in.Process.Open(3 + a.further)
	s.Rec.Note(". the agent is started with %q", args)
	return nil
}

// background gives the processes that the agent has left in the background, without stand-ins.
func (a *part) background() []int {
	return slices.DeleteFunc(a.process.Members(),
		func(pid int) bool { return pid == a.process.Cmd.Process.Pid || a.stage.is(pid) })
}

func newPart() engine.Part {
	return &part{locals: make(map[string]*localPort), further: moreDescriptors}
}

func of(s *engine.Session) *part { return s.Part.(*part) }

// Close ends what the scenario had.
func (a *part) Close(s *engine.Session) {
	if a.stage != nil {
		a.stage.close()
	}
	if a.daemon != nil {
		a.daemon.away(false)
		if a.daemon.hidden != "" { // so that a user other than root can remove it
			os.Chmod(a.daemon.hidden, 0o700)
		}
	}
	for _, p := range a.processes {
		syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGKILL)
	}
	for i, p := range a.processes {
		s.Leave(p)
		if <-p.Gone; i == 0 { // one look finds what all have left, by the common mark
			for _, pid := range p.Members() {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
}
