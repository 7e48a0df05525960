package mux

import (
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// allSources is how many loopback sources there are in 127.64.0.0/10, one for each flow (section 4.1).
const allSources = 1 << 22

// A Config is what can be set of a [Mux]; the fields bear the names of the options (docs/operating.md, section 6).
type Config struct {
	Modes              udpmux.Mode   // that are on
	MaxSessions        int           // in all
	MaxSessionsPerUID  int           //
	MaxLearnSessions   int           //
	MaxFlows           int           // in all
	MaxFlowsPerSession int           //
	FlowIdle           time.Duration // without a datagram from the client, and of a binding without one from the session
	FlowReuse          time.Duration // before a loopback source serves another client
	MaxLoopbackPerUID  int           // loopback sources of token and port flows, in use or resting
	FlowRate           int           // new token and port flows per session and second
	ProbeRate          int           // deliveries by probing per second, not less than MaxLearnSessions
	ProbeTime          time.Duration // how long a client's every datagram is probed
	ProbeRetry         time.Duration // afterwards one datagram per this time, while nobody answers
	ProbeAfter         time.Duration // a bound client without an answer for this long is probed anew
	ProbeFall          uint64        // a nonce that falls by more is another sender
	MaxSources         int           // unbound learn clients that are remembered

	LoopbackSources uint32 // how many there are; it has no option
	FirstSource     uint32 // the first flow's, random at each start
}

// DefaultConfig returns the default of every option.
func DefaultConfig() Config {
	return Config{Modes: udpmux.Learn | udpmux.Token, MaxSessions: 1024, MaxSessionsPerUID: 64, MaxLearnSessions: 64,
		MaxFlows: 65536, MaxFlowsPerSession: 256, FlowIdle: 120 * time.Second, FlowReuse: 60 * time.Second, FlowRate: 256,
		ProbeRate: 4096, ProbeTime: 10 * time.Second, ProbeRetry: 3 * time.Second, ProbeAfter: 5 * time.Second, ProbeFall: 32,
		MaxSources: 4096, MaxLoopbackPerUID: allSources / 64, LoopbackSources: allSources}
}
