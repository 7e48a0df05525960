// Command mosh-client-mux is what mosh --client=mosh-client-mux starts: UDP mux's client agent.
package main

import (
	"os"

	"github.com/muxspec/muxspec/cmd/internal/cli"
)

func main() { os.Exit(cli.MoshClientMux(os.Args[1:])) }
