package udpmux

import "time"

// A Config is what can be set; the fields bear the names of the options (docs/udpmux.md, section 3).
type Config struct {
	Modes                Mode          // that are on
	MultiUser            bool          // every uid may register, not only the daemon's own
	AdvertisePort        uint16        // what agents are told; 0 is the port listened on
	MaxSessions          int           // in all
	MaxSessionsPerUID    int           //
	MaxLearnSessions     int           //
	MaxConnectionsPerUID int           // on the Unix socket
	HelloTimeout         time.Duration // from accept
	RegisterTimeout      time.Duration // from WELCOME
	SessionPoll          time.Duration // how often it is looked whether backends are still there
	MaxFlows             int           // in all
	MaxFlowsPerSession   int           //
	FlowIdle             time.Duration // without a datagram from the client, and of a binding without one from the session
	FlowReuse            time.Duration // before a loopback source serves another client
	FlowRate             int           // new token and port flows per session and second
	ProbeRate            int           // deliveries by probing per second, not less than MaxLearnSessions
	ProbeTime            time.Duration // how long a client's every datagram is probed
	ProbeRetry           time.Duration // afterwards one datagram in this time, while nobody answers
	ProbeAfter           time.Duration // a bound client without an answer for so long is probed anew
	ProbeFall            uint64        // a nonce that falls by more is another sender
	MaxSources           int           // learn clients that are remembered without being bound
	MaxWaiting           int           // datagrams that wait for the probing limit
	ReceiveBuffer        int           // bytes, asked for, for each UDP socket

	LoopbackSources uint32 // that there are; it has no option
	FirstSource     uint32 // the first flow's, random at each start
}

// DefaultConfig returns the default of every option.
func DefaultConfig(multiUser bool) Config {
	c := Config{Modes: Learn | Token, MultiUser: multiUser,
		MaxSessions: 1024, MaxSessionsPerUID: 64, MaxLearnSessions: 64, MaxConnectionsPerUID: 64 + 16,
		HelloTimeout: 3 * time.Second, RegisterTimeout: 10 * time.Second, SessionPoll: time.Second,
		MaxFlows: 65536, MaxFlowsPerSession: 256, FlowIdle: 120 * time.Second, FlowReuse: 60 * time.Second, FlowRate: 256,
		ProbeRate: 4096, ProbeTime: 10 * time.Second, ProbeRetry: 3 * time.Second, ProbeAfter: 5 * time.Second, ProbeFall: 32,
		MaxSources: 4096, MaxWaiting: 256, ReceiveBuffer: 4 << 20, LoopbackSources: allSources}
	if multiUser {
		c.Modes = Token
	}
	return c
}
