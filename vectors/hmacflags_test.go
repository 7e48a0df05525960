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

// hmacFlagged are HMACSocket's flags of which it can be seen whether a vector of these codecs should have them.
var hmacFlagged = []struct {
	flag   string
	codecs []Codec
	should func(*testing.T, Codec, Vector) bool
}{
	{"Incomplete", readers, func(_ *testing.T, _ Codec, v Vector) bool { return v.Result == Incomplete }},
	{"CutShort", readers, func(_ *testing.T, _ Codec, v Vector) bool { return v.Fault == "cut short" }},
	{"Following", []Codec{Init, OneMessage}, func(_ *testing.T, _ Codec, v Vector) bool {
		return v.Consumed != nil && *v.Consumed < len(v.Input)
	}},
	{"Early", readers, func(t *testing.T, c Codec, v Vector) bool {
		return v.Result == Invalid && v.Fault != "cut short" && len(last(v)) < needed(t, c, v)
	}},
	{"Behind", []Codec{OneMessage, Stream}, behind},
	{"Failed", []Codec{Stream}, func(t *testing.T, _ Codec, v Vector) bool {
		return slices.ContainsFunc(v.Messages, func(m Message) bool { return m.Kind == Error }) || len(follows(t, v)) > 0
	}},
	{"Number", append(messages, Stream), func(_ *testing.T, _ Codec, v Vector) bool { return v.I != "0" }},
	{"Far", append(messages, Stream, Counter), func(t *testing.T, _ Codec, v Vector) bool {
		return numberOf(t, v).BitLen() > 63
	}},
	{"Carry", append(messages, Counter), func(t *testing.T, _ Codec, v Vector) bool {
		sum := baseOf(t, v)
		i := hmacsocket.Add(make([]byte, len(sum)), numberOf(t, v))
		for at := range sum {
			sum[at] += i[at]
		}
		return !bytes.Equal(sum, v.CN)
	}},
	{"Wrap", append(messages, Counter), func(t *testing.T, _ Codec, v Vector) bool {
		sum := new(big.Int).SetBytes(baseOf(t, v))
		return sum.Add(sum, numberOf(t, v)).Cmp(new(big.Int).SetBytes(v.CN)) != 0
	}},
	{"ReadingCN", messages, func(t *testing.T, _ Codec, v Vector) bool { return slices.Contains(follows(t, v), hmacsocket.CNOnly) }},
	{"ReadingWhole", messages, func(t *testing.T, _ Codec, v Vector) bool {
		return slices.Contains(follows(t, v), hmacsocket.WholeError)
	}},
	{"ReadingText", messages, func(t *testing.T, _ Codec, v Vector) bool {
		return slices.Contains(follows(t, v), hmacsocket.TextAndCN)
	}},
	{"NotShown", []Codec{OneMessage}, func(_ *testing.T, _ Codec, v Vector) bool {
		return v.Message != nil && v.Message.Kind == Error && !*v.Message.Shown
	}},
	{"Control", []Codec{OneMessage}, func(_ *testing.T, _ Codec, v Vector) bool {
		return v.Message != nil && bytes.ContainsFunc(v.Message.EM, unicode.IsControl)
	}},
	{"KeyBytes", append(messages, Stream, Counter), func(_ *testing.T, _ Codec, v Vector) bool {
		return slices.ContainsFunc(v.Key, func(c byte) bool { return c <= ' ' || c >= 0x7F })
	}},
	{"LongKey", append(messages, Stream, Counter), func(t *testing.T, _ Codec, v Vector) bool {
		return v.Key != nil && len(v.Key) > hashOf(t, v).Block
	}},
	{"Huge", []Codec{Init, InitWriter}, func(_ *testing.T, _ Codec, v Vector) bool { return v.ML != nil && *v.ML >= 1<<31 }},
}

var (
	readers  = []Codec{Init, OneMessage, Stream}
	messages = []Codec{OneMessage, MessageWriter}
)

func TestHMACSocketFlagsHold(t *testing.T) {
	files, err := Load("hmacsocket")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range hmacFlagged {
		for _, file := range files {
			if !slices.Contains(test.codecs, file.Codec) {
				continue
			}
			for _, v := range file.Vectors {
				if has := slices.Contains(v.Flags, test.flag); has != test.should(t, file.Codec, v) {
					t.Errorf("%s: that it has the flag %s is %t", v.ID, test.flag, has)
				}
			}
		}
	}
}

func baseOf(t *testing.T, v Vector) []byte {
	if v.Base != nil {
		return bytes.Clone(v.Base)
	}
	return direction(t, v).Base()
}

// last gives the bytes of a reader's vector that its fault lies in: behind a stream's messages.
func last(v Vector) []byte {
	if v.Messages != nil {
		return v.Input[*v.Consumed:]
	}
	return v.Input
}

// needed gives the length of the Init or message that last begins with, as far as it can be seen.
func needed(t *testing.T, codec Codec, v Vector) int {
	in, lh := last(v), hashOf(t, v).Length
	switch {
	case codec == Init:
		return 6 + int(binary.BigEndian.Uint16(in))
	case binary.BigEndian.Uint32(in) > 0:
		return 4 + lh + int(binary.BigEndian.Uint32(in))
	}
	return 4 + lh + 2 + int(in[4+lh+1])
}

// behind tells whether bytes stand behind the message with which the direction ends.
func behind(t *testing.T, codec Codec, v Vector) bool {
	switch {
	case v.Result == Invalid && v.Fault != "cut short":
		return len(last(v)) > needed(t, codec, v)
	case codec == Stream && v.Result == Valid:
		return len(last(v)) > 0
	}
	return false
}

// follows gives the readings that the H of the Error in a vector follows: the one that is written, or at which reading ends.
func follows(t *testing.T, v Vector) []hmacsocket.Reading {
	in := last(v)
	if v.Output != nil {
		in = v.Output
	}
	i := numberOf(t, v)
	i.Add(i, big.NewInt(int64(len(v.Messages))))
	_, _, all, _ := direction(t, v).ReadAnyError(in, i)
	return all
}
