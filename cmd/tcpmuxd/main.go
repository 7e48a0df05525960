// Command tcpmuxd is a TCPMUX server (RFC 1078). tcpmuxd --help tells the rest.
package main

import (
	"os"

	"github.com/muxspec/muxspec/cmd/internal/cli"
)

func main() { os.Exit(cli.TCPMuxD(os.Args[1:])) }
