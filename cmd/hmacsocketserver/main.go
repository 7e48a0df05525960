// Command hmacsocketserver is the server side of an HMACSocket forwarder. hmacsocketserver --help tells the rest.
package main

import (
	"github.com/muxspec/muxspec/cmd/internal/hmacsocket"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
)

func main() { stdio.Main(hmacsocket.Server) }
