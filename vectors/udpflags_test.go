package vectors

import (
	"bytes"
	"slices"
	"testing"
)

func TestUDPMuxFlagsHold(t *testing.T) {
	checkFlags(t, "udpmux", []flagTest{
		flagged("Incomplete", isIncomplete),
		flagged("CutShort", isCutShort),
		flagged("Following", func(_ *testing.T, v *FrameVector) bool { return follows(v.Consumed, v) }),
		flagged("Early", func(_ *testing.T, v *FrameVector) bool {
			return v.Result == Invalid && v.Fault != "cut short" && len(v.Input) < 2+int(v.Input[0])<<8+int(v.Input[1])
		}),
		flagged("ModeOff", func(_ *testing.T, v *DatagramVector) bool { return v.On != nil && !*v.On }),
		flagged("Trailing", func(_ *testing.T, v *ConnectVector) bool {
			_, rest, _ := bytes.Cut(v.Input, []byte("MOSH CONNECT "))
			_, rest, _ = bytes.Cut(rest, []byte("\n"))
			return v.Result != Incomplete && len(rest) > 0 && v.ID != "connect-later"
		}),
		flagged("Zeros", func(_ *testing.T, v *NumberVector) bool {
			return len(v.Input) > 1 && v.Input[0] == '0' && v.Fault != "not a number"
		}),
		flagged("Conversation", func(_ *testing.T, v *FrameVector) bool {
			return v.Frame != nil && refusedLater(*v.Frame)
		}),
	})
}

// refusedLater tells whether a frame has a value that the conversation refuses.
func refusedLater(f Frame) bool {
	switch f.Type {
	case 1:
		return *f.Version != 1
	case 3:
		return *f.Modes == 0 || *f.Modes > 7 || *f.Port < 1024
	case 5:
		return *f.Code < 1 || *f.Code > 7
	}
	return false
}

// TestUDPMuxFirstBytes wants the first bytes on both sides of each border between two meanings, each with its mode on
// and with its mode off.
func TestUDPMuxFirstBytes(t *testing.T) {
	files, err := Load("udpmux")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f File) bool { return f.Name != "first-bytes.json" })
	seen := map[byte]string{}
	for _, v := range Of[*DatagramVector](files) {
		if len(v.Input) != 0 {
			seen[v.Input[0]] += map[bool]string{true: "on ", false: "off "}[v.Modes == 7]
		}
	}
	for _, first := range []byte{0, 1, 2, 3, 4, 5, 8, 0x10, 0x20, 0x40, 0x7f, 0x80, 0xfe, 0xff} {
		if seen[first] != "on off " {
			t.Errorf("0x%02x is there %q", first, seen[first])
		}
	}
}
