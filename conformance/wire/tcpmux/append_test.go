package tcpmux

import (
	"testing"
)

func TestAppendRequest(t *testing.T) {
	tests := []struct {
		sentence string
		name     string
		want     string
		fault    Fault
	}{
		{"the example", "daytime", "\x64\x61\x79\x74\x69\x6d\x65\x0d\x0a", None},
		{"MAX bytes", "12345678", "12345678\r\n", None},
		{"Names are bytes", " +\xff", " +\xff\r\n", None},
		{"one more than MAX: MAX", "1234567\xff", "1234567\xff\r\n", None},
		{"empty name", "", "", EmptyName},
		{"too long", "123456789", "", TooLong},
		{"too long, then bad byte", "123456789\n", "", TooLong},
		{"bad byte: NUL", "a\x00", "", BadByte},
		{"bad byte: LF", "a\n", "", BadByte},
		{"bad byte: CR", "a\rb", "", BadByte},
		{"bad byte: CR at the end", "a\r", "", BadByte},
		{"bad byte: two requests", "a\r\nb", "", BadByte},
		{"where a byte is both, it is a bad byte", "12345678\n", "", BadByte},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			got, fault := AppendRequest([]byte("before"), []byte(test.name), limit)
			checkAppended(t, got, fault, test.want, test.fault)
			got, fault = AppendList([]byte("before"), names(test.name), limit)
			checkAppended(t, got, fault, test.want, test.fault)
		})
	}
}

func checkAppended(t *testing.T, got []byte, fault Fault, want string, wantFault Fault) {
	t.Helper()
	if string(got) != "before"+want || fault != wantFault {
		t.Errorf("got %q, %q, want %q, %q", got, fault, "before"+want, wantFault)
	}
}

func TestAppendReply(t *testing.T) {
	tests := []struct {
		sentence    string
		sign        byte
		explanation string
		want        string
		fault       Fault
	}{
		{"the example", '+', "Go", "\x2b\x47\x6f\x0d\x0a", None},
		{"`-` (0x2D)", '-', "No", "\x2dNo\r\n", None},
		{"which may be empty", '+', "", "+\r\n", None},
		{"MAX counts without the sign", '+', "12345678", "+12345678\r\n", None},
		{"bad sign", 'G', "o", "", BadSign},
		{"bad sign: NUL", 0, "", "", BadSign},
		{"bad sign, then bad byte", 'G', "\n", "", BadSign},
		{"too long", '+', "123456789", "", TooLong},
		{"bad byte: NUL", '+', "a\x00", "", BadByte},
		{"bad byte: LF", '+', "a\n", "", BadByte},
		{"bad byte: CR", '-', "a\r", "", BadByte},
		{"bad byte: two lines", '-', "a\r\nb", "", BadByte},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			got, fault := AppendReply([]byte("before"), test.sign, []byte(test.explanation), limit)
			checkAppended(t, got, fault, test.want, test.fault)
		})
	}
}

func TestAppendList(t *testing.T) {
	tests := []struct {
		sentence string
		names    [][]byte
		want     string
		fault    Fault
	}{
		{"lines, each holding one service name", names("a", "b c"), "a\r\nb c\r\n", None},
		{"A list may hold no name at all", nil, "", None},
		{"first name begins with `+`", names("+a", "b"), "", BadSign},
		{"first name begins with `-`", names("-", "b"), "", BadSign},
		{"first name begins with `+`, then bad byte", names("+\n"), "", BadSign},
		{"a later name may begin with either", names("a", "+b", "-c"), "a\r\n+b\r\n-c\r\n", None},
		{"a name may hold either elsewhere", names("a+b-"), "a+b-\r\n", None},
		{"empty name: first", names("", "a"), "", EmptyName},
		{"empty name", names("a", ""), "", EmptyName},
		{"too long", names("a", "123456789"), "", TooLong},
		{"bad byte", names("a", "b\r\nc"), "", BadByte},
		{"the first fault decides", names("a\n", "123456789", ""), "", BadByte},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			got, fault := AppendList([]byte("before"), test.names, limit)
			checkAppended(t, got, fault, test.want, test.fault)
		})
	}
}

// A caller's bytes beyond the end of b are not the writer's to change when it refuses.
func TestRefusedAppendLeavesMemory(t *testing.T) {
	memory := []byte("before, after")
	b := memory[:6]
	AppendRequest(b, []byte("a\n"), limit)
	AppendReply(b, '+', []byte("a\n"), limit)
	AppendList(b, names("a", "b\n"), limit)
	if string(memory) != "before, after" {
		t.Errorf("memory is %q", memory)
	}
}
