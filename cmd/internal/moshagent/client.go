package moshagent

import (
	"errors"
	"fmt"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/ref/udpmux/agent"
)

// Client is the program mosh-client-mux: UDP mux's client agent. It has no options.
func Client(args []string) int {
	if agent.InBackground(args) {
		return exitCode(agent.KeepRelay())
	}
	err := agent.Client(args)
	if err == nil {
		return cmdline.ExitOK
	}
	fmt.Fprintf(stdio.Stderr, "mosh-client-mux: %v\n", err)
	if _, wrong := errors.AsType[agent.Misuse](err); wrong {
		return cmdline.ExitUsage
	}
	return cmdline.ExitFailure
}
