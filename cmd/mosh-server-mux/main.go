// Command mosh-server-mux starts mosh-server behind moshd, which serves many mosh sessions on one UDP port: UDP mux's
// session agent. mosh-server-mux --help tells the rest.
package main

import (
	"github.com/muxspec/muxspec/cmd/internal/moshagent"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
)

func main() { stdio.Main(moshagent.Server) }
