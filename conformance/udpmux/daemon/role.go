// Package daemon judges daemons of UDP mux. The suite is all that surrounds one: agents at its Unix socket, the mosh
// servers that they register, and clients from the network. Its page is docs/udpmux.md.
package daemon

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	"github.com/muxspec/muxspec/docs"
)

// The roles of UDP mux.
const (
	Daemon = "udpmux-daemon"
)

//go:embed scenarios
var scripts embed.FS

// activation is the capability of a daemon to be started with sockets passed to it.
const activation = "activation"

// listing is the capability of a daemon to list its sessions.
const listing = "listing"

// An option is one that docs/operating.md names, with its default. In a command, {NAME} with _ for - is its value; the
// file {config} has a line for each that differs from the default.
type option struct{ name, value string }

// daemonOptions are those that scenarios set. An option that depends on others, or on the program, has no default.
var daemonOptions = pageOptions()

// pageOptions gives the page's options without those that the suite itself needs or that show nowhere outside.
func pageOptions() (options []option) {
	for _, o := range docs.Options() {
		switch o.Name {
		case "listen", "socket", "address-file", "config", "socket-group", "receive-buffer",
			"check-config", "list", "json", "log-level":
			continue
		case "modes":
			o.Default = "learn,token,port" // a scenario that says nothing gets all
		}
		options = append(options, option{o.Name, o.Default})
	}
	return options
}

// placeholderOf gives the name that stands for the option in a command.
func placeholderOf(option string) string { return strings.ReplaceAll(option, "-", "_") }

// daemonPlaceholders are those that only a daemon's command has.
func daemonPlaceholders() (names []string) {
	for _, o := range daemonOptions {
		names = append(names, placeholderOf(o.name))
	}
	return names
}

// Roles gives the role of a daemon.
func Roles() []engine.Role {
	return []engine.Role{{
		Name: Daemon, Baseline: "token-both-ways", Bracket: "works-on", Datagrams: true,
		Started: "has to be started with a Unix socket of the suite, it has no address",
		Scripts: scripts,
		Verbs: []engine.VerbGroup{engine.Group("UDP mux: a daemon", backendVerbs(), registerVerbs(), datagramVerbs(),
			trafficVerbs(),
			timeVerbs(), crowdVerbs(), daemonVerbs(), listVerbs(), printedVerbs(), signalVerbs(), numberVerbs())},
		Offers: []string{activation, listing, "ecn", "config"},
		Placeholders: append([]string{"listen", "host", "port", "address_file", "socket", "config"},
			daemonPlaceholders()...),
		Keys: []engine.Key{{Name: activation, Truth: true}, {Name: listing, Truth: true},
			{Name: modesKey, Closed: true}},
		Offer: offer,
		Check: checkModes,
		Heads: []string{"options"},
		Head:  readOptions,
		Has: func(t *engine.Target, need string) bool {
			return (need == activation || need == listing) && t.Truth(need) ||
				need == "config" && t.Uses(Daemon, "config") ||
				need == "ecn" && sockets.SeesECN
		},
		Lacks:   lacks,
		Prepare: prepareDaemon,
		Start:   startDaemon,
		Listens: func(in *engine.Instance) bool { return proc.DaemonListens(in.Address, daemonIn(in).socket) },
		Open:    newPart,
		Good:    goodSession,
		Rests: map[string]string{"welcome": "UDPMUX-33", "reaches": "UDPMUX-2",
			"gets": "UDPMUX-3", "stops up": "UDPMUX-72"},
		Axes:    axes(),
		Profile: profileSession, Explorer: exploreDaemon, Fuzzer: fuzzDaemon,
		Init: initDaemon,
	}}
}

// readOptions reads the options of a scenario's head: values of the page's options and of "listen"; an empty one
// removes its default. "inherit" is the address of a socket that is passed to the daemon, which listens on that alone.
func readOptions(s *engine.Scenario, _, value string) error {
	s.Set, s.Own = make(map[string]string), true
	for _, field := range strings.Fields(value) {
		name, setting, ok := strings.Cut(field, "=")
		known := name == "listen" || name == "inherit" ||
			slices.ContainsFunc(daemonOptions, func(o option) bool { return o.name == name })
		if !ok || !known {
			return fmt.Errorf("%q: is not NAME=VALUE of one of the page's options", field)
		}
		s.Set[name] = setting
		s.Limit(setting)
	}
	return nil
}

// lacks says which of the scenario's options the target cannot be told, and what this machine does not show.
func lacks(t *engine.Target, s engine.Scenario) string {
	missing := lacksMode(t, s)
	switch {
	case slices.Contains(s.Needs, "ecn") && !sockets.SeesECN:
		return "this system does not show ECN bits"
	case missing != "":
		return missing
	case t.Uses(s.Role, "config"):
		return ""
	}
	for name, value := range s.Set {
		switch {
		case value == "" || strings.Contains(value, ":") && strings.Contains(value, ","):
			return "the target reads no {config}"
		case !t.Uses(s.Role, placeholderOf(name)):
			return "the target cannot be told its " + name
		}
	}
	return ""
}
