package moshagent_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// onPath gives a PATH with folders that have these programs, each a script for sh, in front of the usual ones.
func onPath(t *testing.T, scripts ...string) string {
	t.Helper()
	path := os.Getenv("PATH")
	for i := len(scripts) - 1; i >= 0; i-- {
		dir := t.TempDir()
		for _, name := range []string{"mosh-server", "mosh-client"} {
			progtest.Must(t, os.WriteFile(dir+"/"+name, []byte("#!/bin/sh\n"+scripts[i]+"\n"), 0o755))
		}
		path = dir + ":" + path
	}
	return path
}

// What a service manager says to the agent is not said to the program that it starts.
func TestServiceManagersWords(t *testing.T) {
	t.Parallel()
	for program, args := range map[string][]string{"mosh-server-mux": {"-x"}, "mosh-client-mux": {"host", "60000"}} {
		cmd := exec.Command(program, args...)
		cmd.Env = append(os.Environ(), "PATH="+onPath(t, "exec env"), "NOTIFY_SOCKET=/x",
			"WATCHDOG_USEC=1", "WATCHDOG_PID=1", "LISTEN_FDS=1", "LISTEN_PID=1", "LISTEN_FDNAMES=x", "MOSH_KEY=kept")
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(out), "NOTIFY_SOCKET") || strings.Contains(string(out), "WATCHDOG") ||
			strings.Contains(string(out), "LISTEN") || !strings.Contains(string(out), "MOSH_KEY=kept") {
			t.Errorf("%s: %v\n%s", program, err, out)
		}
	}
}

// Programs on PATH that lead back to the agent are passed over, each once; where no other is, that is said. A variable
// that comes from another process does not matter.
func TestLedBack(t *testing.T) {
	t.Parallel()
	for program, args := range map[string]string{"mosh-server-mux": "-x", "mosh-client-mux": "host 60000"} {
		back := fmt.Sprintf("echo back\n%s \"$@\"\nexit $?", program)
		for _, test := range []struct {
			scripts []string
			tried   string
			want    string
		}{
			{[]string{back, "exec " + program + " \"$@\"", back, "echo good"}, "", "back\nback\ngood\n"},
			{[]string{"echo good"}, "999999999:{first}", "good\n"},
			{[]string{back, back}, "", "is not this program"},
		} {
			path := onPath(t, test.scripts...)
			if len(test.scripts) == 2 {
				path = strings.Join(strings.Split(path, ":")[:3], ":") // the programs of the test, without mosh's
			}
			first, _, _ := strings.Cut(path, ":")
			cmd := exec.Command(program, strings.Fields(args)...)
			tried := strings.ReplaceAll(test.tried, "{first}", first+"/mosh-server:"+first+"/mosh-client")
			cmd.Env = append(os.Environ(), "PATH="+path+":/bin", "MOSH_MUX_TRIED="+tried)
			if out, _ := cmd.CombinedOutput(); !strings.Contains(string(out), test.want) {
				t.Errorf("%s: %q, not %q", program, out, test.want)
			}
		}
	}
}
