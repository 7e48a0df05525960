package daemon

import (
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

// A Config is what can be set; the fields bear the names of the options (docs/operating.md, section 6).
type Config struct {
	mux.Config
	MultiUser            bool          // any uid may register, not only the daemon's own
	AdvertisePort        uint16        // what agents are told; 0 is the port listened on
	MaxConnectionsPerUID int           // on the Unix socket; 0 is no bound
	HelloTimeout         time.Duration // from accept
	RegisterTimeout      time.Duration // from WELCOME
	SessionPoll          time.Duration // how often to check whether backends are still there
	ReceiveBuffer        int           // bytes to ask for, for each UDP socket
}

// DefaultConfig returns the default of every option.
func DefaultConfig(multiUser bool) Config {
	c := Config{Config: mux.DefaultConfig(), MultiUser: multiUser, MaxConnectionsPerUID: 64 + 16, HelloTimeout: 3 * time.Second,
		RegisterTimeout: 10 * time.Second, SessionPoll: time.Second, ReceiveBuffer: 4 << 20}
	if multiUser {
		c.Modes = udpmux.Token
	}
	return c
}
