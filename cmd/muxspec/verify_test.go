package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/conformance/report"
)

// othersuite FILE OTHER: OTHER is the report in FILE as another suite would have made it.
func otherSuite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: othersuite FILE OTHER")
	}
	rep, err := report.Read(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	rep.Suite = report.Suite{Version: "v9.9.9", Digest: strings.Repeat("0", 64)}
	rep.VerdictDigest = rep.Verdict()
	text, err := json.Marshal(rep)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o644))
}

// TestSigned: ssh-keygen signs and verifies a statement as docs/conformance.md says, and refuses one that was changed.
func TestSigned(t *testing.T) {
	keygen := progtest.Peer(t, "ssh-keygen")
	dir := t.TempDir()
	muxspec, err := exec.LookPath("muxspec") // testscript puts it there
	if err != nil {
		t.Fatal(err)
	}
	in := func(ok bool, stdin, command string, args ...string) {
		t.Helper()
		cmd := exec.Command(command, args...)
		cmd.Dir = dir
		if stdin != "" {
			f, err := os.Open(filepath.Join(dir, stdin))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			cmd.Stdin = f
		}
		if out, err := cmd.CombinedOutput(); (err == nil) != ok {
			t.Fatalf("%s %q: %v\n%s", command, args, err, out)
		}
	}
	in(true, "", muxspec, "run", "tcpmux-server", "--quick", "--rule", "TCPMUX-7", "--in-toto", "statement.json")
	in(true, "", keygen, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "key")
	in(true, "", keygen, "-Y", "sign", "-f", "key", "-n", "muxspec", "statement.json")
	public, err := os.ReadFile(filepath.Join(dir, "key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	signers := append([]byte("me@example.org "), public...)
	if err := os.WriteFile(filepath.Join(dir, "signers"), signers, 0o600); err != nil {
		t.Fatal(err)
	}
	verify := []string{"-Y", "verify", "-f", "signers", "-I", "me@example.org", "-n", "muxspec",
		"-s", "statement.json.sig"}
	in(true, "statement.json", keygen, verify...)
	text, err := os.ReadFile(filepath.Join(dir, "statement.json"))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "PASSED", "FAILED", 1)
	if err := os.WriteFile(filepath.Join(dir, "changed.json"), []byte(changed), 0o644); err != nil ||
		changed == string(text) {
		t.Fatal(err, changed)
	}
	in(false, "changed.json", keygen, verify...)
}
