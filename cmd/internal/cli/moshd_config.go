package cli

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// moshdConfig is what the options and the configuration file say; the file's keys are the options' names.
type moshdConfig struct {
	Listen               []string `toml:"listen"`
	Socket               string   `toml:"socket"`
	AddressFile          string   `toml:"address-file"`
	AdvertisePort        int      `toml:"advertise-port"`
	Modes                string   `toml:"modes"`
	MultiUser            bool     `toml:"multi-user"`
	SocketMode           string   `toml:"socket-mode"`
	SocketGroup          string   `toml:"socket-group"`
	MaxSessions          int      `toml:"max-sessions"`
	MaxSessionsPerUID    int      `toml:"max-sessions-per-uid"`
	MaxLearnSessions     int      `toml:"max-learn-sessions"`
	MaxConnectionsPerUID int      `toml:"max-connections-per-uid"`
	HelloTimeout         duration `toml:"hello-timeout"`
	RegisterTimeout      duration `toml:"register-timeout"`
	SessionPoll          duration `toml:"session-poll"`
	MaxFlows             int      `toml:"max-flows"`
	MaxFlowsPerSession   int      `toml:"max-flows-per-session"`
	FlowIdle             duration `toml:"flow-idle"`
	FlowReuse            duration `toml:"flow-reuse"`
	FlowRate             int      `toml:"flow-rate"`
	ProbeRate            int      `toml:"probe-rate"`
	ProbeTime            duration `toml:"probe-time"`
	ProbeRetry           duration `toml:"probe-retry"`
	ProbeAfter           duration `toml:"probe-after"`
	ProbeFall            int      `toml:"probe-fall"`
	MaxSources           int      `toml:"max-sources"`
	MaxWaiting           int      `toml:"max-waiting"`
	ReceiveBuffer        int      `toml:"receive-buffer"`
	Require              bool     `toml:"require"` // the agents'

	addresses []netip.AddrPort       // of Listen
	mode      os.FileMode            // of SocketMode
	file      string                 // that was read, if any
	text      string                 // its contents
	given     func(name string) bool // says whether there was an option, which wins over the file
}

var defaultAddresses = []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:60000"), netip.MustParseAddrPort("[::]:60000")}

// newMoshdConfig has the defaults. 0 and "" are those that depend on others.
func newMoshdConfig() *moshdConfig {
	d := udpmux.DefaultConfig(false)
	return &moshdConfig{MaxSessions: d.MaxSessions, MaxSessionsPerUID: d.MaxSessionsPerUID, MaxLearnSessions: d.MaxLearnSessions,
		HelloTimeout: duration{d.HelloTimeout}, RegisterTimeout: duration{d.RegisterTimeout}, SessionPoll: duration{d.SessionPoll},
		MaxFlows: d.MaxFlows, MaxFlowsPerSession: d.MaxFlowsPerSession, FlowIdle: duration{d.FlowIdle}, FlowReuse: duration{d.FlowReuse},
		FlowRate: d.FlowRate, ProbeRate: d.ProbeRate, ProbeTime: duration{d.ProbeTime}, ProbeRetry: duration{d.ProbeRetry},
		ProbeAfter: duration{d.ProbeAfter}, ProbeFall: int(d.ProbeFall), MaxSources: d.MaxSources, MaxWaiting: d.MaxWaiting,
		ReceiveBuffer: d.ReceiveBuffer}
}

// A setting is a number or a time with its limits.
type setting[T int | time.Duration] struct {
	value      *T
	name, help string
	min, max   T
}

const maxCount = 1 << 30

func (c *moshdConfig) numbers() []setting[int] {
	return []setting[int]{
		{&c.AdvertisePort, "advertise-port", "the port that clients are told, where a NAT changes it (default: the one listened on)", 0, 65535},
		{&c.MaxSessions, "max-sessions", "the most sessions", 1, 60000},
		{&c.MaxSessionsPerUID, "max-sessions-per-uid", "the most sessions of a user", 1, 60000},
		{&c.MaxLearnSessions, "max-learn-sessions", "the most sessions with learn", 1, 60000},
		{&c.MaxConnectionsPerUID, "max-connections-per-uid", "the most connections of a user to the Unix socket (default: his sessions + 16)", 0, maxCount},
		{&c.MaxFlows, "max-flows", "the most clients of sessions", 1, 1 << 21},
		{&c.MaxFlowsPerSession, "max-flows-per-session", "the most clients of a session", 1, 1 << 21},
		{&c.FlowRate, "flow-rate", "the most new clients of a session per second", 1, 1 << 20},
		{&c.ProbeRate, "probe-rate", "the most datagrams to sessions that may be the wrong ones, per second", 1, 1 << 20},
		{&c.ProbeFall, "probe-fall", "a nonce that falls by more is another sender's", 0, maxCount},
		{&c.MaxSources, "max-sources", "the most clients without a session that are remembered", 1, 1 << 20},
		{&c.MaxWaiting, "max-waiting", "the most datagrams that wait for --probe-rate", 1, 1 << 16},
		{&c.ReceiveBuffer, "receive-buffer", "each UDP socket's receive buffer in bytes, as far as the system allows", 4096, 1 << 30},
	}
}

func (c *moshdConfig) times() []setting[time.Duration] {
	const most = 365 * 24 * time.Hour
	return []setting[time.Duration]{
		{&c.HelloTimeout.Duration, "hello-timeout", "an agent's time for HELLO", time.Millisecond, most},
		{&c.RegisterTimeout.Duration, "register-timeout", "an agent's time for REGISTER", time.Millisecond, most},
		{&c.SessionPoll.Duration, "session-poll", "how often to look whether sessions are alive", time.Millisecond, most},
		{&c.FlowIdle.Duration, "flow-idle", "a client that sends nothing for this time is forgotten", time.Millisecond, most},
		{&c.FlowReuse.Duration, "flow-reuse", "how long a loopback source rests between clients", 0, most},
		{&c.ProbeTime.Duration, "probe-time", "how long a new client's datagrams go to all sessions", 0, most},
		{&c.ProbeRetry.Duration, "probe-retry", "afterwards one goes to all in this time, while nobody answers", time.Millisecond, most},
		{&c.ProbeAfter.Duration, "probe-after", "a client that is not answered for this time is taken for a new one", time.Millisecond, most},
	}
}

// define adds all options.
func (c *moshdConfig) define(fs *pflag.FlagSet) {
	fs.StringArrayVar(&c.Listen, "listen", nil, "listen on `ADDR:PORT`; repeatable, with one port for all; port 0 is a free one (default 0.0.0.0:60000 and [::]:60000)")
	fs.StringVar(&c.Socket, "socket", "", "the Unix socket's `PATH`")
	fs.StringVar(&c.AddressFile, "address-file", "", "write the addresses that it listens on to `FILE`, one per line, once it does")
	fs.String("config", "", "read the configuration from `FILE`")
	fs.StringVar(&c.Modes, "modes", "", "the `MODES` that are on, separated by commas (default learn,token; with --multi-user token)")
	fs.BoolVar(&c.MultiUser, "multi-user", false, "let every user register who can connect, not only the daemon's own")
	fs.StringVar(&c.SocketMode, "socket-mode", "", "the Unix socket's `MODE`, in octal (default 0600, with --multi-user 0660)")
	fs.StringVar(&c.SocketGroup, "socket-group", "", "the Unix socket's `GROUP`")
	for _, s := range c.numbers() {
		fs.IntVar(s.value, s.name, *s.value, s.help)
	}
	for _, s := range c.times() {
		fs.DurationVar(s.value, s.name, *s.value, s.help)
	}
}

// build checks the values and makes the daemon's configuration.
func (c *moshdConfig) build() (config udpmux.Config, err error) {
	if err := cmp.Or(c.checkNumbers(), c.checkSockets()); err != nil {
		return config, err
	}
	config = udpmux.DefaultConfig(c.MultiUser)
	if _, ok := c.isSet("modes"); ok {
		if config.Modes, err = parseModes(c.Modes); err != nil {
			return config, c.fault("modes", "%q: %w", c.Modes, err)
		}
	}
	if c.MaxConnectionsPerUID == 0 {
		c.MaxConnectionsPerUID = c.MaxSessionsPerUID + 16
	}
	config.AdvertisePort, config.FirstSource = uint16(c.AdvertisePort), rand.Uint32N(config.LoopbackSources)
	config.MaxSessions, config.MaxSessionsPerUID, config.MaxLearnSessions = c.MaxSessions, c.MaxSessionsPerUID, c.MaxLearnSessions
	config.MaxConnectionsPerUID, config.MaxFlows, config.MaxFlowsPerSession = c.MaxConnectionsPerUID, c.MaxFlows, c.MaxFlowsPerSession
	config.HelloTimeout, config.RegisterTimeout, config.SessionPoll = c.HelloTimeout.Duration, c.RegisterTimeout.Duration, c.SessionPoll.Duration
	config.FlowIdle, config.FlowReuse, config.FlowRate = c.FlowIdle.Duration, c.FlowReuse.Duration, c.FlowRate
	config.ProbeRate, config.ProbeTime, config.ProbeRetry = c.ProbeRate, c.ProbeTime.Duration, c.ProbeRetry.Duration
	config.ProbeAfter, config.ProbeFall, config.MaxSources = c.ProbeAfter.Duration, uint64(c.ProbeFall), c.MaxSources
	config.MaxWaiting, config.ReceiveBuffer = c.MaxWaiting, c.ReceiveBuffer
	return config, nil
}

// checkNumbers checks what has limits.
func (c *moshdConfig) checkNumbers() error {
	for _, s := range c.numbers() {
		// What depends on others is 0 where it is not set, not where it is set to 0.
		_, set := c.isSet(s.name)
		if low := max(s.min, 1); *s.value < s.min || *s.value > s.max || set && s.name != "probe-fall" && *s.value < low {
			return c.fault(s.name, "%d: must be from %d to %d", *s.value, low, s.max)
		}
	}
	for _, s := range c.times() {
		if *s.value < s.min || *s.value > s.max {
			return c.fault(s.name, "%v: must be from %v to %v", *s.value, s.min, s.max)
		}
	}
	if _, set := c.isSet("probe-rate"); !set && c.ProbeRate < c.MaxLearnSessions {
		return c.fault("max-learn-sessions", "%d: must not be more than probe-rate, %d", c.MaxLearnSessions, c.ProbeRate)
	}
	if c.ProbeRate < c.MaxLearnSessions {
		return c.fault("probe-rate", "%d: must not be less than max-learn-sessions, %d", c.ProbeRate, c.MaxLearnSessions)
	}
	return nil
}

// checkSockets reads what is said about sockets. Two ports are a mistake; 0 is the other one's.
func (c *moshdConfig) checkSockets() error {
	c.addresses = nil
	if _, set := c.isSet("listen"); set && len(c.Listen) == 0 {
		return c.fault("listen", "is an empty list")
	}
	port := uint16(0)
	for _, text := range c.Listen {
		address, err := netip.ParseAddrPort(text)
		if err != nil {
			return c.fault("listen", "%q: is not ADDR:PORT, as in 0.0.0.0:60000 or [::]:60000", text)
		}
		if port != 0 && address.Port() != port && address.Port() != 0 {
			return c.fault("listen", "%q: all must have one port, and another has %d", text, port)
		}
		if address.Port() != 0 {
			port = address.Port()
		}
		c.addresses = append(c.addresses, netip.AddrPortFrom(address.Addr().Unmap(), address.Port()))
	}
	if c.SocketMode == "" {
		c.SocketMode = "0600"
		if c.MultiUser {
			c.SocketMode = "0660"
		}
	}
	mode, err := strconv.ParseUint(c.SocketMode, 8, 32)
	if err != nil || mode > 0o777 {
		return c.fault("socket-mode", "%q: is not an octal mode from 0 to 777", c.SocketMode)
	}
	c.mode = os.FileMode(mode)
	for name, value := range map[string]string{"socket": c.Socket, "socket-group": c.SocketGroup, "address-file": c.AddressFile} {
		if _, set := c.isSet(name); set && value == "" {
			return c.fault(name, "%q: is empty", value)
		}
	}
	return nil
}

// sameSockets says whether other has the same sockets and files, which are made once.
func (c *moshdConfig) sameSockets(other *moshdConfig) bool {
	return slices.Equal(c.addresses, other.addresses) && c.Socket == other.Socket && c.mode == other.mode &&
		c.SocketGroup == other.SocketGroup && c.AddressFile == other.AddressFile && c.ReceiveBuffer == other.ReceiveBuffer
}
