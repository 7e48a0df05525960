package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// prepareUDP gives a part of UDP mux its placeholders: the Unix socket's path and the configuration file's. A daemon's file is written
// when it is known where it listens; an agent's is the scenario's to write.
func (in *instance) prepareUDP(s Scenario, values map[string]string) {
	for name, path := range map[string]string{"socket": "s", "config": "config.toml"} {
		if values[name] == "" {
			values[name] = filepath.Join(in.dir, path)
		}
	}
	in.socket = values["socket"]
	if in.role != udpDaemon {
		return
	}
	for _, o := range daemonOptions {
		values[placeholderOf(o.name)] = s.option(o.name)
	}
}

// option gives the value that the scenario wants the option to have.
func (s Scenario) option(name string) string {
	if v, ok := s.Options[name]; ok {
		return v
	}
	i := slices.IndexFunc(daemonOptions, func(o option) bool { return o.name == name })
	if i < 0 {
		return ""
	}
	return daemonOptions[i].value
}

// configure writes the daemon's configuration file: the sockets, the modes, and what the scenario sets.
func (in *instance) configure(s Scenario, values map[string]string) error {
	var b strings.Builder
	var addresses []string
	for address := range strings.SplitSeq(values["listen"], ",") {
		addresses = append(addresses, strconv.Quote(address))
	}
	fmt.Fprintf(&b, "listen = [%s]\nsocket = %q\naddress-file = %q\n", strings.Join(addresses, ", "), values["socket"], values["address_file"])
	for _, o := range daemonOptions {
		if _, set := s.Options[o.name]; set || o.name == "modes" {
			b.WriteString(configLine(o.name, s.option(o.name)))
		}
	}
	return os.WriteFile(values["config"], []byte(b.String()), 0o600)
}

// configLine is a line of a configuration file: numbers and truth values stand as they are, the rest is text. An option that is set
// to nothing is left out.
func configLine(name, value string) string {
	if value == "" {
		return ""
	}
	_, err := strconv.Atoi(value)
	if value != "true" && value != "false" && (err != nil || name == "socket-mode") {
		value = strconv.Quote(value)
	}
	return name + " = " + value + "\n"
}

// whereTo gives the addresses for a daemon to listen on: those of the scenario, else one of 127.0.0.1, with a free port in place of 0.
func whereTo(s Scenario) (listen string, err error) {
	if listen = s.Options["listen"]; listen == "" {
		listen = "127.0.0.1:0"
	}
	port, err := freeUDPPort()
	return strings.ReplaceAll(listen, ":0", ":"+port), err
}

// bindable fails where somebody has the UDP port at that address of the network; at any, where that is none.
func bindable(network string, at netip.AddrPort) error {
	syscall.ForkLock.RLock() // as in freePort
	defer syscall.ForkLock.RUnlock()
	c, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(at))
	if err == nil {
		c.Close()
	}
	return err
}

// udpPorts are those that freeUDPPort has given away.
var udpPorts sync.Map

// freeUDPPort gives a port that no UDP socket of any address has, each once.
func freeUDPPort() (string, error) {
	for tries := range 1000 {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		if _, given := udpPorts.LoadOrStore(port, true); given {
			if tries == 100 {
				udpPorts.Clear() // a long run: those of its beginning are free again
			}
			continue
		}
		if bindable("udp", netip.AddrPortFrom(netip.Addr{}, uint16(port))) == nil {
			return strconv.Itoa(port), nil
		}
	}
	return "", errors.New("no free UDP port was found")
}

// external gives the daemon's address as a client at host reaches it: host itself where the daemon listens on all addresses.
func (in *instance) external(host netip.Addr) (netip.AddrPort, error) {
	address, err := netip.ParseAddrPort(in.address)
	if err == nil && address.Addr().IsUnspecified() {
		if address.Addr().Is6() {
			host = netip.IPv6Loopback()
		}
		address = netip.AddrPortFrom(host, address.Port())
	}
	return address, err
}

// lacksOption says which of the scenario's options the target cannot be told.
func (t *Target) lacksOption(s Scenario) string {
	if t.uses(s.Role, "config") {
		return ""
	}
	for name, value := range s.Options {
		switch {
		case value == "" || strings.Contains(value, ":") && strings.Contains(value, ","):
			return "the target reads no {config}"
		case !t.uses(s.Role, placeholderOf(name)):
			return "the target cannot be told its " + name
		}
	}
	return ""
}

// setOptions reads the options of a scenario's head.
func (s *Scenario) setOptions(text string) bool {
	for _, field := range strings.Fields(text) {
		name, value, ok := strings.Cut(field, "=")
		known := name == "listen" || slices.ContainsFunc(daemonOptions, func(o option) bool { return o.name == name })
		if !ok || !known {
			return false
		}
		s.Options[name] = value
	}
	return true
}

// startDaemon starts a daemon, and returns when it listens.
func (in *instance) startDaemon(ctx context.Context, s Scenario, values map[string]string) error {
	if err := in.launchDaemon(s, values); err != nil {
		return err
	}
	return in.ready(ctx, values["address_file"])
}

// launchDaemon starts a daemon, at the addresses that the values say, or the scenario.
func (in *instance) launchDaemon(s Scenario, values map[string]string) (err error) {
	t := in.target
	if values["listen"] == "" {
		if values["listen"], err = whereTo(s); err != nil {
			return err
		}
	}
	first, _, _ := strings.Cut(values["listen"], ",")
	if values["host"], values["port"], err = net.SplitHostPort(first); err != nil {
		return err
	}
	in.scenario, in.values = s, values
	in.address, in.listens = first, t.ReadyLine != "" || t.uses(in.role, "address_file") || canSeeProcesses
	if err := in.configure(s, values); err != nil {
		return err
	}
	return in.launch(values)
}
