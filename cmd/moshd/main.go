// Command moshd is the daemon of UDP mux: many mosh sessions behind one UDP port. moshd --help tells the rest.
package main

import (
	"os"

	"github.com/muxspec/muxspec/cmd/internal/cli"
)

func main() { os.Exit(cli.MoshD(os.Args[1:])) }
