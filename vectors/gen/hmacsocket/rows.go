package hmacsocket

import (
	"bytes"
	"fmt"
	"math/big"

	"github.com/muxspec/muxspec/conformance/wire/hmacsocket"
	"github.com/muxspec/muxspec/vectors"
	"github.com/muxspec/muxspec/vectors/gen/table"
)

// The limits that most vectors have: wide is never reached where it does not matter, small makes what does easy to
// read.
const (
	wide  = 1 << 20
	small = 8
	most  = 1<<32 - 1
)

// An outcome is what a row must come to.
type outcome = table.Outcome[hmacsocket.Fault]

var (
	valid      = table.Is(vectors.Valid, hmacsocket.None)
	incomplete = table.Is(vectors.Incomplete, hmacsocket.Incomplete)
	cutShort   = table.Is(vectors.Invalid, hmacsocket.CutShort)
	hashLength = table.Is(vectors.Invalid, hmacsocket.HashLength)
	zeroLimit  = table.Is(vectors.Invalid, hmacsocket.ZeroLimit)
	wrongHMAC  = table.Is(vectors.Invalid, hmacsocket.WrongHMAC)
	tooLong    = table.Is(vectors.Invalid, hmacsocket.TooLong)
	empty      = table.Is(vectors.Invalid, hmacsocket.Empty)
	badText    = table.Is(vectors.Invalid, hmacsocket.BadText)
)

// Whether the input has ended after what is there.
const (
	ended = true
	open  = false
)

// An initRow is bytes for a reader of Inits.
type initRow struct {
	id, hash string
	input    string
	ended    bool
	outcome
	rules, flags, comment string
}

func (r initRow) init() (vectors.Vector, error) {
	v := &vectors.InitVector{
		Head: table.Head(r.id, r.rules, r.flags, r.comment), Hash: r.hash, Outcome: r.Vector(),
		Streamed: vectors.Streamed{Input: vectors.Hex(r.input), Ended: r.ended},
	}
	hash, _ := hmacsocket.HashNamed(r.hash)
	init, n, fault := hash.ReadInit(v.Input, r.ended)
	if fault == hmacsocket.None {
		v.ML, v.N, v.Consumed = init.ML, init.N, n
	}
	return v, r.Check(fault)
}

// A row is bytes for a reader of a message, or of a stream of them.
type row struct {
	id string
	party
	i     string
	ml    uint32
	input string
	ended bool
	outcome
	rules, flags, comment string
}

func (r row) streamed() vectors.Streamed {
	return vectors.Streamed{Input: vectors.Hex(r.input), Ended: r.ended}
}

// agreed is the direction as a vector has it.
func (p party) agreed(i string, ml uint32) vectors.Direction {
	return vectors.Direction{Hash: p.hash, Key: vectors.Hex(p.key), N: vectors.Hex(p.n), ML: ml, I: i}
}

// direction is the same for conformance/wire/hmacsocket.
func (p party) direction() hmacsocket.Direction {
	hash, _ := hmacsocket.HashNamed(p.hash)
	return hmacsocket.Direction{Hash: hash, K: []byte(p.key), N: []byte(p.n)}
}

func (r row) message() (vectors.Vector, error) {
	d := r.direction()
	v := &vectors.MessageVector{
		Head: table.Head(r.id, r.rules, r.flags, r.comment), Direction: r.agreed(r.i, r.ml), CN: d.CN(number(r.i)),
		Streamed: r.streamed(), Outcome: r.Vector(),
	}
	m, n, fault := d.ReadMessage(v.Input, r.ml, number(r.i), r.ended)
	if fault == hmacsocket.None {
		v.Message, v.Consumed = new(messageOf(m)), new(n)
	}
	return v, r.Check(fault)
}

func messageOf(m hmacsocket.Message) vectors.Message {
	switch m.Kind {
	case hmacsocket.Chunk:
		return vectors.Message{Kind: vectors.Chunk, Data: m.D}
	case hmacsocket.Error:
		return vectors.Message{Kind: vectors.Error, EC: vectors.Hex{m.EC}, EM: m.EM, Shown: new(!m.Unfit)}
	}
	return vectors.Message{Kind: vectors.End}
}

// A streamRow is a row whose messages are counted in the table, too.
type streamRow struct {
	row
	messages int
}

func (r streamRow) stream() (vectors.Vector, error) {
	v := &vectors.StreamVector{
		Head: table.Head(r.id, r.rules, r.flags, r.comment), Direction: r.agreed(r.i, r.ml),
		Streamed: r.streamed(), Outcome: r.Vector(), Messages: []vectors.Message{},
	}
	messages, n, fault := r.direction().ReadStream(v.Input, r.ml, number(r.i), r.ended)
	v.Consumed = n
	for _, m := range messages {
		v.Messages = append(v.Messages, messageOf(m))
	}
	if len(messages) != r.messages {
		return v, fmt.Errorf("the table has %d messages, conformance/wire/hmacsocket %d, and fault %q",
			r.messages, len(messages), fault)
	}
	return v, r.Check(fault)
}

// A counterRow is a sum. Where there is no party its base stands in the table.
type counterRow struct {
	id string
	party
	base, i, cn           string
	rules, flags, comment string
}

func (r counterRow) counter() (vectors.Vector, error) {
	v := &vectors.CounterVector{Head: table.Head(r.id, r.rules, r.flags, r.comment), I: r.i}
	if r.hash != "" {
		v.Hash, v.Key, v.N = r.hash, vectors.Hex(r.key), vectors.Hex(r.n)
		r.base = string(r.direction().Base())
	}
	v.Base = vectors.Hex(r.base)
	v.CN = hmacsocket.Add(v.Base, number(r.i))
	want := bytes.Clone(v.Base)
	add(want, new(big.Int).Set(number(r.i)))
	if !bytes.Equal(v.CN, want) || r.cn != "" && r.cn != string(v.CN) {
		return v, fmt.Errorf("the table has %x, counting by bytes gives %x, conformance/wire/hmacsocket %x",
			r.cn, want, v.CN)
	}
	return v, nil
}

// An initWriterRow is an Init to write.
type initWriterRow struct {
	id, hash string
	ml       uint32
	n        string
	output   string // if valid
	outcome
	rules, flags, comment string
}

func (r initWriterRow) initWriter() (vectors.Vector, error) {
	v := &vectors.InitWriterVector{
		Head: table.Head(r.id, r.rules, r.flags, r.comment), Hash: r.hash, ML: r.ml, N: vectors.Hex(r.n),
		Outcome: r.Vector(),
	}
	hash, _ := hmacsocket.HashNamed(r.hash)
	output, fault := hash.AppendInit([]byte{}, hmacsocket.Init{ML: r.ml, N: v.N})
	var err error
	v.Output, err = r.Written(output, r.output, fault)
	return v, err
}

// A writerRow is a message to write.
type writerRow struct {
	id string
	party
	i       string
	ml      uint32
	message vectors.Message
	output  string // if valid
	outcome
	rules, flags, comment string
}

// chunkOf and errorOf make a writerRow's message.
func chunkOf(data string) vectors.Message {
	return vectors.Message{Kind: vectors.Chunk, Data: vectors.Hex(data)}
}

func errorOf(ec byte, em string) vectors.Message {
	return vectors.Message{Kind: vectors.Error, EC: vectors.Hex{ec}, EM: vectors.Hex(em)}
}

func (r writerRow) writer() (vectors.Vector, error) {
	d, i := r.direction(), number(r.i)
	v := &vectors.MessageWriterVector{
		Head: table.Head(r.id, r.rules, r.flags, r.comment), Direction: r.agreed(r.i, r.ml), CN: d.CN(i),
		Message: r.message, Outcome: r.Vector(),
	}
	var output []byte
	var fault hmacsocket.Fault
	if r.message.Kind == vectors.Chunk {
		output, fault = d.AppendChunk([]byte{}, r.message.Data, r.ml, i)
	} else {
		output, fault = d.AppendError([]byte{}, r.message.EC[0], r.message.EM, i)
	}
	var err error
	v.Output, err = r.Written(output, r.output, fault)
	return v, err
}
