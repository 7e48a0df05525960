// Command tcpmux is a client for TCPMUX servers (RFC 1078). tcpmux --help tells the rest.
package main

import (
	"os"

	"github.com/muxspec/muxspec/cmd/internal/cli"
)

func main() { os.Exit(cli.TCPMux(os.Args[1:])) }
