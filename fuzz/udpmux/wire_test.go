package udpmux

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

var (
	anyLength = rapid.OneOf(rapid.SampledFrom([]int{0, 1, 23, 24, 25, 2047, 2048, 2049, 5000}), rapid.IntRange(0, 80))
	anyFirst  = rapid.OneOf(rapid.SampledFrom([]byte{0, 0, 0, 1, 2, 3, 4, 0x7f, 0x80, 0xff}), rapid.Byte())
	anyP      = rapid.Custom(func(t *rapid.T) []byte {
		p := make([]byte, anyLength.Draw(t, "length"))
		copy(p, rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "number"))
		if len(p) > 0 {
			p[0] = anyFirst.Draw(t, "first byte")
		}
		return p
	})
	anyPort = rapid.OneOf(rapid.SampledFrom([]uint16{0, 1, 1023, 1024, 60000, 65535}), rapid.Uint16())
	anyText = rapid.OneOf(rapid.SampledFrom([]string{"", "no", "\xff", "\xed\xa0\x80", "h\xc3",
		strings.Repeat("x", 4094), strings.Repeat("x", 4095),
		strings.Repeat("\xff", 4095), strings.Repeat("x", 65536)}), rapid.String())
	anyFrame = rapid.Custom(func(t *rapid.T) wire.Frame {
		f := wire.Frame{Type: wire.Type(rapid.OneOf(rapid.ByteRange(1, 7), rapid.Byte()).Draw(t, "type"))}
		switch f.Type {
		case wire.Hello:
			f.Version = rapid.Byte().Draw(t, "version")
		case wire.Welcome:
			f.Modes, f.Port = rapid.Byte().Draw(t, "modes"), anyPort.Draw(t, "port")
		case wire.Register:
			f.Modes, f.Port = rapid.Byte().Draw(t, "modes"), anyPort.Draw(t, "port")
			f.S[rapid.IntRange(0, 31).Draw(t, "at")] = rapid.Byte().Draw(t, "S")
		case wire.Registered:
			f.ID = rapid.Uint32().Draw(t, "id")
		case wire.Error:
			f.Code, f.Text = wire.Code(rapid.Byte().Draw(t, "code")), []byte(anyText.Draw(t, "text"))
		case wire.Listed:
			f.Entry = rapid.OneOf(rapid.Just(any(nil)), rapid.Make[wire.Session]().AsAny(),
				rapid.Make[wire.Client]().AsAny()).Draw(t, "entry")
		}
		return f
	})
)

func check(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func TestDatagramsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := wire.Datagram{Form: rapid.SampledFrom([]wire.Form{wire.Learn, wire.Token, wire.Port}).Draw(t, "form"),
			P: anyP.Draw(t, "P")}
		switch d.Form {
		case wire.Token:
			d.T = wire.T(rapid.SliceOfN(rapid.Byte(), 15, 15).Draw(t, "T"))
		case wire.Port:
			d.Port = anyPort.Draw(t, "port")
		}
		b, f, err := writeClient(d)
		check(t, err)
		if f == wire.None {
			got, f, err := readClient(b)
			if check(t, err); f != wire.None || fmt.Sprint(got) != fmt.Sprint(d) {
				t.Fatalf("%+v is read as %+v, %q", d, got, f)
			}
		}
		check(t, readBackend(d.P))
		// The same without a writer's checks, and cut.
		header := map[wire.Form]string{wire.Learn: "", wire.Token: "\x01" + string(d.T[:]),
			wire.Port: string(binary.BigEndian.AppendUint16(nil, d.Port))}
		raw := append([]byte(header[d.Form]), d.P...)
		_, _, err = readClient(raw[:rapid.IntRange(0, len(raw)).Draw(t, "cut")])
		check(t, err)
		_, _, err = readClient(raw)
		check(t, err)
	})
}

// TestFirstBytesAgree: each of them, before datagrams of some lengths.
func TestFirstBytesAgree(t *testing.T) {
	for first := range 256 {
		for _, n := range []int{1, 2, 15, 16, 17, 24, 26, 39, 40, 41, 2048, 2049, 2050, 2051, 2064, 2065} {
			b := make([]byte, n)
			b[0] = byte(first)
			if _, _, err := readClient(b); err != nil {
				t.Error(err)
			}
			if err := readBackend(b); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestFrameHeadsAgree: each type with each length that says something.
func TestFrameHeadsAgree(t *testing.T) {
	for kind := range 256 {
		for _, L := range []int{0, 1, 2, 3, 4, 5, 6, 35, 36, 37, 255, 256, 4095, 4096, 4097, 65535} {
			b := append(binary.BigEndian.AppendUint16(nil, uint16(L)), byte(kind))
			for n := range len(b) + 1 {
				for _, ended := range []bool{false, true} {
					if _, _, err := readFrame(b[:n], ended); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
}

func TestFramesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		for _, f := range rapid.SliceOfN(anyFrame, 0, 5).Draw(t, "frames") {
			part, _, err := writeFrame(f)
			check(t, err)
			b = append(b, part...)
		}
		for range rapid.IntRange(0, 2).Draw(t, "flaws") {
			if at := rapid.IntRange(0, 200).Draw(t, "at"); at < len(b) {
				b[at] = rapid.Byte().Draw(t, "byte")
			}
		}
		check(t, readFrames(b[:rapid.IntRange(0, len(b)).Draw(t, "cut")]))
		check(t, readFrames(b))
	})
}

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// anyKeyText is nearly right.
var anyKeyText = rapid.Custom(func(t *rapid.T) string {
	text := []byte(rapid.StringOfN(rapid.RuneFrom([]rune(base64)), 21, 21, -1).Draw(t, "text") +
		rapid.SampledFrom([]string{"A", "Q", "g", "w"}).Draw(t, "tail"))
	if rapid.Bool().Draw(t, "flaw") {
		text[rapid.IntRange(0, 21).Draw(t, "at")] = rapid.OneOf(rapid.SampledFrom([]byte(base64+"=-_\n\r ")),
			rapid.Byte()).Draw(t, "byte")
	}
	return string(text) + rapid.SampledFrom([]string{"", "", "", "A", "=", "==", " ", "\n"}).Draw(t, "more")
})

func TestKeysAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(anyKeyText.Draw(t, "text"))
		check(t, readKey(text))
		check(t, readKey(text[:rapid.IntRange(0, len(text)).Draw(t, "cut")]))
	})
}

// TestKeyCharactersAgree: each byte at each place.
func TestKeyCharactersAgree(t *testing.T) {
	for at := range 22 {
		for b := range 256 {
			text := []byte("AAECAwQFBgcICQoLDA0ODw")
			text[at] = byte(b)
			if err := readKey(text); err != nil {
				t.Error(err)
			}
		}
	}
}

// anyNumber is near a border.
var anyNumber = rapid.Custom(func(t *rapid.T) string {
	base := rapid.SampledFrom([]uint64{0, 60000, 65535, 1 << 31, 1 << 32, 1<<32 + 1<<31, 2 << 32,
		2<<32 + 1<<31, 2<<32 + 1<<31 + 65535, 4<<32 + 1<<31,
		1 << 63, 1<<64 - 1}).Draw(t, "base")
	n := fmt.Sprint(base + uint64(rapid.Int64Range(-3, 3).Draw(t, "more")))
	return strings.Repeat("0", rapid.IntRange(0, 3).Draw(t, "zeros")) + n +
		rapid.SampledFrom([]string{"", "", "", "", "0", "x", " ", "\n"}).Draw(t, "after")
})

func TestLinesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := anyNumber.Draw(t, "number")
		check(t, readNumber([]byte(n)))
		blank := rapid.SampledFrom([]string{" ", " ", " ", "", "  ", "\t"})
		words := rapid.SampledFrom([]string{"MOSH CONNECT", "MOSH CONNECT", "MOSH CONNECT", " MOSH CONNECT",
			"mosh connect"})
		end := rapid.SampledFrom([]string{"", " ", "\r", "\t \r", "\v", " x"})
		line := words.Draw(t, "words") + blank.Draw(t, "first") + n + blank.Draw(t, "second") +
			anyKeyText.Draw(t, "key") + end.Draw(t, "end")
		line = strings.ReplaceAll(line, "\n", "")
		check(t, readConnect([]byte(line)))
		check(t, readConnect([]byte(line[:rapid.IntRange(0, len(line)).Draw(t, "cut")])))
		check(t, writeConnect(rapid.Uint64().Draw(t, "N"), wire.K{rapid.Byte().Draw(t, "K")}))
		colours := rapid.OneOf(rapid.StringMatching(`[0-9]{0,4}[\n\r -]{0,2}`), rapid.String())
		check(t, readColours([]byte(colours.Draw(t, "colours"))))
	})
}
