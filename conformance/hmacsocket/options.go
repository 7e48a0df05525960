package hmacsocket

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// An option is something that a scenario can set: a key of the target's file gives the arguments for it. Its
// placeholder has the same name.
type option struct {
	name   string
	places bool // a limit of connections, which a scenario sets for servers alone
}

// alsoListen is the option whose value is a host. The port is chosen when the target is started.
const alsoListen = "also_listen"

var options = []option{{"max_data", false}, {alsoListen, false}, {"max_connections", true}, {"max_per_source", true}}

// optionsOf gives the names of the options that a role can have.
func optionsOf(role string) (names []string) {
	for _, o := range options {
		if !o.places || role == Server {
			names = append(names, o.name)
		}
	}
	return names
}

// optionKeys are the keys of target files that say how to set options.
func optionKeys() (keys []engine.Key) {
	for _, o := range options {
		keys = append(keys, engine.Key{Name: o.name, Placeholders: true})
	}
	return keys
}

// readOptions reads the options of a scenario's head, which the scenario then needs.
func readOptions(s *engine.Scenario, value string) error {
	for _, field := range strings.Fields(value) {
		name, setting, ok := strings.Cut(field, "=")
		if !ok || setting == "" || !slices.Contains(optionsOf(Server), name) {
			return fmt.Errorf("%q: is not NAME=VALUE of one of %s", field, strings.Join(optionsOf(Server), ", "))
		}
		s.Set[name] = setting
		s.Needs = append(s.Needs, name)
	}
	return nil
}

// giveOptions gives the instance the arguments for what the scenario sets.
func giveOptions(in *engine.Instance, p *peer, s engine.Scenario, values map[string]string) error {
	for _, o := range options {
		name, value := o.name, s.Set[o.name]
		if value == "" {
			continue
		}
		if name == alsoListen {
			port, err := engine.FreePort(net.ParseIP(value))
			if err != nil {
				return err
			}
			p.also = net.JoinHostPort(value, port)
			value = p.also
		}
		p.few = p.few || o.places
		values[name] = value
		in.Extra = append(in.Extra, in.Target.List(name)...)
	}
	return nil
}

// listens says whether the target listens at each of its addresses.
func listens(in *engine.Instance) bool {
	p := peerOf(in)
	return proc.Listening(in.Address) && (p == nil || p.also == "" || proc.Listening(p.also))
}

func elsewhereVerb(s *engine.Session, args []string) error {
	if peerOf(s.In).also == "" {
		return engine.ErrUsage
	}
	of(s).At(peerOf(s.In).also)
	return nil
}
