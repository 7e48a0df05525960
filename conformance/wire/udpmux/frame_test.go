package udpmux

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// key is the S of the page's first example, from its K.
var key = DeriveS(K{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})

// frames are good ones: the page's examples, then the ends of what is good.
var frames = []struct {
	sentence string
	bytes    string
	frame    Frame
}{
	{"HELLO 1", "\x00\x02\x01\x01", Frame{Type: Hello, Version: 1}},
	{"WELCOME learn+token, 60000", "\x00\x04\x02\x03\xea\x60",
		Frame{Type: Welcome, Modes: ModeLearn | ModeToken, Port: 60000}},
	{"REGISTER token, 33418, S", "\x00\x24\x03\x02\x82\x8a" + string(key[:]),
		Frame{Type: Register, Modes: ModeToken, Port: 33418, S: key}},
	{"REGISTERED 7", "\x00\x05\x04\x00\x00\x00\x07", Frame{Type: Registered, ID: 7}},
	{`ERROR 6 "off"`, "\x00\x05\x05\x06\x6f\x66\x66", Frame{Type: Error, Code: CodeModeOff, Text: []byte("off")}},

	{"LIST", "\x00\x01\x06", Frame{Type: List}},
	{"LISTED, the end", "\x00\x01\x07", Frame{Type: Listed}},

	{"LISTED: a session",
		"\x00\x30\x07\x00\x00\x00\x07\x00\x00\x03\xe8\x02\x82\x8a" + "\x00\x00\x00\x00\x00\x00\x30\x39" +
			"\x00\x01\x51\x80\x00\x00\x0e\x10" + "\x00\x00\x00\x00\x00\x00\x01\x00" +
			"\x00\x00\x00\x00\x00\x00\x02\x00" + "\x00\x00\x00\x01",
		Frame{Type: Listed, Entry: Session{ID: 7, UID: 1000, Modes: ModeToken, Port: 33418, Inode: 12345,
			Age: 86400, Idle: 3600, ToBackend: 256, ToClients: 512, Clients: 1}}},
	{"LISTED: a client", "\x00\x19\x07" + strings.Repeat("\x00", 10) +
		"\xff\xff\xc0\x00\x02\x07\xd4\x31\x7f\x5a\x1b\x2c\x9c\x40",
		Frame{Type: Listed, Entry: Client{Address: [16]byte{10: 255, 11: 255, 12: 192, 14: 2, 15: 7}, Port: 54321,
			Source: [4]byte{127, 90, 27, 44}, SourcePort: 40000}}},
	{"HELLO of another version", "\x00\x02\x01\x00", Frame{Type: Hello}},
	{"WELCOME of no mode", "\x00\x04\x02\x00\x00\x01", Frame{Type: Welcome, Port: 1}},
	{"WELCOME of unknown modes", "\x00\x04\x02\xff\xff\xff", Frame{Type: Welcome, Modes: 0xff, Port: 65535}},
	{"REGISTER of all modes, port 0", "\x00\x24\x03\x07\x00\x00" + strings.Repeat("\x00", 31) + "\x01",
		Frame{Type: Register, Modes: ModeLearn | ModeToken | ModePort, S: S{31: 1}}},
	{"REGISTERED: u32", "\x00\x05\x04\x81\x02\x03\x04", Frame{Type: Registered, ID: 0x81020304}},
	{"ERROR: unknown code, no text", "\x00\x02\x05\xff", Frame{Type: Error, Code: 255, Text: []byte{}}},
	{"ERROR: 4094 bytes of text", "\x10\x00\x05\x02" + strings.Repeat("é", 2047),
		Frame{Type: Error, Code: CodeLimit, Text: []byte(strings.Repeat("é", 2047))}},
	{"ERROR: NUL and line ends are UTF-8", "\x00\x05\x05\x00\x00\r\n", Frame{Type: Error, Text: []byte("\x00\r\n")}},
}

func TestFrames(t *testing.T) {
	for _, test := range frames {
		t.Run(test.sentence, func(t *testing.T) {
			for _, after := range []string{"", "\x00", "\xff\xff\xff\xff"} { // "the bytes after it belong to the next"
				for _, ended := range []bool{false, true} {
					frame, n, fault := ReadFrame([]byte(test.bytes+after), ended)
					if !reflect.DeepEqual(frame, test.frame) || n != len(test.bytes) || fault != None {
						t.Errorf("got %+v, %d, %q, want %+v", frame, n, fault, test.frame)
					}
				}
			}
			got, fault := WriteFrame([]byte("before"), test.frame)
			checkWritten(t, got, fault, test.bytes, None)
			checkPrefixes(t, []byte(test.bytes))
		})
	}
}

// checkPrefixes wants every proper prefix of a frame incomplete, and cut short if the stream has ended after a byte.
func checkPrefixes(t interface{ Errorf(string, ...any) }, frame []byte) {
	for i := range frame {
		got, n, fault := ReadFrame(frame[:i], false)
		if !reflect.DeepEqual(got, Frame{}) || n != 0 || fault != Incomplete {
			t.Errorf("prefix %x: %+v, %d, %q", frame[:i], got, n, fault)
		}
		want := CutShort
		if i == 0 {
			want = Incomplete
		}
		got, n, fault = ReadFrame(frame[:i], true)
		if !reflect.DeepEqual(got, Frame{}) || n != 0 || fault != want {
			t.Errorf("prefix %x, ended: %+v, %d, %q", frame[:i], got, n, fault)
		}
	}
}

// Each fault is known with the last byte of bytes: without it the frame is incomplete.
var faultyFrames = []struct {
	sentence string
	bytes    string
	fault    Fault
}{
	{"2. L is 0", "\x00\x00", EmptyFrame},
	{"2. L is 4097", "\x10\x01", TooLong},
	{"2. L is 65535", "\xff\xff", TooLong},
	{"4. type 0x00", "\x00\x02\x00", UnknownType},
	{"4. type 0x08", "\x00\x02\x08", UnknownType},
	{"4. type 0x7f", "\x00\x02\x7f", UnknownType},
	{"4. reserved: 0x10", "\x00\x02\x10", UnknownType},
	{"4. reserved: 0x11", "\x00\x02\x11", UnknownType},
	{"4. type 0xff, L is 4096", "\x10\x00\xff", UnknownType},
	{"5. HELLO: 1", "\x00\x01\x01", BadLength},
	{"5. HELLO: 3", "\x00\x03\x01", BadLength},
	{"5. WELCOME: 3", "\x00\x03\x02", BadLength},
	{"5. WELCOME: 5", "\x00\x05\x02", BadLength},
	{"5. REGISTER: 35", "\x00\x23\x03", BadLength},
	{"5. REGISTER: 37", "\x00\x25\x03", BadLength},
	{"5. REGISTERED: 4", "\x00\x04\x04", BadLength},
	{"5. REGISTERED: 6", "\x00\x06\x04", BadLength},
	{"5. ERROR: 1", "\x00\x01\x05", BadLength},
	{"5. LIST: 2", "\x00\x02\x06", BadLength},
	{"5. LISTED: 24", "\x00\x18\x07", BadLength},
	{"5. LISTED: 47", "\x00\x2f\x07", BadLength},
	{"5. little endian", "\x02\x00\x01", BadLength},
	{"7. WELCOME: bad port", "\x00\x04\x02\x03\x00\x00", BadPort},
	{"7. WELCOME of no mode: bad port", "\x00\x04\x02\x00\x00\x00", BadPort},
	{"7. REGISTER: zero key", "\x00\x24\x03\x02\x82\x8a" + strings.Repeat("\x00", 32), ZeroKey},
	{"7. ERROR: not UTF-8", "\x00\x03\x05\x06\xff", BadText},
	{"7. ERROR: UTF-8 that is cut off", "\x00\x04\x05\x06\x61\xc3", BadText},
	{"7. ERROR: UTF-8 that is too long", "\x00\x04\x05\x06\xc0\x80", BadText},
	{"7. ERROR: a surrogate", "\x00\x05\x05\x06\xed\xa0\x80", BadText},
}

func TestFaultyFrames(t *testing.T) {
	for _, test := range faultyFrames {
		t.Run(test.sentence, func(t *testing.T) {
			for _, after := range []string{"", "\x00", "\x00\x02\x01\x01"} {
				for _, ended := range []bool{false, true} {
					frame, n, fault := ReadFrame([]byte(test.bytes+after), ended)
					if !reflect.DeepEqual(frame, Frame{}) || n != 0 || fault != test.fault {
						t.Errorf("got %+v, %d, %q, want %q", frame, n, fault, test.fault)
					}
				}
			}
			checkPrefixes(t, []byte(test.bytes))
		})
	}
}

// Every L with every type, three bytes of it.
func TestFrameHeaders(t *testing.T) {
	table := map[Type][2]int{Hello: {2, 2}, Welcome: {4, 4}, Register: {36, 36}, Registered: {5, 5}, Error: {2, 4096},
		List: {1, 1}, Listed: {1, 48}}
	for l := range 65536 {
		for kind := range 256 {
			want := Incomplete
			length, known := table[Type(kind)]
			switch {
			case l == 0:
				want = EmptyFrame
			case l > 4096:
				want = TooLong
			case !known:
				want = UnknownType
			case l < length[0] || l > length[1] || Type(kind) == Listed && l != 1 && l != 25 && l != 48:
				want = BadLength
			}
			if want == Incomplete && l == 1 {
				want = None
			}
			if _, _, fault := ReadFrame([]byte{byte(l >> 8), byte(l), byte(kind)}, false); fault != want {
				t.Fatalf("L %d, type %#x: %q, want %q", l, kind, fault, want)
			}
		}
	}
}

func TestWriteFrameRefuses(t *testing.T) {
	tests := []struct {
		sentence string
		frame    Frame
		fault    Fault
	}{
		{"bad port", Frame{Type: Welcome, Modes: ModeToken}, BadPort},
		{"zero key", Frame{Type: Register, Modes: ModeToken, Port: 33418}, ZeroKey},
		{"bad text", Frame{Type: Error, Code: CodeLimit, Text: []byte("\xff")}, BadText},
		{"too long", Frame{Type: Error, Code: CodeLimit, Text: []byte(strings.Repeat("x", 4095))}, TooLong},
		{"too long before bad text", Frame{Type: Error, Text: bytes.Repeat([]byte{0xff}, 4095)}, TooLong},
		{"unknown type", Frame{Type: 0x10}, UnknownType},
		{"no type", Frame{}, UnknownType},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			got, fault := WriteFrame([]byte("before"), test.frame)
			checkWritten(t, got, fault, "", test.fault)
		})
	}
}

// entry draws what LISTED can have.
var entry = rapid.OneOf(rapid.Just(any(nil)), rapid.Make[Session]().AsAny(), rapid.Make[Client]().AsAny())

// frame draws good ones.
var frame = rapid.Custom(func(t *rapid.T) Frame {
	f := Frame{Type: rapid.SampledFrom([]Type{Hello, Welcome, Register, Registered, Error, List, Listed}).Draw(t,
		"type")}
	switch f.Type {
	case Hello:
		f.Version = rapid.Byte().Draw(t, "version")
	case Welcome:
		f.Modes, f.Port = rapid.Byte().Draw(t, "modes"), rapid.Uint16Min(1).Draw(t, "port")
	case Register:
		f.Modes, f.Port = rapid.Byte().Draw(t, "modes"), rapid.Uint16().Draw(t, "port")
		f.S = S(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "S"))
		f.S[rapid.IntRange(0, 31).Draw(t, "not zero")] |= 1
	case Registered:
		f.ID = rapid.Uint32().Draw(t, "id")
	case Error:
		f.Code = Code(rapid.Byte().Draw(t, "code"))
		f.Text = append([]byte{}, rapid.StringN(-1, -1, MaxText).Draw(t, "text")...)
	case Listed:
		f.Entry = entry.Draw(t, "entry")
	}
	return f
})

func TestFramesAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, following := frame.Draw(t, "frame"), frame.Draw(t, "frame after it")
		b, fault := WriteFrame(nil, want)
		n := len(b)
		b, nextFault := WriteFrame(b, following)
		if fault != None || nextFault != None {
			t.Fatalf("%q, %q", fault, nextFault)
		}
		got, gotN, fault := ReadFrame(b, false)
		if !reflect.DeepEqual(got, want) || gotN != n || fault != None {
			t.Fatalf("%x: %+v, %d, %q", b, got, gotN, fault)
		}
		next, nextN, fault := ReadFrame(b[n:], true)
		if !reflect.DeepEqual(next, following) || nextN != len(b)-n || fault != None {
			t.Fatalf("%x: %+v, %d, %q", b[n:], next, nextN, fault)
		}
		checkPrefixes(t, b[:n])
		before := bytes.Clone(b)
		if _ = append(got.Text, "XXX"...); !bytes.Equal(b, before) {
			t.Fatalf("a caller who appends to the text overwrites the next frame")
		}
	})
}
