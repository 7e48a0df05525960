package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// onPTY gives what a command prints on a terminal of that many columns.
func onPTY(t *testing.T, columns uint16, env []string, args ...string) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	progtest.Must(t, err)
	defer master.Close()
	fd := int(master.Fd())
	progtest.Must(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	progtest.Must(t, err)
	progtest.Must(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: 24}))
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	progtest.Must(t, err)
	cmd := exec.Command("muxspec", args...) // testscript puts it onto PATH
	cmd.Env = append(os.Environ(), append([]string{"TERM=xterm", "COLUMNS=", "NO_COLOR="}, env...)...)
	cmd.Stdout = slave
	progtest.Must(t, cmd.Start())
	slave.Close()
	var b bytes.Buffer
	io.Copy(&b, master) // ends with an error when nobody has the terminal open any more
	progtest.Must(t, cmd.Wait())
	return b.String()
}

// On a terminal outcomes have colours, unless they are refused, and lines are as wide as it is.
func TestTerminal(t *testing.T) {
	const rule = "TCPMUX-5"
	for _, c := range []struct {
		name     string
		columns  uint16
		env      []string
		colour   string // --color
		coloured bool
		end      string // of the line with the rule
	}{
		{"wide", 200, nil, "auto", true, "service's first."},
		{"narrow", 70, nil, "auto", true, "The byte after a positive reply's CR L…"},
		{"unknown width", 0, nil, "auto", true, "The byte after a positive reply's CR LF is the s…"},
		{"COLUMNS", 200, []string{"COLUMNS=70"}, "auto", true, "reply's CR L…"},
		{"NO_COLOR", 200, []string{"NO_COLOR=1"}, "auto", false, "service's first."},
		{"dumb", 200, []string{"TERM=dumb"}, "auto", false, "service's first."},
		{"always", 200, []string{"NO_COLOR=1"}, "always", true, "service's first."},
		{"never", 200, nil, "never", false, "service's first."},
	} {
		got := onPTY(t, c.columns, c.env, "run", "tcpmux-server", "--quick", "--rule", rule, "--color", c.colour)
		line := ""
		for l := range strings.Lines(got) {
			if strings.Contains(l, rule) {
				line = strings.TrimRight(l, "\r\n")
			}
		}
		if strings.Contains(line, "\x1b[32m") != c.coloured || !strings.HasSuffix(line, c.end) {
			t.Errorf("%s: %q", c.name, line)
		}
	}
}
