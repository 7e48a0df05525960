package hmacsocket

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
	ref "github.com/muxspec/muxspec/ref/hmacsocket"
)

var (
	anyHash = rapid.SampledFrom(wire.Hashes)
	anyKey  = rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 1, 12), rapid.SliceOfN(rapid.Byte(), 60, 140))
	anyML   = rapid.OneOf(rapid.SampledFrom([]uint32{0, 1, 2, 255, 256, 1 << 20, 1 << 31, 1<<32 - 1}),
		rapid.Uint32Range(1, 24))
	anyText = rapid.OneOf(
		rapid.SampledFrom([]string{"", "no", "n\x00", "\xff", "\xed\xa0\x80", "\x1b[2J", strings.Repeat("x", 255),
			strings.Repeat("x", 256), strings.Repeat("x", 300) + "\x00"}),
		rapid.String())
	anyMessage = rapid.Custom(func(t *rapid.T) message {
		if rapid.IntRange(0, 7).Draw(t, "kind") == 0 {
			return message{Kind: wire.Error, EC: rapid.Byte().Draw(t, "EC"), EM: anyText.Draw(t, "EM")}
		}
		return message{Kind: wire.Chunk, D: string(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "D"))}
	})
	anyDirection = rapid.Custom(func(t *rapid.T) direction {
		return newDirection(anyHash.Draw(t, "hash").Name, anyKey.Draw(t, "K"),
			rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "N"))
	})
)

func TestHashesAgree(t *testing.T) {
	var names []string
	for _, h := range wire.Hashes {
		names = append(names, h.Name)
	}
	if fmt.Sprint(names) != fmt.Sprint(ref.HashNames()) {
		t.Errorf("conformance/wire has %v, ref %v", names, ref.HashNames())
	}
}

// checkInit: both implementations read the same, of b and of each prefix; what was read is written again as the same
// bytes.
func checkInit(hash wire.Hash, b []byte) error {
	init, n, f, err := readInit(hash, b)
	if err != nil || f != wire.None {
		return err
	}
	for part := range n {
		if _, _, f, err := readInit(hash, b[:part]); err != nil {
			return err
		} else if f != wire.Incomplete {
			return fmt.Errorf("%d bytes of %x: %q", part, b, f)
		}
	}
	again, f, err := writeInit(hash, init)
	if err == nil && (f != wire.None || !bytes.Equal(again, b[:n])) {
		return fmt.Errorf("%x is written again as %x, %q", b[:n], again, f)
	}
	return err
}

func TestInitsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash := anyHash.Draw(t, "hash")
		LH := rapid.SampledFrom([]byte{0, 32, 64, byte(hash.Length)}).Draw(t, "LH")
		b := append([]byte{rapid.SampledFrom([]byte{0, 0, 0, 1}).Draw(t, "0"), LH}, 0, 0, 0,
			rapid.SampledFrom([]byte{0, 1, 255}).Draw(t, "ML"))
		b = append(b, rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "N")...)
		if err := checkInit(hash, b[:rapid.IntRange(0, len(b)).Draw(t, "length")]); err != nil {
			t.Fatal(err)
		}
	})
}

func TestInitWritersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash, ML := anyHash.Draw(t, "hash"), anyML.Draw(t, "ML")
		N := rapid.SliceOfN(rapid.Byte(), hash.Length-1, hash.Length+1).Draw(t, "N")
		b, f, err := writeInit(hash, wire.Init{ML: ML, N: N})
		if err == nil && f == wire.None {
			err = checkInit(hash, append(b, N...))
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A flaw is a place of a stream and what is done to it.
type flaw struct {
	At, Kind int
	Byte     byte
}

var flaws = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) flaw {
	return flaw{rapid.IntRange(0, 400).Draw(t, "at"), rapid.IntRange(0, 4).Draw(t, "kind"),
		rapid.Byte().Draw(t, "byte")}
}), 0, 2)

func (f flaw) apply(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	switch at := f.At % len(b); f.Kind {
	case 0:
		b[at] ^= 1 << (f.Byte % 8)
	case 1:
		b[at] = f.Byte
	case 2:
		return b[:at]
	case 3:
		return append(b[:at:at], b[at+1:]...)
	default:
		return append(append(b[:at:at], f.Byte), b[at:]...)
	}
	return b
}

// TestMessagesAgree: what both write alike both read alike, from any number on, and with flaws in it.
func TestMessagesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, ML, i := anyDirection.Draw(t, "direction"), anyML.Draw(t, "ML"), rapid.IntRange(0, 300).Draw(t, "i")
		writer, number := d.sequence(i), i
		var b []byte
		for _, m := range rapid.SliceOfN(anyMessage, 0, 6).Draw(t, "messages") {
			part, f, err := d.write(writer, m, ML, number)
			if err != nil {
				t.Fatal(err)
			}
			if f == wire.None { // what is refused is no message, and does not count
				b, number = append(b, part...), number+1
			}
		}
		for _, f := range flaws.Draw(t, "flaws") {
			b = f.apply(b)
		}
		if rapid.Bool().Draw(t, "another ML") {
			ML = anyML.Draw(t, "ML of the reader")
		}
		if _, _, _, err := d.readAll(b, ML, i, rapid.Bool().Draw(t, "ended")); err != nil {
			t.Fatal(err)
		}
	})
}

// TestManyMessages: both count alike, over a carry into the third byte from the end.
func TestManyMessages(t *testing.T) {
	for _, hash := range wire.Hashes {
		d := newDirection(hash.Name, []byte("secret"), nil)
		for x := 0; ; x++ {
			d.N[0], d.N[1], d.N[2] = byte(x>>16), byte(x>>8), byte(x)
			if base := d.Base(); base[len(base)-2] == 0xFF && base[len(base)-1] >= 0x80 {
				break
			}
		}
		var b []byte
		s := d.sequence(0)
		for i := range 400 {
			part, f, err := d.write(s, message{Kind: wire.Chunk, D: fmt.Sprint(i)}, 8, i)
			if err != nil || f != wire.None {
				t.Fatal(f, err)
			}
			b = append(b, part...)
		}
		if all, n, f, err := d.readAll(b, 8, 0, true); err != nil || f != wire.None || n != len(b) || len(all) != 400 {
			t.Errorf("%s: %d messages, %d bytes, %q, %v", hash.Name, len(all), n, f, err)
		}
	}
}

// TestSign: zeros become what a writer would have written, and back.
func TestSign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, i := anyDirection.Draw(t, "direction"), rapid.IntRange(0, 20).Draw(t, "i")
		raw := append(append([]byte{0, 0, 0, 2}, make([]byte, d.Hash.Length)...), "hi\x00\x00\x00\x00"...)
		raw = append(append(raw, make([]byte, d.Hash.Length)...), "\x20\x02no"...)
		b := d.sign(raw, i)
		if all, n, f, err := d.readAll(b, 2, i, true); err != nil || len(all) != 2 || n != len(b) || f != wire.None {
			t.Fatalf("%v, %d, %q, %v", all, n, f, err)
		}
		if !bytes.Equal(d.sign(b, i), raw) {
			t.Fatal("signed twice it is not what it was")
		}
	})
}
