package vectors

import (
	"bytes"
	"slices"
	"testing"

	"github.com/muxspec/muxspec/conformance/wire/tcpmux"
)

// flagged are the flags of which it can be seen whether a vector of these codecs should have them.
var flagged = []struct {
	flag   string
	codecs []Codec
	should func(Codec, Vector) bool
}{
	{"Incomplete", []Codec{Request, Reply, List}, func(_ Codec, v Vector) bool { return v.Result == Incomplete }},
	{"CutShort", []Codec{List}, func(_ Codec, v Vector) bool { return v.Fault == "cut short" }},
	{"WrongSign", []Codec{Reply, Writer}, func(_ Codec, v Vector) bool { return v.Fault == "bad sign" && v.Writes != List }},
	{"ListSign", []Codec{Writer}, func(_ Codec, v Vector) bool { return v.Fault == "bad sign" && v.Writes == List }},
	{"Following", []Codec{Request, Reply}, func(_ Codec, v Vector) bool { return v.Consumed != nil && *v.Consumed < len(v.Input) }},
	{"Introduction", []Codec{List}, func(_ Codec, v Vector) bool { return bytes.HasPrefix(v.Input, []byte("+")) }},
	{"Refusal", []Codec{List}, func(_ Codec, v Vector) bool { return bytes.HasPrefix(v.Input, []byte("-")) }},
	{"ZeroNames", []Codec{List}, func(_ Codec, v Vector) bool { return v.Names != nil && len(v.Names) == 0 }},
	{"EightBit", []Codec{Name}, func(_ Codec, v Vector) bool { return eightBit(v.A) || eightBit(v.B) }},
	{"EightBit", []Codec{Request, List}, func(_ Codec, v Vector) bool { return eightBit(v.Input) }},
	{"LoneLF", []Codec{Request, Reply, List}, func(c Codec, v Vector) bool { return badByte(c, v) == '\n' }},
	{"LoneCR", []Codec{Request, Reply, List}, func(c Codec, v Vector) bool { return badByte(c, v) == '\r' }},
	{"NUL", []Codec{Request, Reply, List}, func(c Codec, v Vector) bool { return badByte(c, v) == 0 }},
	{"Early", []Codec{Request, Reply, List}, early},
}

func TestFlagsHold(t *testing.T) {
	files, err := Load("tcpmux")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range flagged {
		for _, file := range files {
			if !slices.Contains(test.codecs, file.Codec) {
				continue
			}
			for _, v := range file.Vectors {
				if has := slices.Contains(v.Flags, test.flag); has != test.should(file.Codec, v) {
					t.Errorf("%s: that it has the flag %s is %t", v.ID, test.flag, has)
				}
			}
		}
	}
}

func eightBit(b []byte) bool {
	return slices.ContainsFunc(b, func(c byte) bool { return c > 0x7F })
}

// badByte gives the byte that a vector has the fault "bad byte" for; -1 if it has not.
func badByte(codec Codec, v Vector) int {
	if v.Fault != "bad byte" {
		return -1
	}
	n := known(codec, v)
	if n >= 2 && v.Input[n-2] == '\r' && v.Input[n-1] != '\n' { // a CR's fault is known with the byte behind it
		return '\r'
	}
	return int(v.Input[n-1])
}

// early tells whether a fault is known before the line's end, and the line does not end.
func early(codec Codec, v Vector) bool {
	switch v.Fault {
	case "bad byte", "too long", "bad sign":
		return !bytes.Contains(v.Input[known(codec, v)-1:], []byte("\r\n"))
	}
	return false
}

// known gives the number of bytes that a vector's fault is known with.
func known(codec Codec, v Vector) int {
	for n := range v.Input {
		var fault tcpmux.Fault
		switch codec {
		case Request:
			_, _, fault = tcpmux.ParseRequest(v.Input[:n], *v.Max)
		case Reply:
			_, _, _, fault = tcpmux.ParseReply(v.Input[:n], *v.Max)
		case List:
			_, fault = tcpmux.ParseList(v.Input[:n], *v.Max, false)
		}
		if string(fault) == v.Fault {
			return n
		}
	}
	return len(v.Input)
}
