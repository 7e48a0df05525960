package tcpmux

import (
	"fmt"

	"github.com/muxspec/muxspec/conformance/wire/tcpmux"
	"github.com/muxspec/muxspec/vectors"
	"github.com/muxspec/muxspec/vectors/gen/table"
)

// The limits that most vectors have: wide is never reached where it does not matter, small makes what does easy to
// read.
const (
	wide  = 255
	small = 8
)

// An outcome is what a row must come to.
type outcome = table.Outcome[tcpmux.Fault]

var (
	valid      = table.Is(vectors.Valid, tcpmux.None)
	incomplete = table.Is(vectors.Incomplete, tcpmux.Incomplete)
	badByte    = table.Is(vectors.Invalid, tcpmux.BadByte)
	tooLong    = table.Is(vectors.Invalid, tcpmux.TooLong)
	cutShort   = table.Is(vectors.Invalid, tcpmux.CutShort)
	emptyName  = table.Is(vectors.Invalid, tcpmux.EmptyName)
	badSign    = table.Is(vectors.Invalid, tcpmux.BadSign)
	// acceptable is a bad byte that a reader may take nevertheless; one of the row's flags must explain why.
	acceptable = table.Is(vectors.Acceptable, tcpmux.BadByte)
)

// A row is bytes for a reader of requests or of replies.
type row struct {
	id    string
	max   int
	input string
	outcome
	rules, flags, comment string
}

// open is the stream of all requests and replies: it has not ended after the input.
func (r row) open() vectors.Streamed { return vectors.Streamed{Input: vectors.Hex(r.input)} }

func (r row) request() (vectors.Vector, error) {
	v := &vectors.RequestVector{
		Head: table.Head(r.id, r.rules, r.flags, r.comment), Max: r.max, Streamed: r.open(), Outcome: r.Vector(),
	}
	name, n, fault := tcpmux.ParseRequest(v.Input, r.max)
	if fault == tcpmux.None {
		v.Name, v.Consumed = name, n
	}
	return v, r.Check(fault)
}

func (r row) reply() (vectors.Vector, error) {
	v := &vectors.ReplyVector{
		Head: table.Head(r.id, r.rules, r.flags, r.comment), Max: r.max, Streamed: r.open(), Outcome: r.Vector(),
	}
	sign, explanation, n, fault := tcpmux.ParseReply(v.Input, r.max)
	if fault == tcpmux.None {
		v.Sign, v.Explanation, v.Consumed = vectors.Hex{sign}, explanation, n
	}
	return v, r.Check(fault)
}

// A listRow is bytes for a reader of lists.
type listRow struct {
	id    string
	max   int
	input string
	ended bool
	outcome
	rules, flags, comment string
}

// Whether the connection has ended after a list's input.
const (
	ended = true
	open  = false
)

func (r listRow) list() (vectors.Vector, error) {
	v := &vectors.ListVector{
		Head: table.Head(r.id, r.rules, r.flags, r.comment), Max: r.max, Outcome: r.Vector(),
		Streamed: vectors.Streamed{Input: vectors.Hex(r.input), Ended: r.ended},
	}
	list, fault := tcpmux.ParseList(v.Input, r.max, r.ended)
	switch {
	case fault != tcpmux.None:
	case list.Refused:
		v.Refused, v.Explanation = new(true), list.Explanation
	default:
		v.Refused, v.Introduction, v.Names = new(false), list.Introduction, []vectors.Hex{}
		for _, name := range list.Names {
			v.Names = append(v.Names, name)
		}
	}
	return v, r.Check(fault)
}

// A nameRow is two names, and whether they are the same.
type nameRow struct {
	id, a, b              string
	same                  bool
	rules, flags, comment string
}

func (r nameRow) name() (vectors.Vector, error) {
	v := &vectors.NameVector{
		Head: table.Head(r.id, r.rules, r.flags, r.comment), A: vectors.Hex(r.a), B: vectors.Hex(r.b), Same: r.same,
	}
	if tcpmux.SameName(v.A, v.B) != r.same || tcpmux.SameName(v.B, v.A) != r.same {
		return v, fmt.Errorf("the table has same %t, conformance/wire/tcpmux not in both orders", r.same)
	}
	return v, nil
}

// A writerRow is texts for a writer: a request's name, a reply's explanation or a list's names.
type writerRow struct {
	id     string
	writes vectors.Codec
	max    int
	sign   string // a reply's
	texts  []string
	outcome
	rules, flags, comment string
}

// text and texts make a writerRow's texts.
func text(s string) []string       { return []string{s} }
func texts(all ...string) []string { return all }

func (r writerRow) writer() (vectors.Vector, error) {
	v := &vectors.WriterVector{
		Head: table.Head(r.id, r.rules, r.flags, r.comment), Max: r.max, Writes: r.writes, Outcome: r.Vector(),
	}
	var output []byte
	var fault tcpmux.Fault
	switch r.writes {
	case vectors.Request:
		v.Name = vectors.Hex(r.texts[0])
		output, fault = tcpmux.AppendRequest([]byte{}, v.Name, r.max)
	case vectors.Reply:
		v.Sign, v.Explanation = vectors.Hex(r.sign), vectors.Hex(r.texts[0])
		output, fault = tcpmux.AppendReply([]byte{}, r.sign[0], v.Explanation, r.max)
	case vectors.List:
		v.Names = []vectors.Hex{}
		var names [][]byte
		for _, name := range r.texts {
			v.Names = append(v.Names, vectors.Hex(name))
			names = append(names, []byte(name))
		}
		output, fault = tcpmux.AppendList([]byte{}, names, r.max)
	}
	if fault == tcpmux.None {
		v.Output = output
	}
	return v, r.Check(fault)
}
