package progtest

import (
	"strings"
	"testing"
)

// CheckHelp demands of programs what --help, -h and --version owe.
func CheckHelp(t *testing.T, programs ...string) {
	for _, program := range programs {
		for option, want := range map[string]string{
			"--help":    "Usage: " + program + " [OPTION]...",
			"-h":        "Usage: " + program + " [OPTION]...",
			"--version": program + " (muxspec) ",
		} {
			t.Run(program+option, func(t *testing.T) {
				t.Parallel()
				got := Run(t, nil, program, option)
				if got.Code != 0 || got.Stderr != "" || !strings.HasPrefix(got.Stdout, want) {
					t.Errorf("got %+v", got)
				}
				if lines := strings.Count(got.Stdout, "\n"); option == "--version" && lines != 1 {
					t.Errorf("the version has %d lines", lines)
				}
			})
		}
	}
}
