// Package hmacsocket holds the tables of HMACSocket's golden vectors. The details come from
// conformance/wire/hmacsocket.
package hmacsocket

import (
	"github.com/muxspec/muxspec/vectors"
	"github.com/muxspec/muxspec/vectors/gen/table"
)

// Files makes the files out of the tables. The error tells all that is wrong.
func Files() ([]vectors.File, error) {
	p := &table.Protocol{Name: "hmacsocket", Flags: flags}
	table.Add(p, "inits.json", vectors.Init, initsAre, inits, initRow.init)
	table.Add(p, "counters.json", vectors.Counter, countersAre, counters, counterRow.counter)
	table.Add(p, "keys.json", vectors.OneMessage, keysAre, keys(), row.message)
	table.Add(p, "chunks.json", vectors.OneMessage, chunksAre, chunks, row.message)
	table.Add(p, "forgeries.json", vectors.OneMessage, forgeriesAre, forgeries, row.message)
	table.Add(p, "errors.json", vectors.OneMessage, errorsAre, failures, row.message)
	table.Add(p, "streams.json", vectors.Stream, streamsAre, streams, streamRow.stream)
	table.Add(p, "init-writers.json", vectors.InitWriter, initWritersAre, initWriters, initWriterRow.initWriter)
	table.Add(p, "message-writers.json", vectors.MessageWriter, messageWritersAre, messageWriters, writerRow.writer)
	return p.Files()
}
