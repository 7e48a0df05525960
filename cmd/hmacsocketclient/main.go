// Command hmacsocketclient is the client side of an HMACSocket forwarder. hmacsocketclient --help tells the rest.
package main

import (
	"github.com/muxspec/muxspec/cmd/internal/hmacsocket"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
)

func main() { stdio.Main(hmacsocket.Client) }
