package moshd

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/tomlfile"
)

// An option of moshd. From the one table of them come the command line's options, the configuration file's keys, what
// --help prints and the table in docs/operating.md.
type option struct {
	name      string
	value     any    // a pointer to a string, []string, bool, int or time.Duration, which holds the default
	min, max  int64  // of an int, and of a time.Duration
	otherwise string // the default where it depends on something else, or is not one value
	help      string // the value's name, if it has one, stands in backquotes
	only      place  // where it is, if not everywhere
}

// A place is where an option can be set.
type place string

const (
	commandLine place = "command line"
	file        place = "file"
)

const (
	maxCount = 1 << 30
	ms       = int64(time.Millisecond)
	year     = int64(365 * 24 * time.Hour)
)

// options is the table; its values are c's.
func (c *config) options() []option {
	return slices.Concat(c.generalOptions(), c.limitOptions(), c.timeOptions())
}

func (c *config) generalOptions() []option {
	return []option{
		{"listen", &c.Listen, 0, 0, "0.0.0.0:60000 and [::]:60000",
			"listen on `ADDR:PORT`; repeatable, with one port for all; port 0 is the previous ADDR's port, " +
				"or a free one", ""},
		{"socket", &c.Socket, 0, 0,
			"$MOSHD_SOCKET; with --multi-user /run/moshd/moshd.sock; $XDG_RUNTIME_DIR/moshd.sock",
			"`PATH` of the Unix socket", ""},
		{"address-file", &c.AddressFile, 0, 0, "",
			"when ready, write the addresses to `FILE` (renamed into place), one ADDR:PORT per line", ""},
		{"config", &c.ConfigFile, 0, 0, "~/.config/moshd.toml, not root's; /etc/moshd.toml",
			"read the configuration from this `FILE` alone", commandLine},
		{"check-config", &c.CheckConfig, 0, 0, "",
			"say what is wrong with options and configuration file, a line for each fault, and exit", commandLine},
		{"list", &c.List, 0, 0, "",
			"list the sessions of the moshd that runs, one's own or, for root and moshd's user, all, and exit",
			commandLine},
		{"json", &c.JSON, 0, 0, "", "with --list: in JSON", commandLine},
		{"log-level", &c.LogLevel, 0, 0, "info", "log lines of this `LEVEL` and above: debug, info, warn, error", ""},
		{"modes", &c.ModesText, 0, 0, "learn,token; with --multi-user token",
			"`MODES` that are on, separated by commas: learn, token, port", ""},
		{"multi-user", &c.MultiUser, 0, 0, "",
			"let every user who can connect register, not only the daemon's own", ""},
		{"socket-mode", &c.SocketMode, 0, 0, "0600; with --multi-user 0660",
			"`MODE` of the Unix socket, octal up to 0777, with or without a leading 0", ""},
		{"socket-group", &c.SocketGroup, 0, 0, "the daemon's", "`GROUP` of the Unix socket, by name or number", ""},
		{"require", &c.Require, 0, 0, "", "mosh-server-mux ends with an error if there is no moshd", file},
		{"advertise-port", &c.Port, 1, 65535, "the one listened on",
			"tell clients port `N`, where a NAT changes it", ""},
	}
}

func (c *config) limitOptions() []option {
	return []option{
		{"max-sessions", &c.MaxSessions, 1, 60000, "", "at most `N` sessions in all", ""},
		{"max-sessions-per-uid", &c.MaxSessionsPerUID, 1, 60000, "", "at most `N` sessions of one user", ""},
		{"max-learn-sessions", &c.MaxLearnSessions, 1, 60000, "",
			"at most `N` learn sessions; each costs a delivery for every unknown client", ""},
		{"max-connections-per-uid", &c.MaxConnectionsPerUID, 1, maxCount, "max-sessions-per-uid + 16",
			"at most `N` connections of one user to the Unix socket", ""},
		{"max-flows", &c.MaxFlows, 1, 1 << 21, "", "at most `N` clients of all sessions together", ""},
		{"max-flows-per-session", &c.MaxFlowsPerSession, 1, 1 << 21, "",
			"at most `N` clients of one session; those never answered give way first", ""},
		{"flow-rate", &c.FlowRate, 1, 1 << 20, "",
			"at most `N` new token and port clients of one session per second, and as many at once", ""},
		{"probe-rate", &c.ProbeRate, 1, 1 << 20, "",
			"at most `N` deliveries by probing per second, and as many at once; not less than max-learn-sessions", ""},
		{"probe-fall", &c.Fall, 0, maxCount, "", "probe a bound client anew when its nonce falls by more than `N`", ""},
		{"max-sources", &c.MaxSources, 1, 1 << 20, "", "remember at most `N` learn clients that are not bound", ""},
		{"max-loopback-per-uid", &c.MaxLoopbackPerUID, 1, 1 << 22, "",
			"at most `N` loopback sources for one user's token and port clients, " +
				"including those resting (--flow-reuse)", ""},
		{"receive-buffer", &c.ReceiveBuffer, 4096, 1 << 30, "",
			"ask for `N` bytes of receive buffer for each UDP socket; the system may grant less", ""},
	}
}

func (c *config) timeOptions() []option {
	return []option{
		{"hello-timeout", &c.HelloTimeout, ms, year, "", "an agent's `TIME` for HELLO, after it has connected", ""},
		{"register-timeout", &c.RegisterTimeout, ms, year, "", "an agent's `TIME` for REGISTER, after WELCOME", ""},
		{"session-poll", &c.SessionPoll, ms, year, "", "check every `TIME` that the mosh-servers are still there", ""},
		{"flow-idle", &c.FlowIdle, ms, year, "",
			"forget a client that sends nothing for `TIME`, " +
				"and the binding of a session that does not answer it for as long", ""},
		{"flow-reuse", &c.FlowReuse, 0, year, "",
			"let a loopback source rest for `TIME` before another client gets it", ""},
		{"probe-time", &c.ProbeTime, 0, year, "", "probe all datagrams of a new client for `TIME`", ""},
		{"probe-retry", &c.ProbeRetry, ms, year, "",
			"after that, while nobody answers, probe one datagram every `TIME`", ""},
		{"probe-after", &c.ProbeAfter, ms, year, "",
			"probe a bound client anew when it has sent for `TIME` without an answer", ""},
	}
}

// define adds all options.
func (c *config) define(fs *pflag.FlagSet) {
	for _, o := range c.options() {
		help := o.help
		if o.otherwise != "" {
			help += " (default: " + o.otherwise + ")"
		}
		if o.only == file {
			continue
		}
		switch v := o.value.(type) {
		case *[]string:
			fs.StringArrayVar(v, o.name, *v, help)
		case *string:
			fs.StringVar(v, o.name, *v, help)
		case *bool:
			fs.BoolVar(v, o.name, *v, help)
		case *int:
			fs.IntVar(v, o.name, *v, help)
		case *time.Duration:
			fs.DurationVar(v, o.name, *v, help)
		}
	}
}

// decode reads the configuration file's text: a key for each option.
func (c *config) decode() error {
	var fields []reflect.StructField
	var values []reflect.Value
	times := make(map[*time.Duration]*tomlfile.Duration)
	for _, o := range c.options() {
		value := reflect.ValueOf(o.value)
		if d, ok := o.value.(*time.Duration); ok {
			times[d] = &tomlfile.Duration{Duration: *d}
			value = reflect.ValueOf(times[d])
		}
		if o.only != commandLine {
			tag := reflect.StructTag(fmt.Sprintf("toml:%q", o.name))
			fields = append(fields, reflect.StructField{Name: fmt.Sprintf("Key%d", len(fields)),
				Type: value.Type(), Tag: tag})
			values = append(values, value)
		}
	}
	keys := reflect.New(reflect.StructOf(fields))
	for i, value := range values {
		keys.Elem().Field(i).Set(value)
	}
	if err := tomlfile.Decode(c.file, c.text, keys.Interface()); err != nil {
		return err
	}
	for d, read := range times {
		*d = read.Duration
	}
	return nil
}

// shortTime writes a time without units that are 0, as 2m for 2m0s.
func shortTime(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
