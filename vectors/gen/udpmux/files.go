// Package udpmux holds the tables of UDP mux's golden vectors. The details come from conformance/wire/udpmux.
package udpmux

import (
	"github.com/muxspec/muxspec/vectors"
	"github.com/muxspec/muxspec/vectors/gen/table"
)

// Files makes the files out of the tables. The error tells all that is wrong.
func Files() ([]vectors.File, error) {
	p := &table.Protocol{Name: "udpmux", Flags: flags}
	table.Add(p, "first-bytes.json", vectors.Datagram, firstBytesAre, firstBytes(), datagramRow.datagram)
	table.Add(p, "datagrams.json", vectors.Datagram, datagramsAre, datagrams(), datagramRow.datagram)
	table.Add(p, "answers.json", vectors.Answer, answersAre, answers(), answerRow.answer)
	table.Add(p, "datagram-writers.json", vectors.DatagramWriter,
		datagramWritersAre, datagramWriters(), datagramWriterRow.datagramWriter)
	table.Add(p, "frames.json", vectors.OneFrame, framesAre, frames, frameRow.frame)
	table.Add(p, "frame-parts.json", vectors.OneFrame, framePartsAre, frameParts(), frameRow.frame)
	table.Add(p, "frame-writers.json", vectors.FrameWriter, frameWritersAre, frameWriters, frameWriterRow.frameWriter)
	table.Add(p, "keys.json", vectors.KeyText, keysAre, keys(), keyRow.key)
	table.Add(p, "tokens.json", vectors.Token, tokensAre, tokens, tokenRow.token)
	table.Add(p, "connects.json", vectors.Connect, connectsAre, connects, connectRow.connect)
	table.Add(p, "connect-writers.json", vectors.ConnectWriter,
		connectWritersAre, connectWriters, connectWriterRow.connectWriter)
	table.Add(p, "numbers.json", vectors.Number, numbersAre, numbers, numberRow.number)
	table.Add(p, "colours.json", vectors.Colours, coloursAre, colours, coloursRow.colours)
	table.Add(p, "signals.json", vectors.Signal, signalsAre, signals, signalRow.signal)
	return p.Files()
}
