package conformance

import (
	"slices"
	"strings"
)

// The roles of UDP mux.
const (
	udpDaemon      = "udpmux-daemon"
	udpServerAgent = "udpmux-server-agent"
	udpClientAgent = "udpmux-client-agent"
)

// activation is the capability of a daemon to be started with its sockets.
const activation = "activation"

// isUDP: the target is a part of UDP mux.
func isUDP(role string) bool { return strings.HasPrefix(role, "udpmux-") }

// isUDPAgent: the target is one of the agents, which are started anew for each scenario.
func isUDPAgent(role string) bool { return role == udpServerAgent || role == udpClientAgent }

// An option is one that section 3 of docs/udpmux.md names, with its default. In a command, {NAME} with _ for - is its value;
// in the file {config} all that differ from the default have a line.
type option struct{ name, value string }

// daemonOptions are those that scenarios set. What depends on others, or on the program, has no default.
var daemonOptions = []option{
	{"advertise-port", ""}, {"modes", "learn,token,port"}, {"multi-user", "false"}, {"socket-mode", ""},
	{"max-sessions", "1024"}, {"max-sessions-per-uid", "64"}, {"max-learn-sessions", "64"}, {"max-connections-per-uid", ""},
	{"hello-timeout", "3s"}, {"register-timeout", "10s"}, {"session-poll", "1s"},
	{"max-flows", "65536"}, {"max-flows-per-session", "256"}, {"flow-idle", "120s"}, {"flow-reuse", "60s"}, {"flow-rate", "256"},
	{"probe-rate", "4096"}, {"probe-time", "10s"}, {"probe-retry", "3s"}, {"probe-after", "5s"}, {"probe-fall", "32"},
	{"max-sources", "4096"}, {"max-waiting", "256"},
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

// strangeUDP gives the placeholders that have no meaning for a role of UDP mux.
func strangeUDP(role string) []string {
	others := []string{"keyfile", "connect", "hash", "init_timeout", "address", "name", "long", "request_timeout", "reply_timeout"}
	if role == udpDaemon {
		return others
	}
	return slices.Concat(others, []string{"listen", "host", "port", "address_file", "socket", "config"}, daemonPlaceholders())
}
