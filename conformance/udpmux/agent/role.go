// Package agent judges the agents of UDP mux, of mosh servers and of mosh clients. The suite is the daemon, the far end
// of the network, and stand-ins for mosh's own programs. Its page is docs/udpmux-agents.md.
package agent

import (
	"embed"
	"fmt"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

const (
	Server = "udpmux-server-agent"
	Client = "udpmux-client-agent"
)

//go:embed scenarios
var scripts embed.FS

func Roles() []engine.Role {
	return []engine.Role{agentRole(Server, "agent-session"), agentRole(Client, "agent-relay")}
}

// rests names the rules that these verbs rest on when they are given.
var rests = map[string]map[string]string{
	Server: {"moshd hears again": "UDPMUX-110", "registers token": "UDPMUX-98", "registers learn": "UDPMUX-99"},
	Client: {"far hears": "UDPMUX-112", "mosh starts": "UDPMUX-118"},
}

func agentRole(name, baseline string) engine.Role {
	return engine.Role{
		Name: name, Baseline: baseline, Fresh: true, Datagrams: true,
		Started: "a client is started, it has no address",
		Scripts: scripts,
		Verbs: []engine.VerbGroup{engine.Group("UDP mux: an agent", agentVerbs(), targetVerbs(), moshdVerbs(),
			moshVerbs(), farVerbs())},
		Open:     newPart,
		Rests:    rests[name],
		Axes:     axes(name),
		Programs: programs(),
		Explorer: map[string]func() *engine.Explorer{Server: exploreServer, Client: exploreClient}[name],
		Fuzzer:   map[string]func() *engine.Explorer{Server: fuzzServer, Client: fuzzClient}[name],
		Init:     fmt.Sprintf(initAgent, agentPrograms[name]),
	}
}
