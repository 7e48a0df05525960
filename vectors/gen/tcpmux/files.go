// Package tcpmux holds the tables of TCPMUX's golden vectors. The details come from conformance/wire/tcpmux.
package tcpmux

import (
	"slices"

	"github.com/muxspec/muxspec/vectors"
	"github.com/muxspec/muxspec/vectors/gen/table"
)

// Files makes the files out of the tables. The error tells all that is wrong.
func Files() ([]vectors.File, error) {
	p := &table.Protocol{Name: "tcpmux", Flags: flags}
	table.Add(p, "requests.json", vectors.Request, requestsAre, requests, row.request)
	table.Add(p, "replies.json", vectors.Reply, repliesAre, replies, row.reply)
	table.Add(p, "lists.json", vectors.List, listsAre, slices.Concat(lists, listFaults), listRow.list)
	table.Add(p, "names.json", vectors.Name, namesAre, names, nameRow.name)
	table.Add(p, "writers.json", vectors.Writer, writersAre, writers, writerRow.writer)
	return p.Files()
}
