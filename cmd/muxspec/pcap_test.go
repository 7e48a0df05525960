package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// TestPcap: tshark reads what a run has written, with good checksums, the segments one by one, and both ends of a play.
func TestPcap(t *testing.T) {
	tshark := progtest.Peer(t, "tshark")
	for _, c := range []struct {
		role, scenario, kind string
		first                []string // contents of the first packets that have any, in hexadecimal
	}{
		{"tcpmux-server", "name-in-two-segments", "tcp", []string{"6563", "686f0d0a"}},
		{"tcpmux-client", "client-baseline", "tcp", []string{"6563686f0d0a"}},
		{"hmacsocket-server", "key-of-hexadecimal-digits", "tcp", nil},
		{"udpmux-daemon", "token-both-ways", "udp", nil},
		{"udpmux-client-agent", "agent-relay", "udp", nil},
	} {
		file := filepath.Join(t.TempDir(), "p.pcapng")
		run := exec.Command("muxspec", "run", c.role, "--quick", "--scenario", c.scenario, "--pcap", file)
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		args := []string{"-n", "-r", file, "-Y", "frame.interface_name == \"" + c.scenario + "\"",
			"-o", "ip.check_checksum:TRUE", "-o", c.kind + ".check_checksum:TRUE", "-T", "fields", "-E", "separator=|"}
		for _, field := range []string{"ip.checksum.status", c.kind + ".checksum.status", "frame.comment",
			c.kind + ".payload", c.kind + ".stream"} {
			args = append(args, "-e", field)
		}
		out, err := exec.Command(tshark, args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		var contents, comments []string
		for line := range strings.Lines(string(out)) {
			f := strings.Split(strings.TrimSuffix(line, "\n"), "|")
			if f[0] != "1" && f[0] != "" || f[1] != "1" { // IPv6 has none of its own
				t.Errorf("%s: a checksum is not good: %q", c.scenario, f)
			}
			contents, comments = append(contents, f[3]), append(comments, f[2])
		}
		contents = slices.DeleteFunc(contents, func(text string) bool { return text == "" })
		if len(contents) < 2 || !slices.Equal(contents[:len(c.first)], c.first) {
			t.Errorf("%s: the contents are %q", c.scenario, contents)
		}
		if first, last := comments[0], comments[len(comments)-1]; !strings.HasPrefix(first, c.scenario+": ") ||
			last != "end of "+c.scenario+": pass" {
			t.Errorf("%s: the comments are %q and %q", c.scenario, first, last)
		}
	}
}
