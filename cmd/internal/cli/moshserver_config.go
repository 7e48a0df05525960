package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/conformance/tomlfile"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// agentConfig is what options, environment and configuration file say to the session agent.
type agentConfig struct {
	args         []string // all of them
	sockets      []string // to be tried in turn
	require      bool
	token, learn bool // that the user wants, in place of what the client seems to have
}

// readAgentConfig reads the options in fs, and the file.
func readAgentConfig(fs *pflag.FlagSet, args []string) (*agentConfig, error) {
	c := agentConfig{args: args}
	c.token, _ = fs.GetBool("token")
	c.learn, _ = fs.GetBool("learn")
	if c.token && c.learn {
		return nil, errors.New("--token and --learn exclude each other")
	}
	name, text, err := readMoshdFile(fs)
	if err != nil {
		return nil, err
	}
	file := new(moshdConfig)
	if err := tomlfile.Decode(name, text, file); err != nil {
		return nil, err
	}
	if c.require = file.Require; fs.Changed("require") {
		c.require, _ = fs.GetBool("require")
	}
	socket, _ := fs.GetString("socket")
	if fs.Changed("socket") && socket == "" {
		return nil, errors.New("--socket: the path is empty")
	}
	for _, path := range []string{socket, file.Socket, os.Getenv("MOSHD_SOCKET")} {
		if path != "" {
			// Absolute, for the keeper; as it is where there is no current directory any more.
			if absolute, err := filepath.Abs(path); err == nil {
				path = absolute
			}
			c.sockets = []string{path}
			return &c, nil
		}
	}
	c.sockets = []string{"/run/moshd/moshd.sock"}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		c.sockets = append(c.sockets, filepath.Join(dir, "moshd.sock"))
	}
	return &c, nil
}

func (c *agentConfig) dialer() udpmux.Dialer { return udpmux.SocketDialer(c.sockets...) }

// mode chooses what to register, of the modes that are on, for a client that sent this number of colours (docs/udpmux.md,
// UDPMUX-97 to 101).
func (c *agentConfig) mode(on udpmux.Mode, colours string) (udpmux.Mode, error) {
	hasAgent := udpmux.HasAgent(colours)
	mode := udpmux.Learn
	if c.token || !c.learn && hasAgent && (on&udpmux.Token != 0 || on&udpmux.Learn == 0) {
		mode = udpmux.Token
	}
	switch {
	case on&mode != 0:
		return mode, nil
	case on&(udpmux.Learn|udpmux.Token) == 0:
		return 0, errors.New("moshd has no mode for this user")
	case mode == udpmux.Token:
		return 0, errors.New("moshd's token mode is off")
	case hasAgent:
		return 0, errors.New("moshd's learn mode is off")
	}
	return 0, errors.New("moshd's learn mode is off: on the client install mosh-client-mux and use mosh --client=mosh-client-mux")
}

// moshServerArgs is what the session agent has to know of mosh-server's arguments behind new.
type moshServerArgs struct {
	colours string // -c's, the last one's
	options int    // how many arguments there are before --, or at all

	isTalkative bool // with -v
}

// scanMoshServer reads the arguments as mosh-server does.
func scanMoshServer(args []string) (s moshServerArgs) {
	const withValue = "ipcl"
	for s.options < len(args) && args[s.options] != "--" {
		letters, isOption := strings.CutPrefix(args[s.options], "-")
		s.options++
		for i := 0; isOption && i < len(letters); i++ {
			if strings.IndexByte(withValue, letters[i]) < 0 {
				s.isTalkative = s.isTalkative || letters[i] == 'v'
				continue
			}
			value := letters[i+1:]
			if value == "" && s.options < len(args) {
				value = args[s.options]
				s.options++
			}
			if letters[i] == 'c' {
				s.colours = value
			}
			break
		}
	}
	return s
}

// behindUsers returns args, which begin with new, with more options behind the user's.
func behindUsers(args []string, more ...string) []string {
	return slices.Insert(slices.Clone(args), 1+scanMoshServer(args[1:]).options, more...)
}
