package udpmux

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// text is the K's of the CONNECT lines in the tables, exampleK that K.
const text = "AAECAwQFBgcICQoLDA0ODw"

var exampleK = K{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

var connectLineTests = []struct {
	sentence string
	line     string
	port     uint16
	fault    Fault
}{
	{"the example", "MOSH CONNECT 60000 " + text, 60000, None},
	{"blanks, tabs and CRs at its end", "MOSH CONNECT 60000 " + text + " \r\t \r", 60000, None},
	{"1. empty", "", 0, NotTheLine},
	{"1. another", "mosh-server (mosh 1.4.0)", 0, NotTheLine},
	{"1. no blank", "MOSH CONNECT60000 " + text, 0, NotTheLine},
	{"1. a tab for the blank", "MOSH CONNECT\t60000 " + text, 0, NotTheLine},
	{"1. at the beginning of a line", " MOSH CONNECT 60000 " + text, 0, NotTheLine},
	{"1. other letters", "mosh connect 60000 " + text, 0, NotTheLine},
	{"1. a blank at its end is none", "MOSH CONNECT ", 0, NotTheLine},
	{"2. no digit", "MOSH CONNECT x " + text, 0, BadNumber},
	{"2. no digit: two blanks", "MOSH CONNECT  60000 " + text, 0, BadNumber},
	{"2. no digit: sign", "MOSH CONNECT +60000 " + text, 0, BadNumber},
	{"2. another byte after them", "MOSH CONNECT 60000x " + text, 0, BadNumber},
	{"2. a tab after them", "MOSH CONNECT 60000\t" + text, 0, BadNumber},
	{"2. no byte after them", "MOSH CONNECT 60000", 0, BadNumber},
	{"2. a blank at the line's end after them", "MOSH CONNECT 60000 ", 0, BadNumber},
	{"3. bad length", "MOSH CONNECT 60000 " + text[1:], 0, BadKey},
	{"3. two blanks", "MOSH CONNECT 60000  " + text, 0, BadKey},
	{"3. more after it", "MOSH CONNECT 60000 " + text + " x", 0, BadKey},
	{"3. another white space at its end", "MOSH CONNECT 60000 " + text + "\v", 0, BadKey},
	{"3. bad character", "MOSH CONNECT 60000 " + text[:21] + "=", 0, BadKey},
	{"3. bad tail", "MOSH CONNECT 60000 " + text[:21] + "x", 0, BadKey},
	{"3. before 4.", "MOSH CONNECT 0 x", 0, BadKey},
	{"4. 1", "MOSH CONNECT 1 " + text, 1, None},
	{"4. 65535", "MOSH CONNECT 65535 " + text, 65535, None},
	{"4. leading zeros", "MOSH CONNECT 00000060000 " + text, 60000, None},
	{"4. 0", "MOSH CONNECT 0 " + text, 0, BadNumber},
	{"4. 000000", "MOSH CONNECT 000000 " + text, 0, BadNumber},
	{"4. 65536", "MOSH CONNECT 65536 " + text, 0, BadNumber},
	{"4. 2^64 + 1", "MOSH CONNECT 18446744073709551617 " + text, 0, BadNumber},
	{"4. the session agent's", "MOSH CONNECT 10737478240 " + text, 0, BadNumber},
}

func TestReadConnectLine(t *testing.T) {
	for _, test := range connectLineTests {
		t.Run(test.sentence, func(t *testing.T) {
			port, k, fault := ReadConnectLine([]byte(test.line))
			checkConnect(t, test.line, port, k, fault, test.port, test.fault)
			// As a line of some output, where the next does not matter if it is the line.
			rest := "\nMOSH CONNECT 1234 " + text + "\nMOSH CONNECT\n"
			wantPort, want := test.port, test.fault
			if want == NotTheLine {
				wantPort, want = 1234, None
			}
			output := "\r\n\x00 MOSH CONNECT \n" + test.line + rest
			port, k, fault = ReadConnect([]byte(output), false)
			checkConnect(t, output, port, k, fault, wantPort, want)
		})
	}
}

func checkConnect(t *testing.T, in string, port uint16, k K, fault Fault, wantPort uint16, wantFault Fault) {
	t.Helper()
	want := K{}
	if wantFault == None {
		want = exampleK
	}
	if port != wantPort || k != want || fault != wantFault {
		t.Errorf("%q: %d, %x, %q, want %d, %x, %q", in, port, k, fault, wantPort, want, wantFault)
	}
}

func TestReadConnectEnd(t *testing.T) {
	tests := []struct {
		sentence string
		output   string
		ended    bool
		port     uint16
		fault    Fault
	}{
		{"no output yet", "", false, 0, Incomplete},
		{"no output", "", true, 0, NotTheLine},
		{"no line yet", "\nmosh-server\n", false, 0, Incomplete},
		{"no line", "\nmosh-server\n", true, 0, NotTheLine},
		{"no LF yet", "\nMOSH CONNECT 60000 " + text, false, 0, Incomplete},
		{"no LF yet: faulty", "MOSH CONNECT x", false, 0, Incomplete},
		{"no LF", "\nMOSH CONNECT 60000 " + text, true, 60000, None},
		{"no LF: faulty", "MOSH CONNECT x", true, 0, BadNumber},
		{"CR alone ends no line", "\rMOSH CONNECT 60000 " + text + "\n", true, 0, NotTheLine},
		{"LF", "\nMOSH CONNECT 60000 " + text + "\n", false, 60000, None},
		{"CR LF", "\r\nMOSH CONNECT 60000 " + text + "\r\n", false, 60000, None},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			port, k, fault := ReadConnect([]byte(test.output), test.ended)
			checkConnect(t, test.output, port, k, fault, test.port, test.fault)
		})
	}
}

func TestSplitConnectLine(t *testing.T) {
	for line, want := range map[string]string{
		"MOSH CONNECT 10737478240 " + text + "\r":        "10737478240",
		"MOSH CONNECT 0 " + text:                         "0",
		"MOSH CONNECT 0099999999999999999999999 " + text: "0099999999999999999999999",
	} {
		if digits, k, fault := SplitConnectLine([]byte(line)); string(digits) != want || k != exampleK ||
			fault != None {
			t.Errorf("%q: %q, %x, %q", line, digits, k, fault)
		}
	}
	if digits, k, fault := SplitConnectLine([]byte("MOSH CONNECT 1 x")); digits != nil || k != (K{}) ||
		fault != BadKey {
		t.Errorf("%q, %x, %q", digits, k, fault)
	}
}

// The pages' lines, of docs/udpmux.md, sections 1.1 and 1.2, and docs/udpmux-agents.md, section 1.
func TestWriteConnect(t *testing.T) {
	for n, want := range map[uint64]string{
		60000:              "MOSH CONNECT 60000 " + text + "\n",
		WriteLearnN(60000): "MOSH CONNECT 60000 " + text + "\n",
		WriteTokenN(60000): "MOSH CONNECT 10737478240 " + text + "\n",
	} {
		if got := WriteConnect([]byte("before"), n, exampleK); string(got) != "before"+want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestConnectIsReadBack(t *testing.T) {
	line := rapid.StringMatching(`[ -~]{0,20}`).Filter(func(s string) bool {
		return !strings.HasPrefix(s, "MOSH CONNECT ")
	})
	rapid.Check(t, func(t *rapid.T) {
		k := K(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "K"))
		port := rapid.Uint16Min(1).Draw(t, "port")
		before := strings.Join(append(rapid.SliceOfN(line, 0, 3).Draw(t, "lines"), ""), "\n")
		output := WriteConnect([]byte(before), uint64(port), k)
		for i := range output {
			if _, _, fault := ReadConnect(output[:i], false); fault != Incomplete {
				t.Fatalf("%q: %q", output[:i], fault)
			}
		}
		if gotPort, gotK, fault := ReadConnect(output, false); gotPort != port || gotK != k || fault != None {
			t.Fatalf("%q: %d, %x, %q", output, gotPort, gotK, fault)
		}
		n := WriteTokenN(port)
		digits, gotK, fault := SplitConnectLine(WriteConnect(nil, n, k)[:13+11+1+22])
		kind, gotPort := ReadN(digits)
		if kind != TokenN || gotPort != port || gotK != k || fault != None {
			t.Fatalf("%d: %q, %q, %d, %x, %q", n, digits, kind, gotPort, gotK, fault)
		}
	})
}
