// Command tcpmux is a client for TCPMUX servers (RFC 1078). tcpmux --help tells the rest.
package main

import (
	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/cmd/internal/tcpmux"
)

func main() { stdio.Main(tcpmux.Main) }
