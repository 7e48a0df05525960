// Command hmacsocketclient is the client side of an HMACSocket forwarder. hmacsocketclient --help tells the rest.
package main

import (
	"os"

	"github.com/muxspec/muxspec/cmd/internal/cli"
)

func main() { os.Exit(cli.HMACSocketClient(os.Args[1:])) }
