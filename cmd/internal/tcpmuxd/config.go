package tcpmuxd

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/services"
	"github.com/muxspec/muxspec/cmd/internal/tomlfile"
	"github.com/muxspec/muxspec/ref/tcpmux"
)

// fileConfig is what the options and the configuration file say; the file's keys are the options' names.
type fileConfig struct {
	Listen         []string          `toml:"listen"`
	RequestTimeout tomlfile.Duration `toml:"request-timeout"`
	MaxName        int               `toml:"max-name"`
	MaxConnections int               `toml:"max-connections"`
	MaxPerSource   int               `toml:"max-per-source"`
	Services       map[string]string `toml:"services"`

	place func(key string) string // says where the file has it, if that counts; "" otherwise
}

// defineConfig adds the options that the file has, too.
func defineConfig(fs *pflag.FlagSet) {
	fs.StringArray("listen", nil, "listen on `HOST:PORT`; repeatable; HOST empty for all addresses, "+
		"[ADDRESS]:PORT for IPv6, port 0 for a free one (default :1)")
	fs.StringArray("service", nil, "offer a service, `NAME=KIND[:ARG]`; repeatable")
	fs.Duration("request-timeout", tcpmux.RequestTimeout, "drop a client that has not sent its whole request by then")
	fs.Int("max-name", tcpmux.MaxName, "the longest accepted service name, in bytes")
	fs.Int("max-connections", tcpmux.MaxConnections,
		"the most connections open at once, at most what the descriptors allow; 0 is no limit")
	fs.Int("max-per-source", tcpmux.MaxPerSource, "the most connections open at once from one address, "+
		"or one IPv6 network of 64 bits; 0 is no limit")
}

// readConfig merges the file, if there is one, with the options. An option that is given wins over the file's value;
// services and addresses of both count.
func readConfig(fs *pflag.FlagSet, file string) (listen []string, config *tcpmux.Config, err error) {
	c := fileConfig{place: func(string) string { return "" }}
	timeout, _ := fs.GetDuration("request-timeout")
	c.RequestTimeout = tomlfile.Duration{Duration: timeout}
	numbers := map[string]*int{"max-name": &c.MaxName, "max-connections": &c.MaxConnections,
		"max-per-source": &c.MaxPerSource}
	for name, n := range numbers {
		*n, _ = fs.GetInt(name)
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err == nil {
			err = tomlfile.Decode(file, string(text), &c)
		}
		if err != nil {
			return nil, nil, err
		}
		c.place = func(key string) string {
			if fs.Changed(key) && key != "listen" {
				return ""
			}
			return tomlfile.Place(file, string(text), key)
		}
	}
	ofFile, listens := len(c.Listen), c.place("listen")
	if fs.Changed("request-timeout") {
		c.RequestTimeout = tomlfile.Duration{Duration: timeout}
	}
	for name, n := range numbers {
		if fs.Changed(name) {
			*n, _ = fs.GetInt(name)
		}
	}
	c.Listen = append(c.Listen, cmdline.Given(fs, "listen")...)
	for i, address := range c.Listen {
		if err := checkListen(address); err != nil && i < ofFile {
			return nil, nil, fmt.Errorf("%s%w", listens, err)
		} else if err != nil {
			return nil, nil, err
		}
	}
	config, err = c.build(cmdline.Given(fs, "service"))
	return c.Listen, config, err
}

// checkListen says what is wrong with an address to listen on.
func checkListen(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listen %q: is not HOST:PORT", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("listen %q: %q is not a port number from 0 to 65535", address, port)
	}
	return nil
}

// fault is what is wrong with the value of a key.
func (c *fileConfig) fault(key string, value any, format string, args ...any) error {
	return fmt.Errorf("%s%s %v: %s", c.place(key), key, value, fmt.Sprintf(format, args...))
}

// build checks the values and makes the server's configuration; specs are the services from the options.
func (c *fileConfig) build(specs []string) (*tcpmux.Config, error) {
	switch {
	case c.RequestTimeout.Duration <= 0:
		return nil, c.fault("request-timeout", c.RequestTimeout, "must be more than 0")
	case c.MaxName < len(tcpmux.Help) || c.MaxName > 1<<16:
		return nil, c.fault("max-name", c.MaxName, "must be from %d, the length of %s, to %d",
			len(tcpmux.Help), tcpmux.Help, 1<<16)
	case c.MaxConnections < 0:
		return nil, c.fault("max-connections", c.MaxConnections, "must not be less than 0")
	case c.MaxPerSource < 0:
		return nil, c.fault("max-per-source", c.MaxPerSource, "must not be less than 0")
	}
	table, err := c.table(specs)
	if err != nil {
		return nil, err
	}
	return &tcpmux.Config{Services: table, RequestTimeout: c.RequestTimeout.Duration, MaxName: c.MaxName,
		MaxConnections: c.MaxConnections, MaxPerSource: c.MaxPerSource}, nil
}

// table makes the services of the file and of specs; without any there is one, tcpmux.
func (c *fileConfig) table(specs []string) (*tcpmux.Table, error) {
	table := new(tcpmux.Table)
	add := func(name, kind string) error {
		h, err := handler(kind)
		if err != nil {
			return fmt.Errorf("service %q: %w", name, err)
		}
		return table.Add(name, c.MaxName, h)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Services)) { // so that of two faults it is always the same one
		if err := add(name, c.Services[name]); err != nil {
			return nil, fmt.Errorf("%s%w", c.place(name), err)
		}
	}
	for _, spec := range specs {
		name, kind, ok := strings.Cut(spec, "=")
		if !ok {
			return nil, fmt.Errorf("service %q: is not NAME=KIND[:ARG]", spec)
		}
		if err := add(name, kind); err != nil {
			return nil, err
		}
	}
	if len(c.Services)+len(specs) == 0 {
		if err := add("tcpmux", "builtin:tcpmux"); err != nil {
			return nil, err
		}
	}
	return table, nil
}

// handler makes the handler for KIND[:ARG].
func handler(spec string) (tcpmux.Handler, error) {
	kind, arg, _ := strings.Cut(spec, ":")
	switch kind {
	case "builtin":
		h, ok := services.Builtins[arg]
		if !ok {
			return nil, fmt.Errorf("no built-in %q, there are: %s", arg, strings.Join(builtins(), ", "))
		}
		return h, nil
	case "exec", "exec-own":
		argv := strings.Fields(arg)
		if len(argv) == 0 || !strings.HasPrefix(argv[0], "/") {
			return nil, fmt.Errorf("%s wants the absolute path of a program, not %q", kind, arg)
		}
		return services.Program(argv, kind == "exec-own"), nil
	case "tcp":
		return services.Forward("tcp", arg), cmdline.CheckAddress(arg)
	case "unix":
		if arg == "" {
			return nil, errors.New("unix wants the path of a socket")
		}
		return services.Forward("unix", arg), nil
	}
	return nil, fmt.Errorf("unknown kind %q, there are: builtin, exec, exec-own, tcp, unix", kind)
}

func builtins() []string { return slices.Sorted(maps.Keys(services.Builtins)) }
