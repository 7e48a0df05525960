// Command moshd is the daemon of UDP mux: many mosh sessions behind one UDP port. moshd --help tells the rest.
package main

import (
	"github.com/muxspec/muxspec/cmd/internal/moshd"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
)

func main() { stdio.Main(moshd.Main) }
