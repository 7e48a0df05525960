package moshd

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/daemon"
)

// config is what the options and the configuration file say; options.go has their names.
type config struct {
	daemon.Config // without what depends on others until build has been called

	Listen                                                              []string
	Socket, AddressFile, ModesText, SocketMode, SocketGroup, ConfigFile string
	Port, Fall                                                          int  // of Config, maybe out of their range
	Require                                                             bool // the agents'
	CheckConfig, List, JSON                                             bool
	LogLevel                                                            string

	addresses []netip.AddrPort       // of Listen
	mode      os.FileMode            // of SocketMode
	file      string                 // that was read, if any
	text      string                 // its contents
	given     func(name string) bool // says whether there was an option, which wins over the file
}

// newConfig has the defaults. 0 and "" are those that depend on others.
func newConfig() *config {
	c := &config{Config: daemon.DefaultConfig(false), given: func(string) bool { return false }}
	c.Fall, c.MaxConnectionsPerUID = int(c.ProbeFall), 0
	return c
}

// build checks the values and completes the daemon's configuration.
func (c *config) build() (err error) {
	err = errors.Join(c.checkNumbers(), c.checkSockets())
	c.Modes = daemon.DefaultConfig(c.MultiUser).Modes
	if _, ok := c.isSet("modes"); ok {
		var wrong error
		if c.Modes, wrong = parseModes(c.ModesText); wrong != nil {
			err = errors.Join(err, c.fault("modes", "%q: %w", c.ModesText, wrong))
		}
	}
	if _, set := c.isSet("log-level"); set && !slices.Contains(stdio.Levels, c.LogLevel) {
		err = errors.Join(err, c.fault("log-level", "%q: is none of %s", c.LogLevel, strings.Join(stdio.Levels, ", ")))
	}
	if err != nil {
		return err
	}
	if c.MaxConnectionsPerUID == 0 {
		c.MaxConnectionsPerUID = c.MaxSessionsPerUID + 16
	}
	c.AdvertisePort, c.ProbeFall, c.FirstSource = uint16(c.Port), uint64(c.Fall), rand.Uint32N(c.LoopbackSources)
	return nil
}

// parseModes reads a list of modes.
func parseModes(text string) (modes udpmux.Mode, err error) {
	for name := range strings.SplitSeq(text, ",") {
		mode := udpmux.Mode(0)
		for _, m := range []udpmux.Mode{udpmux.Learn, udpmux.Token, udpmux.Port} {
			if m.String() == name {
				mode = m
			}
		}
		if mode == 0 {
			return 0, fmt.Errorf("%q is none of learn, token, port", name)
		}
		modes |= mode
	}
	return modes, nil
}

// checkNumbers checks what has a range.
func (c *config) checkNumbers() (err error) {
	for _, o := range c.options() {
		var n int64
		var value, low, high any
		switch v := o.value.(type) {
		case *int:
			n, value, low, high = int64(*v), *v, o.min, o.max
		case *time.Duration:
			n, value, low, high = int64(*v), *v, time.Duration(o.min), time.Duration(o.max)
		default:
			continue
		}
		if _, set := c.isSet(o.name); !set && o.otherwise != "" {
			continue
		}
		if n < o.min || n > o.max {
			err = errors.Join(err, c.fault(o.name, "%v: must be from %v to %v", value, low, high))
		}
	}
	if err != nil {
		return err
	}
	if _, set := c.isSet("probe-rate"); !set && c.ProbeRate < c.MaxLearnSessions {
		return c.fault("max-learn-sessions", "%d: must not be more than probe-rate, %d",
			c.MaxLearnSessions, c.ProbeRate)
	}
	if c.ProbeRate < c.MaxLearnSessions {
		return c.fault("probe-rate", "%d: must not be less than max-learn-sessions, %d",
			c.ProbeRate, c.MaxLearnSessions)
	}
	return nil
}

// checkSockets reads what is said about sockets. Two ports are a mistake; 0 is the other one's.
func (c *config) checkSockets() error {
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
	for name, value := range map[string]string{"socket": c.Socket, "socket-group": c.SocketGroup,
		"address-file": c.AddressFile} {
		if _, set := c.isSet(name); set && value == "" {
			return c.fault(name, "%q: is empty", value)
		}
	}
	return nil
}

// sameSockets says whether other has the same sockets and files, which are made once.
func (c *config) sameSockets(other *config) bool {
	return slices.Equal(c.addresses, other.addresses) && c.Socket == other.Socket && c.mode == other.mode &&
		c.SocketGroup == other.SocketGroup && c.AddressFile == other.AddressFile &&
		c.ReceiveBuffer == other.ReceiveBuffer
}
