// Command tcpmuxd is a TCPMUX server (RFC 1078). tcpmuxd --help tells the rest.
package main

import (
	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/cmd/internal/tcpmuxd"
)

func main() { stdio.Main(tcpmuxd.Main) }
