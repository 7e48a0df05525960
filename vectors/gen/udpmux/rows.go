package udpmux

import (
	"fmt"

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

// Whether the input has ended after what is there.
const (
	ended = true
	open  = false
)

func whole(input string) vectors.Whole { return vectors.Whole{Input: vectors.Hex(input)} }

func streamed(input string, ended bool) vectors.Streamed {
	return vectors.Streamed{Input: vectors.Hex(input), Ended: ended}
}

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
	v := &vectors.DatagramVector{Head: table.Head(r.id, r.rules, r.flags, r.comment),
		Modes: r.modes, Whole: whole(r.input), Outcome: r.Vector()}
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
	return v, r.Check(fault)
}

// An answerRow is a backend's datagram.
type answerRow struct {
	id, input string
	outcome
	rules, flags, comment string
}

func (r answerRow) answer() (vectors.Vector, error) {
	v := &vectors.AnswerVector{Head: table.Head(r.id, r.rules, r.flags, r.comment), Whole: whole(r.input),
		Outcome: r.Vector()}
	return v, r.Check(udpmux.ReadBackend(v.Input))
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
	v := &vectors.DatagramWriterVector{Head: table.Head(r.id, r.rules, r.flags, r.comment), Outcome: r.Vector()}
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
	var err error
	v.Output, err = r.Written(output, r.output, fault)
	return v, err
}

// A frameRow is bytes for a reader of frames.
type frameRow struct {
	id, input string
	ended     bool
	outcome
	rules, flags, comment string
}

func (r frameRow) frame() (vectors.Vector, error) {
	v := &vectors.FrameVector{Head: table.Head(r.id, r.rules, r.flags, r.comment), Streamed: streamed(r.input, r.ended),
		Outcome: r.Vector()}
	f, n, fault := udpmux.ReadFrame(v.Input, r.ended)
	if fault == udpmux.None {
		v.Frame, v.Consumed = frameOf(f), n
	}
	return v, r.Check(fault)
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
	case udpmux.Listed:
		switch e := f.Entry.(type) {
		case udpmux.Session:
			v.Session = new(vectors.ListedSession(e))
		case udpmux.Client:
			v.Client = &vectors.ListedClient{Address: e.Address[:], Port: e.Port,
				Source: e.Source[:], SourcePort: e.SourcePort}
		}
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
	v := &vectors.FrameWriterVector{Head: table.Head(r.id, r.rules, r.flags, r.comment), Frame: *frameOf(r.frame),
		Outcome: r.Vector()}
	output, fault := udpmux.WriteFrame([]byte{}, r.frame)
	var err error
	v.Output, err = r.Written(output, r.output, fault)
	return v, err
}
