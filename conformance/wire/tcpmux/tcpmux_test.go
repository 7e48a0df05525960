package tcpmux

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// limit is MAX in the tables; it is small so that a text of that length is easily read.
const limit = 8

func TestParseLine(t *testing.T) {
	tests := []struct {
		sentence string
		in       string
		max      int
		text     string
		n        int
		fault    Fault
	}{
		{"text, then CR LF (0x0D 0x0A)", "\x61\x62\x0d\x0a", limit, "ab", 4, None},
		{"0 … MAX bytes: 0", "\r\n", limit, "", 2, None},
		{"0 … MAX bytes: MAX", "12345678\r\n", limit, "12345678", 10, None},
		{"0 … MAX bytes: MAX is 0", "\r\n", 0, "", 2, None},
		{"0 … MAX bytes: MAX is below 0", "\r\n", -1, "", 2, None},
		{"text holds no NUL, CR and LF, but any other byte", "\x01\t +-\x7f\x80\xff\r\n", limit,
			"\x01\t +-\x7f\x80\xff", 10, None},
		{"MAX is the reader's own limit: 1", "ab\r\n", 1, "", 0, TooLong},
		{"MAX is the reader's own limit: 2", "ab\r\n", 2, "ab", 4, None},

		{"1. the bytes after it belong to what follows: a line", "a\r\nb\r\n", limit, "a", 3, None},
		{"1. the bytes after it belong to what follows: faults", "a\r\n\x00\n\r\r", limit, "a", 3, None},
		{"1. the bytes after it belong to what follows: many", "a\r\n" + strings.Repeat("x", 99), limit, "a", 3, None},
		{"2. CR that is the last byte so far", "a\r", limit, "", 0, Incomplete},
		{"2. CR that is the last byte so far: no text", "\r", limit, "", 0, Incomplete},
		{"2. CR that is the last byte so far: MAX seen", "12345678\r", limit, "", 0, Incomplete},
		{"3. CR that is followed by anything else: text", "a\rb\r\n", limit, "", 0, BadByte},
		{"3. CR that is followed by anything else: CR", "a\r\r\n", limit, "", 0, BadByte},
		{"3. CR that is followed by anything else: NUL", "a\r\x00\r\n", limit, "", 0, BadByte},
		{"3. LF without CR", "a\n", limit, "", 0, BadByte},
		{"3. LF without CR: first", "\n", limit, "", 0, BadByte},
		{"3. LF without CR: LF CR", "a\n\r", limit, "", 0, BadByte},
		{"3. NUL", "a\x00b\r\n", limit, "", 0, BadByte},
		{"3. before 4.: NUL when MAX seen", "12345678\x00", limit, "", 0, BadByte},
		{"3. before 4.: LF when MAX seen", "12345678\n", limit, "", 0, BadByte},
		{"3. before 4.: CR when MAX seen", "12345678\r9", limit, "", 0, BadByte},
		{"4. a text byte when MAX seen", "123456789\r\n", limit, "", 0, TooLong},
		{"4. a text byte when MAX seen: MAX is 0", "1\r\n", 0, "", 0, TooLong},
		{"4. a text byte when MAX seen: MAX is below 0", "1\r\n", -1, "", 0, TooLong},
		{"5. no byte is left", "a", limit, "", 0, Incomplete},
		{"5. no byte is left: none was there", "", limit, "", 0, Incomplete},
		{"5. no byte is left: MAX seen", "12345678", limit, "", 0, Incomplete},

		{"in order: bad byte, then too long", "a\n123456789", limit, "", 0, BadByte},
		{"in order: too long, then bad byte", "123456789\n", limit, "", 0, TooLong},
		{"known as soon as its byte is there: bad byte", "a\rb", limit, "", 0, BadByte},
		{"known as soon as its byte is there: too long", "123456789", limit, "", 0, TooLong},
		{"nothing after that byte matters: LF", "a\n\r\n", limit, "", 0, BadByte},
		{"nothing after that byte matters: too long", "123456789\x00", limit, "", 0, TooLong},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			text, n, fault := ParseLine([]byte(test.in), test.max)
			if !same(text, test.text, test.fault) || n != test.n || fault != test.fault {
				t.Errorf("ParseLine(%q, %d) = %q, %d, %q, want %q, %d, %q",
					test.in, test.max, text, n, fault, test.text, test.n, test.fault)
			}
		})
	}
}

// same wants nil with a fault and a text that is not nil without one.
func same(got []byte, want string, fault Fault) bool {
	return string(got) == want && (got == nil) == (fault != None)
}

func TestParseLineByteValues(t *testing.T) {
	for c := range 256 {
		// One after a text byte, one after a CR.
		in := []byte{'a', byte(c), '\r', '\n'}
		want := None
		if c == 0x00 || c == 0x0A || c == 0x0D {
			want = BadByte
		}
		if _, _, fault := ParseLine(in, limit); fault != want {
			t.Errorf("ParseLine(%q) has fault %q, want %q", in, fault, want)
		}
		in = []byte{'\r', byte(c)}
		want = BadByte
		if c == 0x0A {
			want = None
		}
		if _, _, fault := ParseLine(in, limit); fault != want {
			t.Errorf("ParseLine(%q) has fault %q, want %q", in, fault, want)
		}
	}
}

func TestParseRequest(t *testing.T) {
	tests := []struct {
		sentence string
		in       string
		name     string
		n        int
		fault    Fault
	}{
		{"the example", "\x64\x61\x79\x74\x69\x6d\x65\x0d\x0a", "daytime", 9, None},
		{"One line", "a\r\nb\r\n", "a", 3, None},
		{"1 byte or more: 1", "a\r\n", "a", 3, None},
		{"1 byte or more: MAX", "12345678\r\n", "12345678", 10, None},
		{"an empty one is the fault empty name", "\r\n", "", 0, EmptyName},
		{"an empty one, whatever follows", "\r\na\r\n", "", 0, EmptyName},
		{"empty name: known with its LF", "\r", "", 0, Incomplete},
		{"Names are bytes", "\xff\x80\xc3\x28\r\n", "\xff\x80\xc3\x28", 6, None},
		{"case is kept", "DayTime\r\n", "DayTime", 9, None},
		{"blanks are kept", " a\t\r\n", " a\t", 5, None},
		{"a sign is a byte as any other", "+\r\n", "+", 3, None},
		{"the line's faults: incomplete", "a", "", 0, Incomplete},
		{"the line's faults: bad byte", "a\n", "", 0, BadByte},
		{"the line's faults: bad byte before empty name", "\r\x00", "", 0, BadByte},
		{"the line's faults: too long", "123456789", "", 0, TooLong},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			name, n, fault := ParseRequest([]byte(test.in), limit)
			if !same(name, test.name, test.fault) || n != test.n || fault != test.fault {
				t.Errorf("ParseRequest(%q) = %q, %d, %q, want %q, %d, %q",
					test.in, name, n, fault, test.name, test.n, test.fault)
			}
		})
	}
}

func TestParseReply(t *testing.T) {
	tests := []struct {
		sentence    string
		in          string
		sign        byte
		explanation string
		n           int
		fault       Fault
	}{
		{"the example", "\x2b\x47\x6f\x0d\x0a", '+', "Go", 5, None},
		{"`-` (0x2D)", "\x2dNo\r\n", '-', "No", 5, None},
		{"then one line", "+a\r\nb\r\n", '+', "a", 4, None},
		{"before it is there, the reply is incomplete", "", 0, "", 0, Incomplete},
		{"a sign and no line yet", "+", 0, "", 0, Incomplete},
		{"bad sign, known as soon as that byte is there", "G", 0, "", 0, BadSign},
		{"bad sign, whatever follows", "Go\r\n", 0, "", 0, BadSign},
		{"any other: CR", "\r\n", 0, "", 0, BadSign},
		{"any other: LF", "\n", 0, "", 0, BadSign},
		{"any other: NUL", "\x00", 0, "", 0, BadSign},
		{"any other: blank", " +Go\r\n", 0, "", 0, BadSign},
		{"explanation, which may be empty", "+\r\n", '+', "", 3, None},
		{"explanation, which may be empty: refusal", "-\r\n", '-', "", 3, None},
		{"the explanation may begin with a sign", "+-\r\n", '+', "-", 4, None},
		{"MAX counts without the sign", "+12345678\r\n", '+', "12345678", 11, None},
		{"MAX counts without the sign: too long", "+123456789", 0, "", 0, TooLong},
		{"the line's faults: incomplete", "-a\r", 0, "", 0, Incomplete},
		{"the line's faults: bad byte", "-a\n", 0, "", 0, BadByte},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			sign, explanation, n, fault := ParseReply([]byte(test.in), limit)
			if sign != test.sign || !same(explanation, test.explanation, test.fault) || n != test.n ||
				fault != test.fault {
				t.Errorf("ParseReply(%q) = %q, %q, %d, %q, want %q, %q, %d, %q",
					test.in, sign, explanation, n, fault, test.sign, test.explanation, test.n, test.fault)
			}
		})
	}
}

func TestParseReplySigns(t *testing.T) {
	for c := range 256 {
		in := []byte{byte(c), '\r', '\n'}
		want := BadSign
		if c == 0x2B || c == 0x2D {
			want = None
		}
		if _, _, _, fault := ParseReply(in, limit); fault != want {
			t.Errorf("ParseReply(%q) has fault %q, want %q", in, fault, want)
		}
	}
}

func names(list ...string) [][]byte {
	var all [][]byte
	for _, name := range list {
		all = append(all, []byte(name))
	}
	return all
}

func TestParseList(t *testing.T) {
	tests := []struct {
		sentence string
		in       string
		ended    bool
		list     List
		fault    Fault
	}{
		{"lines, each holding one service name", "a\r\nb c\r\n", true, List{Names: names("a", "b c")}, None},
		{"names are not compared", "a\r\na\r\nA\r\n", true, List{Names: names("a", "a", "A")}, None},
		{"then the end of the connection", "a\r\n", true, List{Names: names("a")}, None},
		{"then the end of the connection: not yet", "a\r\n", false, List{}, Incomplete},
		{"a line that is incomplete", "a\r\nb", false, List{}, Incomplete},
		{"a line that is incomplete: CR", "a\r\nb\r", false, List{}, Incomplete},

		{"`+`: an introduction, and the names follow", "+hi\r\na\r\n", true,
			List{Introduction: []byte("hi"), Names: names("a")}, None},
		{"`+`: not a name", "+a\r\na\r\n", true, List{Introduction: []byte("a"), Names: names("a")}, None},
		{"`+`: a reply's explanation may be empty", "+\r\na\r\n", true, List{Introduction: []byte{}, Names: names("a")},
			None},
		{"`+`: no names", "+hi\r\n", true, List{Introduction: []byte("hi")}, None},
		{"`+`: no end yet", "+hi\r\n", false, List{}, Incomplete},
		{"`+`: the reply is incomplete", "+hi", false, List{}, Incomplete},
		{"`+`: a reply's bad byte", "+hi\x00", false, List{}, BadByte},
		{"first byte of all: not after a blank", " +a\r\n", true, List{Names: names(" +a")}, None},
		{"After the first line a sign has no meaning: `+`", "+hi\r\n+a\r\n", true,
			List{Introduction: []byte("hi"), Names: names("+a")}, None},
		{"After the first line a sign has no meaning: `-`", "+hi\r\n-a\r\n", true,
			List{Introduction: []byte("hi"), Names: names("-a")}, None},
		{"After the first line a sign has no meaning: names", "a\r\n+b\r\n-\r\n", true,
			List{Names: names("a", "+b", "-")}, None},

		{"`-`: a refusal", "-no\r\n", true, List{Refused: true, Explanation: []byte("no")}, None},
		{"`-`: a reply's explanation may be empty", "-\r\n", true, List{Refused: true, Explanation: []byte{}}, None},
		{"`-`: decides as soon as it is complete", "-no\r\n", false, List{Refused: true, Explanation: []byte("no")},
			None},
		{"`-`: decides as soon as it is complete: not yet", "-no\r", false, List{}, Incomplete},
		{"`-`: nothing after it matters", "-no\r\na\n\r\n", true, List{Refused: true, Explanation: []byte("no")}, None},
		{"`-`: nothing after it matters, not even that it is cut short", "-no\r\na", true,
			List{Refused: true, Explanation: []byte("no")}, None},
		{"`-`: cut short", "-no\r", true, List{}, CutShort},
		{"`-`: a reply's bad byte", "-no\n", false, List{}, BadByte},

		{"empty name: first", "\r\n", true, List{}, EmptyName},
		{"empty name: after the introduction", "+hi\r\n\r\n", true, List{}, EmptyName},
		{"empty name: last", "a\r\n\r\n", true, List{}, EmptyName},
		{"empty name: the end is not waited for", "a\r\n\r\n", false, List{}, EmptyName},
		{"empty name: known with its LF", "a\r\n\r", false, List{}, Incomplete},

		{"cut short within a line: text", "a\r\nb", true, List{}, CutShort},
		{"cut short within a line: CR", "a\r\nb\r", true, List{}, CutShort},
		{"cut short within a line: CR of an empty line", "a\r\n\r", true, List{}, CutShort},
		{"cut short within a line: first", "a", true, List{}, CutShort},
		{"its sign has come but not its LF: `+`", "+", true, List{}, CutShort},
		{"its sign has come but not its LF: `-`", "-", true, List{}, CutShort},
		{"its sign has come but not its LF: CR", "+\r", true, List{}, CutShort},
		{"its sign has come, and more may come", "+", false, List{}, Incomplete},

		{"A list may hold no name at all", "", true, List{}, None},
		{"A list may hold no name at all: no end yet", "", false, List{}, Incomplete},

		{"MAX text bytes", "12345678\r\n87654321\r\n", true, List{Names: names("12345678", "87654321")}, None},
		{"MAX counts without the sign: introduction", "+12345678\r\n", true,
			List{Introduction: []byte("12345678")}, None},
		{"MAX counts without the sign: introduction too long", "+123456789", false, List{}, TooLong},
		{"MAX counts without the sign: refusal", "-12345678\r\n", true,
			List{Refused: true, Explanation: []byte("12345678")}, None},
		{"MAX counts without the sign: refusal too long", "-123456789", false, List{}, TooLong},
		{"MAX counts a later line's sign", "a\r\n+12345678", false, List{}, TooLong},
		{"too long", "a\r\n123456789", false, List{}, TooLong},
		{"bad byte", "a\r\nb\x00", false, List{}, BadByte},
		{"the first fault decides", "a\n\r\n123456789", true, List{}, BadByte},
		{"the first fault decides: empty name", "\r\n\n123456789", true, List{}, EmptyName},
		{"a fault before the end", "a\r\n\n", true, List{}, BadByte},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			list, fault := ParseList([]byte(test.in), limit, test.ended)
			// DeepEqual tells nil from empty, which is what Introduction and Explanation promise.
			if !reflect.DeepEqual(list, test.list) || fault != test.fault {
				t.Errorf("ParseList(%q, ended %t) = %+v, %q, want %+v, %q",
					test.in, test.ended, list, fault, test.list, test.fault)
			}
		})
	}
}

func TestPrefixesAreIncomplete(t *testing.T) {
	for _, line := range []string{"\r\n", "a\r\n", "daytime\r\n", "12345678\r\n", "\xff \r\n"} {
		for i := range len(line) {
			if _, _, fault := ParseLine([]byte(line[:i]), limit); fault != Incomplete {
				t.Errorf("ParseLine(%q) has fault %q", line[:i], fault)
			}
			if _, _, fault := ParseRequest([]byte(line[:i]), limit); fault != Incomplete {
				t.Errorf("ParseRequest(%q) has fault %q", line[:i], fault)
			}
			for _, sign := range []string{"+", "-"} {
				reply := sign + line
				if _, _, _, fault := ParseReply([]byte(reply[:i]), limit); fault != Incomplete {
					t.Errorf("ParseReply(%q) has fault %q", reply[:i], fault)
				}
			}
			for _, before := range []string{"x\r\n", "+", "-", "+x\r\n"} {
				list := before + line[:i]
				if _, fault := ParseList([]byte(list), limit, false); fault != Incomplete {
					t.Errorf("ParseList(%q) has fault %q", list, fault)
				}
				want := CutShort
				if i == 0 && len(before) > 1 { // no line is begun
					want = None
				}
				if _, fault := ParseList([]byte(list), limit, true); fault != want {
					t.Errorf("ParseList(%q), ended, has fault %q, want %q", list, fault, want)
				}
			}
		}
	}
}

// TestFaultsStay goes through all short inputs of the bytes that the page tells apart. What is known of some bytes must
// not change when more arrive: "the bytes after it belong to what follows", "nothing after that byte matters".
func TestFaultsStay(t *testing.T) {
	const max = 2
	type answer struct {
		Text  string
		Sign  byte
		N     int
		Fault Fault
		List  List
	}
	parsers := map[string]func(in []byte) answer{
		"ParseLine": func(in []byte) answer {
			text, n, fault := ParseLine(in, max)
			return answer{Text: string(text), N: n, Fault: fault}
		},
		"ParseRequest": func(in []byte) answer {
			name, n, fault := ParseRequest(in, max)
			return answer{Text: string(name), N: n, Fault: fault}
		},
		"ParseReply": func(in []byte) answer {
			sign, explanation, n, fault := ParseReply(in, max)
			return answer{Text: string(explanation), Sign: sign, N: n, Fault: fault}
		},
		"ParseList": func(in []byte) answer {
			list, fault := ParseList(in, max, false)
			return answer{List: list, Fault: fault}
		},
	}
	var walk func(in []byte, parse func([]byte) answer)
	walk = func(in []byte, parse func([]byte) answer) {
		before := parse(in)
		if before.Fault != None && !reflect.DeepEqual(before, answer{Fault: before.Fault}) {
			t.Errorf("%q: %+v has more than a fault", in, before)
		}
		if len(in) == 6 {
			return
		}
		for _, c := range []byte("a+-\r\n\x00") {
			more := append(bytes.Clone(in), c)
			if after := parse(more); before.Fault != Incomplete && !reflect.DeepEqual(before, after) {
				t.Errorf("%q: %+v, but %q: %+v", in, before, more, after)
			}
			walk(more, parse)
		}
	}
	for name, parse := range parsers {
		t.Run(name, func(t *testing.T) { walk(nil, parse) })
	}
}

// A caller who appends to a parsed text must not overwrite the input after it.
func TestParsedTextsAreCapped(t *testing.T) {
	in := []byte("+a\r\nb\r\n")
	_, explanation, _, _ := ParseReply(in, limit)
	list, _ := ParseList(in, limit, true)
	_ = append(explanation, "XXX"...)
	_ = append(list.Introduction, "XXX"...)
	_ = append(list.Names[0], "X"...)
	if string(in) != "+a\r\nb\r\n" {
		t.Errorf("in is %q", in)
	}
}

func TestSameName(t *testing.T) {
	tests := []struct {
		sentence string
		a, b     string
		want     bool
	}{
		{"equal", "daytime", "daytime", true},
		{"A…Z are replaced by a…z", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", true},
		{"replaced in both", "hElP", "HeLp", true},
		{"different", "daytime", "echo", false},
		{"one begins the other", "day", "daytime", false},
		{"blanks included", "a ", "a", false},
		{"blanks included: tab", "a\t", "a ", false},
		{"both empty", "", "", true},
		{"beside the letters: @ and `", "@", "`", false},
		{"beside the letters: [ and {", "[", "{", false},
		{"no character set: Latin-1", "\xc4", "\xe4", false},
		{"no character set: UTF-8", "Ä", "ä", false},
		{"no character set: KELVIN SIGN", "\u212a", "k", false},
		{"no character set: invalid UTF-8", "\xff", "\xfe", false},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			a, b := []byte(test.a), []byte(test.b)
			if SameName(a, b) != test.want || SameName(b, a) != test.want {
				t.Errorf("SameName(%q, %q) is not %t both ways", a, b, test.want)
			}
			if string(a) != test.a || string(b) != test.b {
				t.Errorf("SameName changed its arguments to %q, %q", a, b)
			}
		})
	}
}

func TestSameNameByteValues(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			want := a == b || 'A' <= a && a <= 'Z' && b == a+0x20 || 'A' <= b && b <= 'Z' && a == b+0x20
			if got := SameName([]byte{byte(a)}, []byte{byte(b)}); got != want {
				t.Errorf("SameName(%#x, %#x) = %t", a, b, got)
			}
		}
	}
}
