package vectors

import (
	"bytes"
	"slices"
	"testing"

	"github.com/muxspec/muxspec/conformance/wire/tcpmux"
)

// A flagTest tells of vectors of some type whether they should have a flag.
type flagTest struct {
	flag   string
	should func(*testing.T, Vector) (has, asked bool)
}

// flagged is a flagTest of the vectors that are V's.
func flagged[V Vector](flag string, should func(*testing.T, V) bool) flagTest {
	return flagTest{flag, func(t *testing.T, v Vector) (has, asked bool) {
		typed, ok := v.(V)
		return ok && should(t, typed), ok
	}}
}

// checkFlags wants the vectors of a protocol to have those flags that they should have.
func checkFlags(t *testing.T, protocol string, tests []flagTest) {
	files, err := Load(protocol)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		asked := 0
		for _, file := range files {
			for _, v := range file.Vectors {
				should, ok := test.should(t, v)
				if !ok {
					continue
				}
				asked++
				if has := slices.Contains(v.Common().Flags, test.flag); has != should {
					t.Errorf("%s: that it has the flag %s is %t", v.Common().ID, test.flag, has)
				}
			}
		}
		if asked == 0 {
			t.Errorf("the flag %s is looked for in no vector", test.flag)
		}
	}
}

// A reader is a vector of a codec that reads bytes and may refuse them.
type reader interface {
	Reading
	Came() *Outcome
}

func isIncomplete(_ *testing.T, v reader) bool { return v.Came().Result == Incomplete }
func isCutShort(_ *testing.T, v reader) bool   { return v.Came().Fault == "cut short" }

// follows tells whether bytes follow those that were consumed, if any were.
func follows(consumed int, v reader) bool {
	return v.Came().Result == Valid && consumed < len(v.Bytes())
}

func TestFlagsHold(t *testing.T) {
	checkFlags(t, "tcpmux", []flagTest{
		flagged("Incomplete", isIncomplete),
		flagged("CutShort", isCutShort),
		flagged("WrongSign", func(_ *testing.T, v *ReplyVector) bool { return v.Fault == "bad sign" }),
		flagged("WrongSign",
			func(_ *testing.T, v *WriterVector) bool { return v.Fault == "bad sign" && v.Writes != List }),
		flagged("ListSign",
			func(_ *testing.T, v *WriterVector) bool { return v.Fault == "bad sign" && v.Writes == List }),
		flagged("Following", func(_ *testing.T, v *RequestVector) bool { return follows(v.Consumed, v) }),
		flagged("Following", func(_ *testing.T, v *ReplyVector) bool { return follows(v.Consumed, v) }),
		flagged("Introduction",
			func(_ *testing.T, v *ListVector) bool { return bytes.HasPrefix(v.Input, []byte("+")) }),
		flagged("Refusal", func(_ *testing.T, v *ListVector) bool { return bytes.HasPrefix(v.Input, []byte("-")) }),
		flagged("ZeroNames", func(_ *testing.T, v *ListVector) bool { return v.Names != nil && len(v.Names) == 0 }),
		flagged("EightBit", func(_ *testing.T, v *NameVector) bool { return eightBit(v.A) || eightBit(v.B) }),
		flagged("EightBit", func(_ *testing.T, v *RequestVector) bool { return eightBit(v.Input) }),
		flagged("EightBit", func(_ *testing.T, v *ListVector) bool { return eightBit(v.Input) }),
		flagged("LoneLF", func(_ *testing.T, v reader) bool { return badByte(v) == '\n' }),
		flagged("LoneCR", func(_ *testing.T, v reader) bool { return badByte(v) == '\r' }),
		flagged("NUL", func(_ *testing.T, v reader) bool { return badByte(v) == 0 }),
		flagged("Early", early),
	})
}

func eightBit(b []byte) bool {
	return slices.ContainsFunc(b, func(c byte) bool { return c > 0x7F })
}

// badByte gives the byte that a vector has the fault "bad byte" for; -1 if it has not.
func badByte(v reader) int {
	if v.Came().Fault != "bad byte" {
		return -1
	}
	n, in := knownWith(v), v.Bytes()
	if n >= 2 && in[n-2] == '\r' && in[n-1] != '\n' { // a CR's fault is known with the byte after it
		return '\r'
	}
	return int(in[n-1])
}

// early tells whether a fault is known before the line's end, and the line does not end.
func early(_ *testing.T, v reader) bool {
	switch v.Came().Fault {
	case "bad byte", "too long", "bad sign":
		return !bytes.Contains(v.Bytes()[knownWith(v)-1:], []byte("\r\n"))
	}
	return false
}

// knownWith gives the number of bytes that a vector's fault is known with.
func knownWith(v reader) int {
	in := v.Bytes()
	for n := range in {
		var fault tcpmux.Fault
		switch v := v.(type) {
		case *RequestVector:
			_, _, fault = tcpmux.ParseRequest(in[:n], v.Max)
		case *ReplyVector:
			_, _, _, fault = tcpmux.ParseReply(in[:n], v.Max)
		case *ListVector:
			_, fault = tcpmux.ParseList(in[:n], v.Max, false)
		}
		if string(fault) == v.Came().Fault {
			return n
		}
	}
	return len(in)
}
