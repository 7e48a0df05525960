// Command mosh-server-mux starts mosh-server behind moshd, which serves many mosh sessions on one UDP port: UDP mux's session agent. mosh-server-mux --help tells the rest.
package main

import (
	"os"

	"github.com/muxspec/muxspec/cmd/internal/cli"
)

func main() { os.Exit(cli.MoshServerMux(os.Args[1:])) }
