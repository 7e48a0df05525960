// Package tcpmux judges programs that speak TCPMUX: servers, which offer fixture services and are asked for them, and
// clients, which the suite answers. Its page is docs/tcpmux.md.
package tcpmux

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

// The roles of TCPMUX.
const (
	Server = "tcpmux-server"
	Client = "tcpmux-client"
)

// offered are the services that a server can offer.
func offered() []string {
	return []string{"echo", "CaseEcho", "late", "own", "absent", "long", "blanks", "idle", "script", "tcp", "unix",
		"tcpmux"}
}

//go:embed scenarios
var scripts embed.FS

func Roles() []engine.Role {
	roles := []engine.Role{serverRole(), clientRole()}
	for i := range roles {
		r := &roles[i]
		r.Scripts, r.Open, r.Keys = scripts, newPart, []engine.Key{{Name: "services"}, {Name: listKey}}
		r.Verbs = []engine.VerbGroup{tcp.Streams(),
			engine.Group("TCPMUX", requestVerbs(), aroundVerbs(), clientVerbs(), clientLoadVerbs())}
	}
	return roles
}

// serverRole lacks what both roles have.
func serverRole() engine.Role {
	return engine.Role{
		Name: Server, Baseline: "baseline", Bracket: "still-serving",
		Offers: offered(),
		Placeholders: []string{"listen", "host", "port", "address_file", "long", "blanks", "program", "service_tcp",
			"service_unix", "max_name"},
		Timers:  []string{"request_timeout"},
		Offer:   offerServices,
		Check:   checkServices,
		Has:     has,
		Values:  serviceNames,
		Heads:   []string{"max-name"},
		Head:    readLimit,
		Lacks:   lacksLimit,
		Prepare: prepareProgram,
		Meet:    meetServices,
		Good:    goodRequest,
		Rests: map[string]string{"reply -": "TCPMUX-7", "list": "TCPMUX-11",
			"sync": "TCPMUX-18", "closed": "TCPMUX-22"},
		Axes:     []engine.Axis{tcp.Segments("TCPMUX-16"), engine.Company("TCPMUX-1")},
		First:    func(*engine.Session) (string, []byte) { return "request_timeout", []byte("a") },
		Profile:  profileRequests,
		Programs: programs(),
		Explorer: exploreServer, Fuzzer: fuzzServer,
		Init: initServer,
	}
}

// clientRole lacks what both roles have.
func clientRole() engine.Role {
	return engine.Role{
		Name: Client, Baseline: "client-baseline", Fresh: true,
		Started:      "a client is started, it has no address",
		Placeholders: []string{"address", "host", "port", "name", "long"},
		Timers:       []string{"reply_timeout"},
		Offers:       []string{listKey},
		Has:          has,
		Offer:        offerList,
		Values:       serviceNames,
		Start:        startFresh,
		Through:      bothWays,
		Rests: map[string]string{"request": "TCPMUX-47", "ends failed": "TCPMUX-53", "prints": "TCPMUX-61",
			"exchange": "TCPMUX-61"},
		Axes:     []engine.Axis{tcp.Segments("TCPMUX-50")},
		Explorer: exploreClient, Fuzzer: fuzzClient,
		Init: initClient,
	}
}

func has(t *engine.Target, need string) bool {
	return slices.Contains(t.List("services"), need) || need == listKey && len(t.List(listKey)) > 0
}

// listKey is what a client gets in place of {name} to ask for the list of services.
const listKey = "list"

// serviceNames are the placeholders of scripts that name services: {any} is that of a good exchange.
func serviceNames(t *engine.Target, s engine.Scenario, values map[string]string) {
	values["long"], values["blanks"], values["max_name"] = LongName, blanksName, maxName
	if limit := s.Set["max_name"]; limit != "" {
		values["max_name"] = limit
	}
	for _, name := range offered() {
		if values[name] == "" {
			values[name] = name
		}
	}
	if values["any"] = mainService(t); values["any"] == "" {
		values["any"] = "echo" // what clients ask for
	}
}

// startFresh starts a target that connects to the suite, so there is nothing to wait for.
func startFresh(_ context.Context, in *engine.Instance, _ engine.Scenario, values map[string]string) error {
	return in.Launch(values)
}

// offerServices records a server's services.
func offerServices(t *engine.Target, has []string) {
	if len(has) == 0 {
		has = []string{"echo"}
	}
	t.Set("services", has)
}

// offerList records whether a client prints the list, with the usual option.
func offerList(t *engine.Target, has []string) {
	if slices.Contains(has, listKey) {
		t.Set(listKey, []string{"--list"})
	}
	offerServices(t, slices.DeleteFunc(slices.Clone(has), func(s string) bool { return s == listKey }))
}

// checkServices says what is wrong with the services that a server has.
func checkServices(t *engine.Target) error {
	for _, s := range t.List("services") {
		if !slices.Contains(offered(), s) {
			return fmt.Errorf("unknown service %q, there are: %s", s, strings.Join(offered(), ", "))
		}
	}
	if mainService(t) == "" {
		return errors.New("services are missing: without one that can be started nothing can be judged")
	}
	return nil
}

// mainService is the service of a good exchange: echo, or the first that can be started. It is {any} in the scenarios.
func mainService(t *engine.Target) string {
	for _, s := range append([]string{"echo"}, t.List("services")...) {
		if s != "absent" && slices.Contains(t.List("services"), s) {
			return s
		}
	}
	return ""
}

// LongName is the name of the service "long": 64 bytes.
const LongName = "long-service-name-of-exactly-sixty-four-bytes-as-TCPMUX-32-asks."
