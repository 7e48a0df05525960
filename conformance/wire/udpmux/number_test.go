package udpmux

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var readNTests = []struct {
	argument string
	n        N
	port     uint16
}{
	{"", NotANumber, 0}, // 1.
	{"x", NotANumber, 0},
	{"60000x", NotANumber, 0},
	{" 60000", NotANumber, 0},
	{"60000\n", NotANumber, 0},
	{"-1", NotANumber, 0},
	{"+60000", NotANumber, 0},
	{"0xea60", NotANumber, 0},
	{"1e4", NotANumber, 0},
	{"60_000", NotANumber, 0},
	{"٣", NotANumber, 0},
	{"\x00", NotANumber, 0},
	{"1073747824x", NotANumber, 0},

	{"60000", PlainN, 60000}, // 2.
	{"1", PlainN, 1},
	{"65535", PlainN, 65535},
	{"00065535", PlainN, 65535},
	{"00000060000", PlainN, 60000},
	{strings.Repeat("0", 1000) + "60000", PlainN, 60000},

	{"10737478240", TokenN, 60000}, // 3.
	{"10737418241", TokenN, 1},
	{"10737483775", TokenN, 65535},

	{"0", UnknownN, 0}, // 4.
	{"00000000000", UnknownN, 0},
	{"65536", UnknownN, 0},
	{"99999", UnknownN, 0},
	{"10737418240", UnknownN, 0},
	{"10737483776", UnknownN, 0},
	{"010737478240", UnknownN, 0},
	{"8589994592", UnknownN, 0},           // 2·2^32 + 60000
	{"6442510944", UnknownN, 0},           // 2^32 + 2^31 + 60000
	{"19327412832", UnknownN, 0},          // 4·2^32 + 2^31 + 60000
	{"4295027296", UnknownN, 0},           // 2^32 + 60000
	{"18446744073709611616", UnknownN, 0}, // 2^64 + 60000
	{"18446744084447029856", UnknownN, 0}, // 2^64 + 10737478240
	{"99999999999", UnknownN, 0},
	{strings.Repeat("9", 1000), UnknownN, 0},
}

func TestReadN(t *testing.T) {
	for _, test := range readNTests {
		if n, port := ReadN([]byte(test.argument)); n != test.n || port != test.port {
			t.Errorf("ReadN(%q) = %q, %d, want %q, %d", test.argument, n, port, test.n, test.port)
		}
	}
}

// The page's examples, and every port.
func TestWriteN(t *testing.T) {
	if WriteLearnN(60000) != 60000 || WriteTokenN(60000) != 10737478240 || WriteTokenN(60000) != 0x2_8000_EA60 {
		t.Errorf("learn %d, token %d", WriteLearnN(60000), WriteTokenN(60000))
	}
	for port := 1; port <= 65535; port++ {
		for want, value := range map[N]uint64{
			PlainN: WriteLearnN(uint16(port)),
			TokenN: WriteTokenN(uint16(port)),
		} {
			if n, got := ReadN(strconv.AppendUint(nil, value, 10)); n != want || int(got) != port {
				t.Errorf("port %d is written as %d and read as %q, %d", port, value, n, got)
			}
		}
	}
}

func TestColours(t *testing.T) {
	tests := []struct {
		sentence string
		output   string
		failed   bool
		want     string
	}{
		{"the page's 0256", "256\n", false, "0256"},
		{"the page's 08", "8\n", false, "08"},
		{"the page's 00: -1", "-1\n", false, "00"},
		{"without LF", "256", false, "0256"},
		{"leading zeros dropped", "0256\n", false, "0256"},
		{"leading zeros dropped: 8", "0008\n", false, "08"},
		{"0 is not leading", "0\n", false, "00"},
		{"0 is not leading: 000", "000\n", false, "00"},
		{"more than a number holds", "99999999999999999999\n", false, "099999999999999999999"},
		{"something else: nothing", "", false, "00"},
		{"something else: an empty line", "\n", false, "00"},
		{"something else: two lines", "256\n256\n", false, "00"},
		{"something else: a second LF", "256\n\n", false, "00"},
		{"something else: blank", " 256\n", false, "00"},
		{"something else: CR", "256\r\n", false, "00"},
		{"something else: words", "256 colours\n", false, "00"},
		{"something else: other digits", "٣\n", false, "00"},
		{"fails", "256\n", true, "00"},
		{"fails: nothing", "", true, "00"},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			got := WriteColours([]byte(test.output), test.failed)
			if got != test.want {
				t.Errorf("WriteColours(%q, %t) = %q, want %q", test.output, test.failed, got, test.want)
			}
			if !ReadColours([]byte(got)) {
				t.Errorf("%q is not the signal", got)
			}
		})
	}
}

func TestReadColours(t *testing.T) {
	for argument, want := range map[string]bool{
		"0256": true, "08": true, "00": true, "000": true, "0" + strings.Repeat("9", 100): true,
		"": false, "0": false, "8": false, "256": false, "2560": false, "-1": false, "-01": false, "0x10": false,
		"0-1": false, "0256 ": false, " 0256": false, "0256\n": false, "0٣": false,
	} {
		if got := ReadColours([]byte(argument)); got != want {
			t.Errorf("ReadColours(%q) = %t", argument, got)
		}
	}
}

// Whatever the real client does, the session agent sees the signal, and a stock mosh-server the same number.
func TestColoursAreReadBack(t *testing.T) {
	output := rapid.OneOf(rapid.StringMatching(`[0-9]{1,6}\n?`), rapid.StringMatching(`[0-9 \n\r-]{0,6}`),
		rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		in, failed := output.Draw(t, "output"), rapid.Bool().Draw(t, "failed")
		got := WriteColours([]byte(in), failed)
		if !ReadColours([]byte(got)) {
			t.Fatalf("WriteColours(%q, %t) = %q, which is not the signal", in, failed, got)
		}
		value, err := strconv.ParseUint(strings.TrimSuffix(in, "\n"), 10, 64)
		if err != nil || failed {
			value = 0
		}
		if again, err := strconv.ParseUint(got, 10, 64); !failed && len(in) < 19 && (again != value || err != nil) {
			t.Fatalf("WriteColours(%q, %t) = %q, not %d", in, failed, got, value)
		}
		if bytes.ContainsAny([]byte(got), "\n") {
			t.Fatalf("WriteColours(%q, %t) = %q has a line's end", in, failed, got)
		}
	})
}
