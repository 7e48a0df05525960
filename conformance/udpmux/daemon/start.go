package daemon

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

// A daemonInstance is what a daemon was started with.
type daemonInstance struct {
	socket   string // path of the Unix socket
	scenario engine.Scenario
	values   map[string]string
	inherits []*os.File // sockets passed to it at each start
}

// Close closes the sockets that were passed.
func (d *daemonInstance) Close() error {
	for _, f := range d.inherits {
		f.Close()
	}
	return nil
}

func daemonIn(in *engine.Instance) *daemonInstance { return in.Part.(*daemonInstance) }

// prepareDaemon gives a daemon its placeholders: the options, and the paths of the Unix socket and of the configuration
// file, which is written once it is known where the daemon listens.
func prepareDaemon(in *engine.Instance, s engine.Scenario, values map[string]string) {
	for name, path := range map[string]string{"socket": "s", "config": "config.toml"} {
		if values[name] == "" {
			values[name] = filepath.Join(in.Dir, path)
		}
	}
	in.Part = &daemonInstance{socket: values["socket"], scenario: s}
	s = withModes(in.Target, s)
	for _, o := range daemonOptions {
		values[placeholderOf(o.name)] = optionOf(s, o.name)
	}
}

// optionOf gives the value that the scenario wants the option to have.
func optionOf(s engine.Scenario, name string) string {
	if v, ok := s.Set[name]; ok {
		return v
	}
	i := slices.IndexFunc(daemonOptions, func(o option) bool { return o.name == name })
	if i < 0 {
		return ""
	}
	return daemonOptions[i].value
}

// configure writes the daemon's configuration file: the sockets, the modes, and what the scenario sets.
func configure(in *engine.Instance, s engine.Scenario, values map[string]string) error {
	var b strings.Builder
	var addresses []string
	for address := range strings.SplitSeq(values["listen"], ",") {
		addresses = append(addresses, strconv.Quote(address))
	}
	if s.Set["inherit"] == "" {
		fmt.Fprintf(&b, "listen = [%s]\n", strings.Join(addresses, ", "))
	}
	fmt.Fprintf(&b, "socket = %q\naddress-file = %q\n", values["socket"], values["address_file"])
	for _, o := range daemonOptions {
		if _, set := s.Set[o.name]; set || o.name == "modes" {
			b.WriteString(configLine(o.name, optionOf(s, o.name)))
		}
	}
	return os.WriteFile(values["config"], []byte(b.String()), 0o600)
}

// configLine is a line of a configuration file: numbers and truth values are written as they are, the rest as text. An
// option set to nothing is left out.
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

// whereTo gives the addresses for a daemon to listen on: those of the scenario, or 127.0.0.1, with a free port in place
// of 0.
func whereTo(s engine.Scenario) (listen string, err error) {
	if listen = s.Set["listen"]; listen == "" {
		listen = "127.0.0.1:0"
	}
	port, err := sockets.FreePort()
	return strings.ReplaceAll(listen, ":0", ":"+port), err
}

// external gives the address at which a client at host reaches the daemon: host itself if the daemon listens on all
// addresses.
func external(in *engine.Instance, host netip.Addr) (netip.AddrPort, error) {
	address, err := netip.ParseAddrPort(in.Address)
	if err == nil && address.Addr().IsUnspecified() {
		if address.Addr().Is6() {
			host = netip.IPv6Loopback()
		}
		address = netip.AddrPortFrom(host, address.Port())
	}
	return address, err
}

// reached is the daemon's address that clients send to unless a script names another.
func reached(s *engine.Session) (netip.AddrPort, error) {
	at, err := external(s.In, sockets.Loopback4)
	if of(s).host.IsValid() {
		at = netip.AddrPortFrom(of(s).host, at.Port())
	}
	return at, err
}

// startDaemon starts a daemon, and returns when it listens.
func startDaemon(ctx context.Context, in *engine.Instance, s engine.Scenario, values map[string]string) error {
	if err := launchDaemon(in, s, values); err != nil {
		return err
	}
	return in.Ready(ctx, values["address_file"])
}

// inheriting has the daemon inherit a socket of that address, of both families for [::], and gives the address with its
// port. Like a service manager, it keeps the socket while the daemon is restarted.
func inheriting(in *engine.Instance, at string) (address string, err error) {
	if d := daemonIn(in); d.inherits == nil {
		port, err := sockets.FreePort()
		if err != nil {
			return "", err
		}
		network := "udp" // of both families for [::]
		if addressAt(at).Addr().Is4() {
			network = "udp4"
		}
		c, err := net.ListenPacket(network, net.JoinHostPort(at, port))
		if err != nil {
			return "", err
		}
		defer c.Close()
		f, err := c.(*net.UDPConn).File()
		if err != nil {
			return "", err
		}
		d.inherits, d.values = []*os.File{f}, map[string]string{"listen": c.LocalAddr().String()}
		in.Inherit, in.Wrap = d.inherits, activate(1)
	}
	return daemonIn(in).values["listen"], nil
}

// launchDaemon starts a daemon at the addresses that the values or the scenario say.
func launchDaemon(in *engine.Instance, s engine.Scenario, values map[string]string) (err error) {
	s = withModes(in.Target, s)
	if values["listen"] == "" {
		if values["listen"], err = whereTo(s); err != nil {
			return err
		}
	}
	if at := s.Set["inherit"]; at != "" {
		if values["listen"], err = inheriting(in, at); err != nil {
			return err
		}
	}
	first, _, _ := strings.Cut(values["listen"], ",")
	if values["host"], values["port"], err = net.SplitHostPort(first); err != nil {
		return err
	}
	daemonIn(in).scenario, daemonIn(in).values = s, values
	in.Address, in.Listens = first, in.Target.ReadyLine != "" || in.Uses("address_file") || proc.CanSeeProcesses
	if err := configure(in, s, values); err != nil {
		return err
	}
	return in.Launch(values)
}
