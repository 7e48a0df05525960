package udpmux

import (
	"fmt"
	"strconv"

	"github.com/muxspec/muxspec/conformance/wire/udpmux"
	"github.com/muxspec/muxspec/vectors"
	"github.com/muxspec/muxspec/vectors/gen/table"
)

// A keyRow is bytes for a reader of K's text, and K, S and T in hexadecimal digits if it is valid. Where the table has
// no T it is not from the page, and S and T come from conformance/wire/udpmux.
type keyRow struct {
	id, input, k, s, t string
	outcome
	rules, flags, comment string
}

func (r keyRow) key() (vectors.Vector, error) {
	v := &vectors.KeyVector{Head: table.Head(r.id, r.rules, r.flags, r.comment), Whole: whole(r.input),
		Outcome: r.Vector()}
	k, fault := udpmux.ReadK(v.Input)
	if fault == udpmux.None {
		s := udpmux.DeriveS(k)
		t := udpmux.DeriveT(s)
		v.Key, v.S, v.T = k[:], s[:], t[:]
	}
	if string(v.Key) != unhex(r.k) || r.t != "" && (string(v.S) != unhex(r.s) || string(v.T) != unhex(r.t)) {
		return v, fmt.Errorf("the table has %s, %s, %s, conformance/wire/udpmux %x, %x, %x",
			r.k, r.s, r.t, v.Key, v.S, v.T)
	}
	return v, r.Check(fault)
}

// A tokenRow is S, and T if it is from the page, in hexadecimal digits.
type tokenRow struct {
	id, s, t       string
	rules, comment string
}

func (r tokenRow) token() (vectors.Vector, error) {
	v := &vectors.TokenVector{Head: table.Head(r.id, r.rules, "", r.comment), S: vectors.Hex(unhex(r.s))}
	t := udpmux.DeriveT(udpmux.S(v.S))
	if v.T = t[:]; r.t != "" && string(v.T) != unhex(r.t) {
		return v, fmt.Errorf("the table has %s, conformance/wire/udpmux %x", r.t, t)
	}
	return v, nil
}

// A connectRow is output of mosh-server. The port stands in the table; K is the example's.
type connectRow struct {
	id, input string
	ended     bool
	port      uint16
	outcome
	rules, flags, comment string
}

func (r connectRow) connect() (vectors.Vector, error) {
	v := &vectors.ConnectVector{Head: table.Head(r.id, r.rules, r.flags, r.comment),
		Streamed: streamed(r.input, r.ended), Outcome: r.Vector()}
	got, k, fault := udpmux.ReadConnect(v.Input, r.ended)
	if fault == udpmux.None {
		v.Port, v.Key = got, k[:]
	}
	if got != r.port || fault == udpmux.None && string(v.Key) != unhex(exampleK) {
		return v, fmt.Errorf("the table has %d, conformance/wire/udpmux %d and %x", r.port, got, v.Key)
	}
	return v, r.Check(fault)
}

// A connectWriterRow is a number N and K to write.
type connectWriterRow struct {
	id             string
	n              uint64
	k              string // in hexadecimal digits
	output         string
	rules, comment string
}

func (r connectWriterRow) connectWriter() (vectors.Vector, error) {
	v := &vectors.ConnectWriterVector{
		Head: table.Head(r.id, r.rules, "", r.comment), Outcome: valid.Vector(),
		Number: strconv.FormatUint(r.n, 10), Key: vectors.Hex(unhex(r.k)),
	}
	var err error
	v.Output, err = valid.Written(udpmux.WriteConnect([]byte{}, r.n, udpmux.K(v.Key)), r.output, udpmux.None)
	return v, err
}

// A numberRow is a last argument, and form and port if it is valid.
type numberRow struct {
	id, input, form string
	port            uint16
	outcome
	rules, flags, comment string
}

func (r numberRow) number() (vectors.Vector, error) {
	v := &vectors.NumberVector{Head: table.Head(r.id, r.rules, r.flags, r.comment), Whole: whole(r.input),
		Outcome: r.Vector()}
	n, got := udpmux.ReadN(v.Input)
	fault := udpmux.None
	switch n {
	case udpmux.PlainN:
		v.Form, v.Port = learn, got
	case udpmux.TokenN:
		v.Form, v.Port = token, got
	default:
		fault = udpmux.Fault(n)
	}
	if v.Form != r.form || got != r.port {
		return v, fmt.Errorf("the table has %s %d, conformance/wire/udpmux %s %d", r.form, r.port, v.Form, got)
	}
	return v, r.Check(fault)
}

// A coloursRow is what the real client printed, and what the agent prints, line end included.
type coloursRow struct {
	id, input             string
	failed                bool
	output                string
	rules, flags, comment string
}

func (r coloursRow) colours() (vectors.Vector, error) {
	v := &vectors.ColoursVector{Head: table.Head(r.id, r.rules, r.flags, r.comment), Whole: whole(r.input),
		Failed: r.failed}
	v.Output = vectors.Hex(udpmux.WriteColours(v.Input, r.failed) + "\n")
	if string(v.Output) != r.output {
		return v, fmt.Errorf("the table has %q, conformance/wire/udpmux %q", r.output, v.Output)
	}
	return v, nil
}

// A signalRow is an argument of -c.
type signalRow struct {
	id, input      string
	agent          bool
	rules, comment string
}

func (r signalRow) signal() (vectors.Vector, error) {
	v := &vectors.SignalVector{Head: table.Head(r.id, r.rules, "", r.comment), Whole: whole(r.input)}
	if v.Agent = udpmux.ReadColours([]byte(r.input)); v.Agent != r.agent {
		return v, fmt.Errorf("the table has %t, conformance/wire/udpmux %t", r.agent, v.Agent)
	}
	return v, nil
}
