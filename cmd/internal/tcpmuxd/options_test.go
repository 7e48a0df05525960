package tcpmuxd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

func TestWrongOptionsOfServer(t *testing.T) {
	for _, test := range []struct {
		name      string
		args      []string
		complaint string
	}{
		{"argument", []string{"echo"}, `unexpected argument "echo"`},
		{"unknown option", []string{"--colour"}, `unknown flag: --colour`},
		{"unknown short option", []string{"-p"}, `unknown shorthand flag: 'p' in -p`},
		{"option without its value", []string{"--listen"}, `flag needs an argument: --listen`},
		{"address without port", []string{"--listen", "localhost"}, `listen "localhost": is not HOST:PORT`},
		{"address without brackets", []string{"--listen", "::1:0"}, `listen "::1:0": is not HOST:PORT`},
		{"empty address", []string{"--listen", ""}, `listen "": is not HOST:PORT`},
		{"second address", []string{"--listen", ":0", "--listen", "x"}, `listen "x": is not HOST:PORT`},
		{"port beyond 65535", []string{"--listen", "127.0.0.1:99999"},
			`listen "127.0.0.1:99999": "99999" is not a port number from 0 to 65535`},
		{"port with a sign", []string{"--listen", ":-1"}, `listen ":-1": "-1" is not a port number from 0 to 65535`},
		{"port by name", []string{"--listen", ":tcpmux"},
			`listen ":tcpmux": "tcpmux" is not a port number from 0 to 65535`},
		{"empty service", []string{"--service", ""}, `service "": is not NAME=KIND[:ARG]`},
		{"service without kind", []string{"--service", "echo"}, `service "echo": is not NAME=KIND[:ARG]`},
		{"service with empty kind", []string{"--service", "echo="},
			`service "echo": unknown kind "", there are: builtin, exec, exec-own, tcp, unix`},
		{"unknown kind", []string{"--service", "echo=run:/bin/cat"},
			`service "echo": unknown kind "run", there are: builtin, exec, exec-own, tcp, unix`},
		{"unknown builtin", []string{"--service", "t=builtin:time"},
			`service "t": no built-in "time", there are: chargen, daytime, discard, echo, tcpmux`},
		{"relative program", []string{"--service", "c=exec:bin/cat"},
			`service "c": exec wants the absolute path of a program, not "bin/cat"`},
		{"relative program that answers", []string{"--service", "c=exec-own:cat -u"},
			`service "c": exec-own wants the absolute path of a program, not "cat -u"`},
		{"no program", []string{"--service", "c=exec: "},
			`service "c": exec wants the absolute path of a program, not " "`},
		{"forward without port", []string{"--service", "f=tcp:localhost"}, `service "f": "localhost" is not HOST:PORT`},
		{"forward without host", []string{"--service", "f=tcp::7"}, `service "f": ":7" is not HOST:PORT`},
		{"forward to port 0", []string{"--service", "f=tcp:localhost:0"},
			`service "f": "localhost:0": "0" is not a port number from 1 to 65535`},
		{"forward to port beyond 65535", []string{"--service", "f=tcp:localhost:65536"},
			`service "f": "localhost:65536": "65536" is not a port number from 1 to 65535`},
		{"no socket", []string{"--service", "f=unix:"}, `service "f": unix wants the path of a socket`},
		{"service twice", []string{"--service", "echo=builtin:echo", "--service", "Echo=builtin:discard"},
			`service "Echo": there is already one of that name`},
		{"HELP as service", []string{"--service", "Help=builtin:echo"}, `service "Help": the name is reserved`},
		{"name with plus first", []string{"--service", "+x=builtin:echo"},
			`service "+x": the name begins with + or -, as a reply does`},
		{"empty name", []string{"--service", "=builtin:echo"}, `service "": service name is empty`},
		{"name with line end", []string{"--service", "a\r\nb=builtin:echo"},
			`service "a\r\nb": line holds NUL, or CR or LF that is not its end`},
		{"name too long", []string{"--max-name", "4", "--service", "echo2=builtin:echo"},
			`service "echo2": line is too long`},
		{"max-name zero", []string{"--max-name", "0"}, `max-name 0: must be from 4, the length of HELP, to 65536`},
		{"max-name less than HELP", []string{"--max-name", "3"},
			`max-name 3: must be from 4, the length of HELP, to 65536`},
		{"max-name too large", []string{"--max-name", "65537"},
			`max-name 65537: must be from 4, the length of HELP, to 65536`},
		{"max-name no number", []string{"--max-name", "many"}, `--max-name "many": must be an integer`},
		{"request-timeout zero", []string{"--request-timeout", "0"}, `request-timeout 0s: must be more than 0`},
		{"request-timeout negative", []string{"--request-timeout", "-1s"}, `request-timeout -1s: must be more than 0`},
		{"grace negative", []string{"--grace", "-1s"}, `--grace -1s: must not be less than 0`},
		{"request-timeout no time", []string{"--request-timeout", "x"},
			`--request-timeout "x": must be a time as "10s" or "2m"`},
		{"max-connections negative", []string{"--max-connections", "-1"},
			`max-connections -1: must not be less than 0`},
		{"max-per-source negative", []string{"--max-per-source", "-1"}, `max-per-source -1: must not be less than 0`},
		{"grace no time", []string{"--grace", "soon"}, `--grace "soon": must be a time as "10s" or "2m"`},
		{"inetd with address", []string{"--inetd", "--listen", ":0"},
			`--inetd has a connection already: --listen and --address-file make no sense`},
		{"inetd with address file", []string{"--inetd", "--address-file", "f"},
			`--inetd has a connection already: --listen and --address-file make no sense`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			progtest.CheckComplaint(t, progtest.Run(t, nil, "tcpmuxd", test.args...), "tcpmuxd", test.complaint)
		})
	}
}

func TestWrongConfigFile(t *testing.T) {
	for _, test := range []struct {
		name, text, complaint string
	}{
		{"unknown key", "max-name = 9\nmax-nam = 9\n", `FILE:2:1: unknown key "max-nam"`},
		{"unknown table", "[service]\necho = \"builtin:echo\"\n", `FILE:1:2: unknown key "service"`},
		{"syntax", "max-name = 9\nlisten = [\"a\"\n\n", `FILE:3:1: array is incomplete`},
		{"key twice", "max-name = 9\nmax-name = 9\n", `FILE:2:1: key max-name is already defined`},
		{"text for a number", "max-name = \"9\"\n",
			`FILE:1:12: max-name: a whole number is wanted, not a text in quotes`},
		{"number for a time", "\nrequest-timeout = 30\n",
			`FILE:2: request-timeout: "30" is no time such as "30s" or "2m"`},
		{"no time", "request-timeout = \"x\"\n", `FILE:1:19: request-timeout: "x" is no time such as "30s" or "2m"`},
		{"time zero", "request-timeout = \"0\"\n", `FILE:1: request-timeout 0s: must be more than 0`},
		{"max-name zero", "\ufeffmax-name = 0\n", `FILE:1: max-name 0: must be from 4, the length of HELP, to 65536`},
		{"port beyond 65535", "listen = [\":65536\"]\n",
			`FILE:1: listen ":65536": "65536" is not a port number from 0 to 65535`},
		{"unknown kind", "[services]\necho = \"run:echo\"\n",
			`FILE:2: service "echo": unknown kind "run", there are: builtin, exec, exec-own, tcp, unix`},
		{"service twice", "[services]\necho = \"builtin:echo\"\nEcho = \"builtin:discard\"\n",
			`FILE:2: service "echo": there is already one of that name`},
		{"HELP as service", "[services]\nHELP = \"builtin:echo\"\n", `FILE:2: service "HELP": the name is reserved`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "tcpmuxd.toml")
			progtest.Must(t, os.WriteFile(file, []byte(test.text), 0o600))
			got := progtest.Run(t, nil, "tcpmuxd", "--config", file)
			got.Stderr = strings.ReplaceAll(got.Stderr, file, "FILE")
			progtest.CheckComplaint(t, got, "tcpmuxd", test.complaint)
		})
	}
}

func TestConfigFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	got := progtest.Run(t, nil, "tcpmuxd", "--config", dir+"/none")
	progtest.CheckComplaint(t, got, "tcpmuxd", "open "+dir+"/none: no such file or directory")
	got = progtest.Run(t, nil, "tcpmuxd", "--config", dir)
	progtest.CheckComplaint(t, got, "tcpmuxd", "read "+dir+": is a directory")
}
