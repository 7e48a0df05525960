package tcpmux_test

import (
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

func TestWrongOptionsOfClient(t *testing.T) {
	for _, test := range []struct {
		name      string
		args      []string
		complaint string
	}{
		{"no argument", nil, `HOST[:PORT] NAME expected; arguments given: 0`},
		{"no name", []string{"localhost"}, `HOST[:PORT] NAME expected; arguments given: 1`},
		{"too many arguments", []string{"localhost", "echo", "x"}, `HOST[:PORT] NAME expected; arguments given: 3`},
		{"list of nobody", []string{"--list"}, `HOST[:PORT] expected; arguments given: 0`},
		{"list of a service", []string{"--list", "localhost", "echo"}, `HOST[:PORT] expected; arguments given: 2`},
		{"unknown option", []string{"--colour", "localhost", "echo"}, `unknown flag: --colour`},
		{"timeout zero", []string{"--timeout", "0", "localhost", "echo"}, `--timeout 0s: must be more than 0`},
		{"timeout no time", []string{"--timeout", "x", "localhost", "echo"},
			`--timeout "x": must be a time as "10s" or "2m"`},
		{"empty address", []string{"", "echo"}, `":1" is not HOST:PORT`},
		{"address without host", []string{":1", "echo"}, `":1" is not HOST:PORT`},
		{"address with two ports", []string{"localhost:1:2", "echo"}, `"localhost:1:2" is not HOST:PORT`},
		{"port beyond 65535", []string{"localhost:99999", "echo"},
			`"localhost:99999": "99999" is not a port number from 1 to 65535`},
		{"port zero", []string{"localhost:0", "echo"}, `"localhost:0": "0" is not a port number from 1 to 65535`},
		{"empty port", []string{"localhost:", "echo"}, `"localhost:": "" is not a port number from 1 to 65535`},
		{"port by name", []string{"localhost:tcpmux", "echo"},
			`"localhost:tcpmux": "tcpmux" is not a port number from 1 to 65535`},
		{"empty name", []string{"localhost", ""}, `"" cannot be a service name: service name is empty`},
		{"name with CR LF", []string{"localhost", "a\r\nb"},
			`"a\r\nb" cannot be a service name: line holds NUL, or CR or LF that is not its end`},
		{"name with CR last", []string{"localhost", "a\r"},
			`"a\r" cannot be a service name: line holds NUL, or CR or LF that is not its end`},
		{"name with LF", []string{"localhost", "a\n"},
			`"a\n" cannot be a service name: line holds NUL, or CR or LF that is not its end`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			progtest.CheckComplaint(t, progtest.Run(t, nil, "tcpmux", test.args...), "tcpmux", test.complaint)
		})
	}
}
