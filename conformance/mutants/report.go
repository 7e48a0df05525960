package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/report"
)

// endLimit is the time that a suite that was interrupted has to end its scenario and its targets.
const endLimit = 20 * time.Second

// Report runs "muxspec run ROLE" of a program that was built, which re-executes itself as the target, with its
// temporary files in the folder tmp. It gives ctx's error where the run has to be interrupted.
func Report(ctx context.Context, program, tmp, role string, options ...string) (*report.Report, error) {
	args := append([]string{"run", role, "--json", "-"}, options...)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	// Not to be killed: it has servers to end.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = endLimit
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	// That it exits with an error is what a mutant is for.
	rep := new(report.Report)
	if jsonErr := json.Unmarshal(stdout.Bytes(), rep); jsonErr != nil || len(rep.Rules) == 0 {
		return nil, fmt.Errorf("muxspec %s gives no report: %w\n%s%s",
			strings.Join(args, " "), errors.Join(err, jsonErr), stderr.Bytes(), stdout.Bytes())
	}
	return rep, nil
}

// WriteJSON writes what the mutants told of the suite to a file.
func WriteJSON(file string, outcome any) error {
	b, err := json.MarshalIndent(outcome, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

// Root gives the folder of the tree that the program was started in.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if filepath.Base(mod) != "go.mod" {
		return "", errors.New("this is not a folder of the module")
	}
	return filepath.Dir(mod), nil
}
