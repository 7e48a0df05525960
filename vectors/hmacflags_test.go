package vectors

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"slices"
	"testing"
	"unicode"

	"github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// A directed vector is of messages.
type directed interface {
	Vector
	direction() Direction
}

func (d Direction) direction() Direction { return d }

// A counted vector has a message's CN.
type counted interface {
	directed
	counter() Hex
}

func (v *MessageVector) counter() Hex       { return v.CN }
func (v *MessageWriterVector) counter() Hex { return v.CN }

func TestHMACSocketFlagsHold(t *testing.T) {
	checkFlags(t, "hmacsocket", slices.Concat(byteFlags, sumFlags, textFlags))
}

// byteFlags are about how many bytes are there.
var byteFlags = []flagTest{
	flagged("Incomplete", isIncomplete),
	flagged("CutShort", isCutShort),
	flagged("Following", func(_ *testing.T, v *InitVector) bool { return follows(v.Consumed, v) }),
	flagged("Following", func(_ *testing.T, v *MessageVector) bool {
		return v.Consumed != nil && *v.Consumed < len(v.Input)
	}),
	flagged("Early", func(t *testing.T, v reader) bool {
		return v.Came().Result == Invalid && v.Came().Fault != "cut short" && len(last(v)) < needed(t, v)
	}),
	flagged("Trailing", func(t *testing.T, v *MessageVector) bool { return trails(t, v) }),
	flagged("Trailing", func(t *testing.T, v *StreamVector) bool { return trails(t, v) }),
	flagged("Huge", func(_ *testing.T, v *InitVector) bool { return v.ML >= 1<<31 }),
	flagged("Huge", func(_ *testing.T, v *InitWriterVector) bool { return v.ML >= 1<<31 }),
}

// sumFlags are about the number, the sum and the key.
var sumFlags = []flagTest{
	flagged("Number", func(_ *testing.T, v directed) bool { return v.direction().I != "0" }),
	flagged("Far", func(t *testing.T, v directed) bool { return numberOf(t, v.direction().I).BitLen() > 63 }),
	flagged("Far", func(t *testing.T, v *CounterVector) bool { return numberOf(t, v.I).BitLen() > 63 }),
	flagged("Carry",
		func(t *testing.T, v counted) bool { return carries(t, baseOf(t, v), v.direction().I, v.counter()) }),
	flagged("Carry", func(t *testing.T, v *CounterVector) bool { return carries(t, v.Base, v.I, v.CN) }),
	flagged("Wrap", func(t *testing.T, v counted) bool { return wraps(t, baseOf(t, v), v.direction().I, v.counter()) }),
	flagged("Wrap", func(t *testing.T, v *CounterVector) bool { return wraps(t, v.Base, v.I, v.CN) }),
	flagged("KeyBytes", func(_ *testing.T, v directed) bool { return odd(v.direction().Key) }),
	flagged("KeyBytes", func(_ *testing.T, v *CounterVector) bool { return odd(v.Key) }),
	flagged("LongKey", func(t *testing.T, v directed) bool {
		return len(v.direction().Key) > hashOf(t, v.direction().Hash).Block
	}),
	flagged("LongKey", func(t *testing.T, v *CounterVector) bool {
		return v.Key != nil && len(v.Key) > hashOf(t, v.Hash).Block
	}),
}

// textFlags are about Errors.
var textFlags = []flagTest{
	flagged("Failed", func(t *testing.T, v *StreamVector) bool {
		isError := func(m Message) bool { return m.Kind == Error }
		return slices.ContainsFunc(v.Messages, isError) || len(readings(t, v)) > 0
	}),
	flagged("ReadingCN", reads(hmacsocket.CNOnly)),
	flagged("ReadingWhole", reads(hmacsocket.WholeError)),
	flagged("ReadingText", reads(hmacsocket.TextAndCN)),
	flagged("NotShown", func(_ *testing.T, v *MessageVector) bool {
		return v.Message != nil && v.Message.Kind == Error && !*v.Message.Shown
	}),
	flagged("Control", func(_ *testing.T, v *MessageVector) bool {
		return v.Message != nil && bytes.ContainsFunc(v.Message.EM, unicode.IsControl)
	}),
}

func baseOf(t *testing.T, v directed) []byte {
	d, _ := v.direction().known(t)
	return d.Base()
}

// carries tells whether adding byte by byte, without a carry, gives another sum.
func carries(t *testing.T, base []byte, i string, cn Hex) bool {
	sum := hmacsocket.Add(make([]byte, len(base)), numberOf(t, i))
	for at := range sum {
		sum[at] += base[at]
	}
	return !bytes.Equal(sum, cn)
}

// wraps tells whether the sum has more bytes than the base.
func wraps(t *testing.T, base []byte, i string, cn Hex) bool {
	sum := new(big.Int).SetBytes(base)
	return sum.Add(sum, numberOf(t, i)).Cmp(new(big.Int).SetBytes(cn)) != 0
}

// odd tells whether a key holds bytes that a text would not.
func odd(key Hex) bool {
	return slices.ContainsFunc(key, func(c byte) bool { return c <= ' ' || c >= 0x7F })
}

// last gives the bytes of a reader's vector that its fault lies in: those after a stream's messages.
func last(v reader) []byte {
	if v, ok := v.(*StreamVector); ok {
		return v.Input[v.Consumed:]
	}
	return v.Bytes()
}

// needed gives the length of the Init or message that last begins with, as far as it can be seen.
func needed(t *testing.T, v reader) int {
	in := last(v)
	if _, ok := v.(*InitVector); ok {
		return 6 + int(binary.BigEndian.Uint16(in))
	}
	lh := hashOf(t, v.(directed).direction().Hash).Length
	if ld := int(binary.BigEndian.Uint32(in)); ld > 0 {
		return 4 + lh + ld
	}
	return 4 + lh + 2 + int(in[4+lh+1])
}

// trails tells whether bytes follow the message with which the direction ends.
func trails(t *testing.T, v reader) bool {
	_, stream := v.(*StreamVector)
	switch {
	case v.Came().Result == Invalid && v.Came().Fault != "cut short":
		return len(last(v)) > needed(t, v)
	case stream && v.Came().Result == Valid:
		return len(last(v)) > 0
	}
	return false
}

// reads tells whether the H of an Error follows a reading.
func reads(reading hmacsocket.Reading) func(*testing.T, counted) bool {
	return func(t *testing.T, v counted) bool { return slices.Contains(readings(t, v), reading) }
}

// readings gives those that the H of the Error in a vector follows: the one that is written, or at which reading ends.
func readings(t *testing.T, v directed) []hmacsocket.Reading {
	d, i := v.direction().known(t)
	var in []byte
	switch v := v.(type) {
	case *MessageWriterVector:
		in = v.Output
	case *StreamVector:
		in = last(v)
		i.Add(i, big.NewInt(int64(len(v.Messages))))
	case reader:
		in = last(v)
	}
	_, _, all, _ := d.ReadAnyError(in, i)
	return all
}
