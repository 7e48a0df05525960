package moshd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

func TestMoshDUsage(t *testing.T) {
	for _, test := range []struct {
		name      string
		args      []string
		complaint string
	}{
		{"argument", []string{"x"}, `unexpected argument "x"`},
		{"unknown option", []string{"--nonsense"}, `unknown flag: --nonsense`},
		{"listen without port", []string{"--listen=127.0.0.1"},
			`listen "127.0.0.1": is not ADDR:PORT, as in 0.0.0.0:60000 or [::]:60000`},
		{"listen by name", []string{"--listen=localhost:60000"},
			`listen "localhost:60000": is not ADDR:PORT, as in 0.0.0.0:60000 or [::]:60000`},
		{"two ports", []string{"--listen=127.0.0.1:60001", "--listen=[::1]:60002"},
			`listen "[::1]:60002": all must have one port, and another has 60001`},
		{"unknown mode", []string{"--modes=learn,magic"}, `modes "learn,magic": "magic" is none of learn, token, port`},
		{"no mode", []string{"--modes="}, `modes "": "" is none of learn, token, port`},
		{"socket mode", []string{"--socket-mode=rw"}, `socket-mode "rw": is not an octal mode from 0 to 777`},
		{"socket mode too large", []string{"--socket-mode=1777"},
			`socket-mode "1777": is not an octal mode from 0 to 777`},
		{"sessions", []string{"--max-sessions=0"}, `max-sessions 0: must be from 1 to 60000`},
		{"advertised port", []string{"--advertise-port=65536"}, `advertise-port 65536: must be from 1 to 65535`},
		{"advertised port 0", []string{"--advertise-port=0"}, `advertise-port 0: must be from 1 to 65535`},
		{"time", []string{"--flow-idle=0s"}, `flow-idle 0s: must be from 1ms to 8760h0m0s`},
		{"no socket", []string{"--socket="}, `socket "": is empty`},
		{"probe rate", []string{"--probe-rate=63"}, `probe-rate 63: must not be less than max-learn-sessions, 64`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			progtest.CheckComplaint(t, progtest.Run(t, nil, "moshd", test.args...), "moshd", test.complaint)
		})
	}
}

func TestMoshDHelpAndVersion(t *testing.T) {
	t.Parallel()
	if got := progtest.Run(t, nil, "moshd", "--help"); got.Code != 0 || got.Stderr != "" ||
		!strings.HasPrefix(got.Stdout, "Usage: moshd [OPTION]...") {
		t.Errorf("got %+v", got)
	}
	if got := progtest.Run(t, nil, "moshd", "--version"); got.Code != 0 || got.Stderr != "" ||
		!strings.HasPrefix(got.Stdout, "moshd (muxspec) ") {
		t.Errorf("got %+v", got)
	}
}

func TestMoshDConfigFile(t *testing.T) {
	for _, test := range []struct {
		name, text, complaint string
		args                  []string
	}{
		{"unknown key", "require = true\nmax-session = 9\n", `FILE:2:1: unknown key "max-session"`, nil},
		{"not a list", "listen = \"127.0.0.1:1\"\n",
			`FILE:1:10: listen: a list of texts is wanted, not a text in quotes`, nil},
		{"time without unit", "flow-idle = \"30\"\n", `FILE:1:13: flow-idle: "30" is no time such as "30s" or "2m"`,
			nil},
		{"value", "max-flows = -1\n", `FILE:1: max-flows -1: must be from 1 to 2097152`, nil},
		{"no mode", "# all\nmodes = \"\"\n", `FILE:2: modes "": "" is none of learn, token, port`, nil},
		{"listen", "flow-rate = 1\n\nlisten = [\"x\"]\n",
			`FILE:3: listen "x": is not ADDR:PORT, as in 0.0.0.0:60000 or [::]:60000`, nil},
		{"depends on another", "max-learn-sessions = 5000\n",
			`FILE:1: max-learn-sessions 5000: must not be more than probe-rate, 4096`, nil},
		{"0 is not the default", "advertise-port = 0\n", `FILE:1: advertise-port 0: must be from 1 to 65535`, nil},
		{"number for a time", "# all\nflow-idle = 30\n", `FILE:2: flow-idle: "30" is no time such as "30s" or "2m"`,
			nil},
		{"text for a number", "\"max-flows\" = \"x\"\n",
			`FILE:1:15: max-flows: a whole number is wanted, not a text in quotes`, nil},
		{"too large", "max-flows = 99999999999999999999\n",
			`FILE:1:13: max-flows: decimal number is too large to fit in a 64-bit signed integer`, nil},
		{"after a byte order mark", "\ufeffmax-flows = true\n",
			`FILE:1:13: max-flows: a whole number is wanted, not true or false`, nil},
		{"option", "", `--max-flows "x": must be an integer`, []string{"--max-flows=x"}},
		{"no path", "socket = \"\"\n", `FILE:1: socket "": is empty`, nil},
		{"syntax", "modes = learn\n", `FILE:1:9: unexpected character U+006C 'l' at start of value`, nil},
		{"the option wins", "modes = \"nonsense\"\nmax-flows = 1\n",
			`probe-rate 9: must not be less than max-learn-sessions, 10`,
			[]string{"--modes=token", "--probe-rate=9", "--max-learn-sessions=10"}},
		{"the option's listeners win", "listen = [\"x\"]\nmax-flows = -1\n",
			`FILE:2: max-flows -1: must be from 1 to 2097152`, []string{"--listen=127.0.0.1:0"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "moshd.toml")
			progtest.Must(t, os.WriteFile(file, []byte(test.text), 0o600))
			got := progtest.Run(t, nil, "moshd", append([]string{"--config", file}, test.args...)...)
			got.Stderr = strings.ReplaceAll(got.Stderr, file, "FILE")
			progtest.CheckComplaint(t, got, "moshd", test.complaint)
		})
	}
	got := progtest.Run(t, nil, "moshd", "--config=/nonexistent/moshd.toml")
	progtest.CheckComplaint(t, got, "moshd", "open /nonexistent/moshd.toml: no such file or directory")
}
