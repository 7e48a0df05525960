package conformance_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/conformance"
)

// ownMain makes the test binary one whose TestMain is conformance's.
const ownMain = "MUXSPEC_TEST_OWN_MAIN"

// TestOwnFixture: the test binary itself is the program that has the fixtures, once its TestMain is conformance's; else
// an empty Program is the caller's mistake, and no target is blamed.
func TestOwnFixture(t *testing.T) {
	target, err := conformance.LoadTarget("reference")
	if err != nil {
		t.Fatal(err)
	}
	target.Command = []string{"cat"}
	target.Commands = nil
	target.Files = nil
	o := conformance.Options{Target: target, Role: "tcpmux-client", Scenarios: []string{"client-baseline"}}
	_, err = conformance.Run(context.Background(), o)
	if os.Getenv(ownMain) != "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), "Options.Program is empty: call conformance.TestMain") {
		t.Errorf("without a program: %v", err)
	}
	if _, err := conformance.Run(context.Background(), conformance.Options{}); err == nil ||
		!strings.Contains(err.Error(), "Target is missing") {
		t.Errorf("without a target: %v", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"service", "echo"}, {"-test.run=^TestOwnFixture$"}} {
		cmd := exec.Command(self, args...)
		cmd.Env, cmd.Stdin = append(os.Environ(), ownMain+"=yes"), strings.NewReader("as it came")
		out, err := cmd.CombinedOutput()
		if err != nil || args[0] == "service" && string(out) != "as it came" {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
	// A binary that is no fixture but is named as one says so, and does not start itself again and again.
	o.Program = self
	args := os.Args
	defer func() { os.Args = args }()
	os.Args = []string{self, "service", "echo"}
	if _, err := conformance.Run(context.Background(), o); err == nil ||
		!strings.Contains(err.Error(), "is no fixture") {
		t.Errorf("a program without fixtures: %v", err)
	}
}
