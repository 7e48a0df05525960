package udpmux

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// stream draws bytes of which many are near to frames.
var stream = rapid.Custom(func(t *rapid.T) []byte {
	b, _ := WriteFrame(nil, frame.Draw(t, "frame"))
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		i := rapid.IntRange(0, min(len(b)-1, 40)).Draw(t, "place")
		b[i] = rapid.SampledFrom([]byte{0, 1, 2, 3, 4, 5, 6, 0x10, 0x11, 0x24, 0x80, 0xc3, 0xff}).Draw(t, "byte")
	}
	return append(b, rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "after")...)
})

// What is known of some bytes does not change when more arrive, and what is read is written again as the same bytes.
func TestFaultsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := stream.Draw(t, "in")
		whole, n, fault := ReadFrame(in, false)
		if fault == None {
			if again, refused := WriteFrame(nil, whole); refused != None || string(again) != string(in[:n]) {
				t.Fatalf("%x: %+v is written as %x, %q", in, whole, again, refused)
			}
		}
		for i := range in {
			part, partN, partFault := ReadFrame(in[:i], false)
			same := reflect.DeepEqual(part, whole) && partN == n && partFault == fault
			if partFault != Incomplete && !same {
				t.Fatalf("%x: %+v, %d, %q, but the first %d: %+v, %d, %q",
					in, whole, n, fault, i, part, partN, partFault)
			}
		}
	})
}

// A caller's bytes beyond the end of b are not the writer's to change when it refuses.
func TestRefusedWriteLeavesMemory(t *testing.T) {
	memory := []byte("before, after")
	b := memory[:6]
	WriteFrame(b, Frame{Type: Error, Text: []byte("\xff")})
	WriteLearn(b, nil)
	WriteToken(b, T{}, nil)
	WritePort(b, 1024, nil)
	WriteBackend(b, nil)
	WriteP(b, ToServer, 0, nil)
	if string(memory) != "before, after" {
		t.Errorf("memory is %q", memory)
	}
}

func TestNames(t *testing.T) {
	tests := []struct{ got, want string }{
		{Hello.String(), "HELLO"}, {Welcome.String(), "WELCOME"}, {Register.String(), "REGISTER"},
		{Registered.String(), "REGISTERED"}, {Error.String(), "ERROR"}, {Type(0x10).String(), "type 0x10"},
		{Code(1).String(), "version"}, {Code(2).String(), "limit"}, {Code(3).String(), "duplicate"},
		{Code(4).String(), "not the owner"}, {Code(5).String(), "not loopback"}, {Code(6).String(), "mode off"},
		{Code(7).String(), "bad frame"}, {Code(8).String(), "code 8"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
