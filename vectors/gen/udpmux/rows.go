package udpmux

import (
	"fmt"
	"strconv"

	"github.com/muxspec/muxspec/conformance/wire/udpmux"
	"github.com/muxspec/muxspec/vectors"
	"github.com/muxspec/muxspec/vectors/gen/table"
)

// An outcome is what a row must come to.
type outcome = table.Outcome[udpmux.Fault]

var (
	valid          = table.Is(vectors.Valid, udpmux.None)
	incomplete     = table.Is(vectors.Incomplete, udpmux.Incomplete)
	empty          = bad(udpmux.Empty)
	shortHeader    = bad(udpmux.ShortHeader)
	reserved       = bad(udpmux.Reserved)
	tooShort       = bad(udpmux.TooShort)
	tooLong        = bad(udpmux.TooLong)
	wrongDirection = bad(udpmux.WrongDirection)
	badPort        = bad(udpmux.BadPort)
	badLength      = bad(udpmux.BadLength)
	badCharacter   = bad(udpmux.BadCharacter)
	badTail        = bad(udpmux.BadTail)
	cutShort       = bad(udpmux.CutShort)
	emptyFrame     = bad(udpmux.EmptyFrame)
	unknownType    = bad(udpmux.UnknownType)
	zeroKey        = bad(udpmux.ZeroKey)
	badText        = bad(udpmux.BadText)
	notTheLine     = bad(udpmux.NotTheLine)
	badNumber      = bad(udpmux.BadNumber)
	badKey         = bad(udpmux.BadKey)
	notANumber     = bad(udpmux.Fault(udpmux.NotANumber))
	unknownN       = bad(udpmux.Fault(udpmux.UnknownN))
)

func bad(fault udpmux.Fault) outcome { return table.Is(vectors.Invalid, fault) }

// Whether the input has ended behind what is there.
const (
	ended = true
	open  = false
)

// The forms.
const (
	learn = string(udpmux.Learn)
	token = string(udpmux.Token)
	port  = string(udpmux.Port)
)

// bits are the modes' bits, by form.
var bits = map[string]uint8{learn: 1, token: 2, port: 4}

const allModes = 7

// A datagramRow is a client's datagram, and the modes that are on.
type datagramRow struct {
	id, form string // form is empty if it is not valid
	input    string
	modes    uint8
	outcome
	rules, flags, comment string
}

func (r datagramRow) datagram() (vectors.Vector, error) {
	v := table.Base(r.id, r.rules, r.flags, r.comment)
	v.Input, v.Modes = vectors.Hex(r.input), new(r.modes)
	d, fault := udpmux.ReadClient(v.Input)
	if fault == udpmux.None {
		v.Form, v.P, v.On = string(d.Form), d.P, new(r.modes&bits[r.form] != 0)
		switch d.Form {
		case udpmux.Token:
			v.T = d.T[:]
		case udpmux.Port:
			v.Port = new(d.Port)
		}
	}
	if string(d.Form) != r.form {
		return v, fmt.Errorf("the table has form %q, conformance/wire/udpmux %q", r.form, d.Form)
	}
	return v, r.Set(&v, fault)
}

// An answerRow is a backend's datagram.
type answerRow struct {
	id, input string
	outcome
	rules, flags, comment string
}

func (r answerRow) answer() (vectors.Vector, error) {
	v := table.Base(r.id, r.rules, r.flags, r.comment)
	v.Input = vectors.Hex(r.input)
	return v, r.Set(&v, udpmux.ReadBackend(v.Input))
}

// A datagramWriterRow is a client's datagram to write.
type datagramWriterRow struct {
	id, form string
	t        string // of the form token
	port     uint16 // of the form port
	p        string
	output   string // if valid
	outcome
	rules, flags, comment string
}

func (r datagramWriterRow) datagramWriter() (vectors.Vector, error) {
	v := table.Base(r.id, r.rules, r.flags, r.comment)
	v.Form, v.P = r.form, vectors.Hex(r.p)
	output, fault := []byte{}, udpmux.None
	switch r.form {
	case learn:
		output, fault = udpmux.WriteLearn(output, v.P)
	case token:
		v.T = vectors.Hex(r.t)
		output, fault = udpmux.WriteToken(output, udpmux.T(v.T), v.P)
	case port:
		v.Port = new(r.port)
		output, fault = udpmux.WritePort(output, r.port, v.P)
	}
	return v, r.Written(&v, output, r.output, fault)
}

// A frameRow is bytes for a reader of frames.
type frameRow struct {
	id, input string
	ended     bool
	outcome
	rules, flags, comment string
}

func (r frameRow) frame() (vectors.Vector, error) {
	v := table.Base(r.id, r.rules, r.flags, r.comment)
	v.Input, v.Ended = vectors.Hex(r.input), new(r.ended)
	f, n, fault := udpmux.ReadFrame(v.Input, r.ended)
	if fault == udpmux.None {
		v.Frame, v.Consumed = frameOf(f), new(n)
	}
	return v, r.Set(&v, fault)
}

// frameOf has those fields that the type has.
func frameOf(f udpmux.Frame) *vectors.Frame {
	v := &vectors.Frame{Type: uint8(f.Type)}
	switch f.Type {
	case udpmux.Hello:
		v.Version = new(f.Version)
	case udpmux.Welcome:
		v.Modes, v.Port = new(f.Modes), new(f.Port)
	case udpmux.Register:
		v.Modes, v.Port, v.S = new(f.Modes), new(f.Port), f.S[:]
	case udpmux.Registered:
		v.ID = new(f.ID)
	case udpmux.Error:
		v.Code, v.Text = new(uint8(f.Code)), f.Text
	}
	return v
}

// A frameWriterRow is a frame to write.
type frameWriterRow struct {
	id     string
	frame  udpmux.Frame
	output string // if valid
	outcome
	rules, flags, comment string
}

func (r frameWriterRow) frameWriter() (vectors.Vector, error) {
	v := table.Base(r.id, r.rules, r.flags, r.comment)
	v.Frame = frameOf(r.frame)
	output, fault := udpmux.WriteFrame([]byte{}, r.frame)
	return v, r.Written(&v, output, r.output, fault)
}

// A keyRow is bytes for a reader of K's text, and K, S and T in hexadecimal digits if it is valid. Where the table has no T it is not from
// the page, and S and T come from conformance/wire/udpmux.
type keyRow struct {
	id, input, k, s, t string
	outcome
	rules, flags, comment string
}

func (r keyRow) key() (vectors.Vector, error) {
	v := table.Base(r.id, r.rules, r.flags, r.comment)
	v.Input = vectors.Hex(r.input)
	k, fault := udpmux.ReadK(v.Input)
	if fault == udpmux.None {
		s := udpmux.DeriveS(k)
		t := udpmux.DeriveT(s)
		v.Key, v.S, v.T = k[:], s[:], t[:]
	}
	if string(v.Key) != unhex(r.k) || r.t != "" && (string(v.S) != unhex(r.s) || string(v.T) != unhex(r.t)) {
		return v, fmt.Errorf("the table has %s, %s, %s, conformance/wire/udpmux %x, %x, %x", r.k, r.s, r.t, v.Key, v.S, v.T)
	}
	return v, r.Set(&v, fault)
}

// A tokenRow is S, and T if it is from the page, in hexadecimal digits.
type tokenRow struct {
	id, s, t       string
	rules, comment string
}

func (r tokenRow) token() (vectors.Vector, error) {
	v := table.Base(r.id, r.rules, "", r.comment)
	v.S = vectors.Hex(unhex(r.s))
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
	v := table.Base(r.id, r.rules, r.flags, r.comment)
	v.Input, v.Ended = vectors.Hex(r.input), new(r.ended)
	got, k, fault := udpmux.ReadConnect(v.Input, r.ended)
	if fault == udpmux.None {
		v.Port, v.Key = new(got), k[:]
	}
	if got != r.port || fault == udpmux.None && string(v.Key) != unhex(exampleK) {
		return v, fmt.Errorf("the table has %d, conformance/wire/udpmux %d and %x", r.port, got, v.Key)
	}
	return v, r.Set(&v, fault)
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
	v := table.Base(r.id, r.rules, "", r.comment)
	v.Number, v.Key = strconv.FormatUint(r.n, 10), vectors.Hex(unhex(r.k))
	return v, valid.Written(&v, udpmux.WriteConnect([]byte{}, r.n, udpmux.K(v.Key)), r.output, udpmux.None)
}

// A numberRow is a last argument, and form and port if it is valid.
type numberRow struct {
	id, input, form string
	port            uint16
	outcome
	rules, flags, comment string
}

func (r numberRow) number() (vectors.Vector, error) {
	v := table.Base(r.id, r.rules, r.flags, r.comment)
	v.Input = vectors.Hex(r.input)
	n, got := udpmux.ReadN(v.Input)
	fault := udpmux.None
	switch n {
	case udpmux.PlainN:
		v.Form, v.Port = learn, new(got)
	case udpmux.TokenN:
		v.Form, v.Port = token, new(got)
	default:
		fault = udpmux.Fault(n)
	}
	if v.Form != r.form || got != r.port {
		return v, fmt.Errorf("the table has %s %d, conformance/wire/udpmux %s %d", r.form, r.port, v.Form, got)
	}
	return v, r.Set(&v, fault)
}

// A coloursRow is what the real client printed, and what the agent prints, line end included.
type coloursRow struct {
	id, input             string
	failed                bool
	output                string
	rules, flags, comment string
}

func (r coloursRow) colours() (vectors.Vector, error) {
	v := table.Base(r.id, r.rules, r.flags, r.comment)
	v.Input, v.Failed = vectors.Hex(r.input), new(r.failed)
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
	v := table.Base(r.id, r.rules, "", r.comment)
	v.Input, v.Agent = vectors.Hex(r.input), new(udpmux.ReadColours([]byte(r.input)))
	if *v.Agent != r.agent {
		return v, fmt.Errorf("the table has %t, conformance/wire/udpmux %t", r.agent, *v.Agent)
	}
	return v, nil
}
