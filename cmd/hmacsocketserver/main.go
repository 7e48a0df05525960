// Command hmacsocketserver is the server side of an HMACSocket forwarder. hmacsocketserver --help tells the rest.
package main

import (
	"os"

	"github.com/muxspec/muxspec/cmd/internal/cli"
)

func main() { os.Exit(cli.HMACSocketServer(os.Args[1:])) }
