package udpmux

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// moshP makes a mosh datagram: its number, and zeros up to the length n.
func moshP(nonce uint64, n int) []byte {
	return append(binary.BigEndian.AppendUint64(nil, nonce), make([]byte, n-8)...)
}

const toClient = 1 << 63 // the direction

func TestClientFaults(t *testing.T) {
	t.Parallel()
	T := strings.Repeat("T", 15)
	good, odd := string(moshP(1, 24)), string(moshP(toClient, 24))
	for _, test := range []struct {
		name, D string
		want    error
	}{
		{"empty", "", ErrEmpty},
		{"learn, short", good[:23], ErrTooShort},
		{"learn, long", string(moshP(0, 2049)), ErrTooLong},
		{"token, no T", "\x01" + T[:14], ErrShortHeader},
		{"token, no P", "\x01" + T, ErrTooShort},
		{"token, long", "\x01" + T + string(moshP(0, 2049)), ErrTooLong},
		{"token, direction", "\x01" + T + odd, ErrWrongDirection},
		{"token, short before direction", "\x01" + T + odd[:23], ErrTooShort},
		{"reserved 2", "\x02" + T + good, ErrReserved},
		{"reserved 3", "\x03", ErrReserved},
		{"port, short header", "\x04", ErrShortHeader},
		{"port, short", "\x04\x00" + good[:23], ErrTooShort},
		{"port, direction", "\xff\xff" + odd, ErrWrongDirection},
		{"from a server", odd, ErrTooShort}, // 0x80 begins a port
	} {
		if _, _, err := ParseClient([]byte(test.D)); err != test.want {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

// What is written is read, and what is read is written again.
func TestClientRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := Header{Mode: rapid.SampledFrom([]Mode{Learn, Token, Port}).Draw(t, "mode")}
		switch h.Mode {
		case Token:
			h.T = [15]byte(rapid.SliceOfN(rapid.Byte(), 15, 15).Draw(t, "T"))
		case Port:
			h.Port = rapid.Uint16().Draw(t, "port")
		}
		P := rapid.SliceOfN(rapid.Byte(), 20, 2052).Draw(t, "P")
		P[0] &= 0x80
		D, err := AppendClient(nil, h, P)
		var want error
		switch {
		case h.Mode == Port && h.Port < MinPort:
			want = ErrBadPort
		case len(P) < MinP:
			want = ErrTooShort
		case len(P) > MaxP:
			want = ErrTooLong
		case P[0] != 0:
			want = ErrWrongDirection
		}
		if err != want {
			t.Fatalf("AppendClient: %v, want %v", err, want)
		} else if err != nil {
			return
		}
		if h2, P2, err := ParseClient(D); h2 != h || !bytes.Equal(P, P2) || err != nil {
			t.Fatalf("%v %x %v", h2, P2, err)
		}
	})
}

func TestBackendFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		P    []byte
		want error
	}{
		{nil, ErrTooShort}, {moshP(toClient, 23), ErrTooShort}, {moshP(toClient, 24), nil},
		{moshP(toClient, 2048), nil}, {moshP(toClient, 2049), ErrTooLong}, {moshP(0, 24), ErrWrongDirection},
		{moshP(toClient-1, 24), ErrWrongDirection}, {moshP(1<<64-1, 24), nil},
	} {
		if err := ParseBackend(test.P); err != test.want {
			t.Errorf("%d bytes, %x: %v, want %v", len(test.P), test.P[:min(8, len(test.P))], err, test.want)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, K, S, T string }{
		{"AAECAwQFBgcICQoLDA0ODw", "000102030405060708090a0b0c0d0e0f",
			"f95e7a8175f3969eda795847755f2fccbcf071d68c52bbe24925ad44b4ff90ba", "8b29225feb1f6e8c8a70484d36c941"},
		{"8OHSw7Sllod4aVpLPC0eDw", "f0e1d2c3b4a5968778695a4b3c2d1e0f",
			"7fbe806475eeae94f4b6df61613d0e9094df4f93667ecca929c8f72b4d7b8859", "4cb33ee7006fb0234a165676605665"},
		{"AAAAAAAAAAAAAAAAAAAAAA", "00000000000000000000000000000000",
			"c939e47dab3acc89eb29c5807fd035e635e2874e633e830d875ab2cd686b9ca6", "777272b0f547ccbc2c43a4955f2f96"},
	} {
		K, err := ParseKey(test.text)
		S := RegistrationKey(K)
		T := TokenOf(S)
		if err != nil || hex.EncodeToString(K[:]) != test.K || hex.EncodeToString(S[:]) != test.S ||
			hex.EncodeToString(T[:]) != test.T {
			t.Errorf("%s: %x %x %x %v", test.text, K, S, T, err)
		}
		if got := string(AppendKey(nil, K)); got != test.text {
			t.Errorf("%x becomes %s", K, got)
		}
	}
	for text, want := range map[string]error{"": ErrBadLength, "AAAAAAAAAAAAAAAAAAAAAAA": ErrBadLength,
		"AAAAAAAAAAAAAAAAAAAA==": ErrBadCharacter, "AAAA-AAAAAAAAAAAAAAAAA": ErrBadCharacter,
		"AAAA\nAAAAAAAAAAAAAAAAA": ErrBadCharacter, "AAAAAAAAAAAAAAAAAAAAAB": ErrBadTail,
		"AAAAAAAAAAAAAAAAAAAAA/": ErrBadTail} {
		if _, err := ParseKey(text); err != want {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

var pageFrames = []struct {
	f   Frame
	hex string
}{
	{Frame{Type: Hello, Version: 1}, "00020101"},
	{Frame{Type: Welcome, Modes: Learn | Token, Port: 60000}, "00040203ea60"},
	{Frame{Type: Register, Modes: Token, Port: 33418, S: [32]byte{31: 1}},
		"00240302828a" + strings.Repeat("00", 31) + "01"},
	{Frame{Type: Registered, ID: 7}, "00050400000007"},
	{Frame{Type: Error, Code: 6, Text: "off"}, "00050506" + "6f6666"},
}

// Each frame of the page is written and read like this, also with another after it; every proper part of it is
// incomplete.
func TestFrames(t *testing.T) {
	t.Parallel()
	for _, test := range pageFrames {
		b, err := AppendFrame(nil, test.f)
		if got := hex.EncodeToString(b); got != test.hex || err != nil {
			t.Errorf("%+v becomes %s (%v)", test.f, got, err)
		}
		if f, n, err := ParseFrame(append(b, 0, 9)); f != test.f || n != len(b) || err != nil {
			t.Errorf("%s is read as %+v, %d, %v", test.hex, f, n, err)
		}
		for i := range b {
			if _, _, err := ParseFrame(b[:i]); err != ErrIncomplete {
				t.Errorf("%x: %v", b[:i], err)
			}
			r := NewFrameReader(bytes.NewReader(b[:i]))
			var want error = ErrCutShort
			if i == 0 {
				want = io.EOF
			}
			for range 2 {
				if _, err := r.Next(); err != want {
					t.Errorf("stream %x: %v", b[:i], err)
				}
			}
		}
	}
}

func TestFrameFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{"0000": ErrEmptyFrame, "1001": ErrTooLong, "ffff": ErrTooLong,
		"000100": ErrUnknownType, "000206": ErrBadLength, "00027f": ErrUnknownType, "000210": ErrUnknownType,
		"000101": ErrBadLength, "000301": ErrBadLength, "000302": ErrBadLength, "002303": ErrBadLength,
		"002503": ErrBadLength, "000404": ErrBadLength, "000105": ErrBadLength, "000402010000": ErrBadPort,
		"00240301ffff" + strings.Repeat("00", 32): ErrZeroKey, "00030501ff": ErrBadText} {
		b, _ := hex.DecodeString(text)
		if _, _, err := ParseFrame(b); err != want {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
	for _, test := range []struct {
		f    Frame
		want error
	}{{Frame{Type: Welcome}, ErrBadPort}, {Frame{Type: Register}, ErrZeroKey},
		{Frame{Type: Error, Text: "\xff"}, ErrBadText},
		{Frame{Type: Error, Text: strings.Repeat("x", 4095)}, ErrTooLong}, {Frame{}, ErrUnknownType}} {
		if b, err := AppendFrame(nil, test.f); err != test.want || len(b) > 0 {
			t.Errorf("%+v: %v, want %v", test.f.Type, err, test.want)
		}
	}
	longest := Frame{Type: Error, Text: strings.Repeat("x", 4094)}
	b, err := AppendFrame(nil, longest)
	if f, _, err2 := ParseFrame(b); err != nil || err2 != nil || f != longest {
		t.Errorf("the longest text: %v, %v", err, err2)
	}
}

// A stream of frames is read however it is cut.
func TestFrameReader(t *testing.T) {
	t.Parallel()
	var b []byte
	for _, test := range pageFrames {
		b, _ = AppendFrame(b, test.f)
	}
	for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b)),
		iotest.HalfReader(bytes.NewReader(b))} {
		frames := NewFrameReader(r)
		for _, test := range pageFrames {
			if f, err := frames.Next(); f != test.f || err != nil {
				t.Errorf("%+v, %v; want %+v", f, err, test.f)
			}
		}
		if _, err := frames.Next(); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	}
}

func TestConnectLine(t *testing.T) {
	t.Parallel()
	const key = "AAECAwQFBgcICQoLDA0ODw"
	K, _ := ParseKey(key)
	if got := string(AppendConnect(nil, TokenNumber(60000), K)); got != "MOSH CONNECT 10737478240 "+key+"\n" {
		t.Errorf("it becomes %q", got)
	}
	for line, want := range map[string]error{"MOSH CONNECT 60000 " + key: nil,
		"MOSH CONNECT 060000 " + key + " \t\r\n": nil, "": ErrNotConnect, " MOSH CONNECT 60000 " + key: ErrNotConnect,
		"MOSH CONNECT": ErrNotConnect, "MOSH CONNECT ": ErrNotConnect, "MOSH CONNECT\t60000 " + key: ErrNotConnect,
		"MOSH CONNECT x": ErrBadNumber, "MOSH CONNECT 60000": ErrBadNumber, "MOSH CONNECT 60000\t" + key: ErrBadNumber,
		"MOSH CONNECT 0 " + key: ErrBadNumber, "MOSH CONNECT 65536 " + key: ErrBadNumber,
		"MOSH CONNECT 60000  " + key: ErrBadKey, "MOSH CONNECT 0 " + key[1:]: ErrBadKey,
		"MOSH CONNECT 1 " + key + " x": ErrBadKey} {
		port, got, err := ParseConnect(line)
		if !errors.Is(err, want) || err == nil && (port != 60000 || got != K) {
			t.Errorf("%q: %d, %v, want %v", line, port, err, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		mode Mode
		port uint16
		err  error
	}{
		{"60000", Learn, 60000, nil}, {"0", 0, 0, ErrUnknownNumber},
		{"000000000000000000000000065535", Learn, 65535, nil}, {"65536", 0, 0, ErrUnknownNumber},
		{"10737478240", Token, 60000, nil}, {"10737418240", 0, 0, ErrUnknownNumber}, {"10737418241", Token, 1, nil},
		{"10737483775", Token, 65535, nil}, {"10737483776", 0, 0, ErrUnknownNumber},
		{"010737478240", 0, 0, ErrUnknownNumber}, {"99999999999999999999999", 0, 0, ErrUnknownNumber},
		{"", 0, 0, ErrNotNumber}, {"-1", 0, 0, ErrNotNumber}, {"6e4", 0, 0, ErrNotNumber},
		{"+60000", 0, 0, ErrNotNumber}, {"60 000", 0, 0, ErrNotNumber},
	} {
		if mode, port, err := ParseNumber(test.text); mode != test.mode || port != test.port || err != test.err {
			t.Errorf("%q: %v %d %v", test.text, mode, port, err)
		}
	}
}

func TestColours(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{"256\n": "0256", "8\n": "08", "0\n": "00", "000": "00", "0016": "016",
		"-1\n": "00", "": "00", "x8": "00", "8 8": "00"} {
		if got := Colours(output); got != want || !HasAgent(got) {
			t.Errorf("%q becomes %q, want %q", output, got, want)
		}
	}
	for _, text := range []string{"", "0", "256", "8", "-1", "0x", "00 "} {
		if HasAgent(text) {
			t.Errorf("%q passes for an agent's", text)
		}
	}
}
