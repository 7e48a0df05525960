// Command mosh-client-mux is what mosh --client=mosh-client-mux starts: UDP mux's client agent.
package main

import (
	"github.com/muxspec/muxspec/cmd/internal/moshagent"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
)

func main() { stdio.Main(moshagent.Client) }
