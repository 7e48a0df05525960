package hmacsocket

import (
	"bytes"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// zero is the first message's number.
var zero = new(big.Int)

// chunk and failure are what must come of the example's messages.
func chunk(d string) Message { return Message{Kind: Chunk, D: []byte(d)} }

func failure(em string) Message { return Message{Kind: Error, EC: 0x20, EM: []byte(em)} }

func TestExampleMessages(t *testing.T) {
	d := example(t)
	in := fromHex(t, exampleMessages)
	messages, n, fault := d.ReadStream(in, exampleML, zero, false)
	want := []Message{chunk("hello"), chunk("world"), failure("no")}
	if diff := cmp.Diff(want, messages); diff != "" || n != len(in) || fault != None {
		t.Errorf("%d, %q (-want +got):\n%s", n, fault, diff)
	}
	var written []byte
	for i, m := range want {
		if m.Kind == Chunk {
			written, fault = d.AppendChunk(written, m.D, exampleML, big.NewInt(int64(i)))
		} else {
			written, fault = d.AppendError(written, m.EC, m.EM, big.NewInt(int64(i)))
		}
		if fault != None {
			t.Errorf("message %d: %q", i, fault)
		}
	}
	if !bytes.Equal(written, in) {
		t.Errorf("written it is %x", written)
	}
}

func TestReadMessage(t *testing.T) {
	d := example(t)
	hello := string(fromHex(t, exampleMessages)[:41])
	failed := string(d.AppendErrorAs(nil, CNOnly, 0x20, []byte("no"), zero))
	bad := strings.Repeat("\x00", 32) // an H that is wrong
	for _, test := range []struct {
		sentence, in string
		ml           uint32
		ended        bool
		want         Message
		n            int
		fault        Fault
	}{
		{"1. fewer than 4 bytes: 0", "", 9, false, Message{}, 0, Incomplete},
		{"1. fewer than 4 bytes: 3", "\x00\x00\x00", 9, false, Message{}, 0, Incomplete},
		{"1. fewer than 4 bytes, though too long already", "\xff\xff\xff", 9, false, Message{}, 0, Incomplete},
		{"2. LD is 0 and fewer than 4 + LH + 2", "\x00\x00\x00\x00" + bad + " ", 9, false, Message{}, 0, Incomplete},
		{"2. LD is 0 without the rest", "\x00\x00\x00\x00", 9, false, Message{}, 0, Incomplete},
		{"2. or fewer than 4 + LH + 2 + LE", "\x00\x00\x00\x00" + bad + " \x02n", 9, false, Message{}, 0, Incomplete},
		{"3. H is not HMAC(K, CN(i))", "\x00\x00\x00\x00" + bad + " \x02no", 9, false, Message{}, 0, WrongHMAC},
		{"3. before that of EM", "\x00\x00\x00\x00" + bad + " \x01\xff", 9, false, Message{}, 0, WrongHMAC},
		{"4. an Error", failed, 9, false, failure("no"), 40, None},
		{"4. ML does not limit Errors", failed, 1, false, failure("no"), 40, None},
		{"4. EC, LE and EM are not authenticated", failed[:36] + "\x99\x01\xffx", 9, false,
			Message{Kind: Error, EC: 0x99, EM: []byte("\xff"), Unfit: true}, 39, None},
		{"4. its EM holds a NUL", failed[:36] + "\x10\x03a\x00b", 9, false,
			Message{Kind: Error, EC: 0x10, EM: []byte("a\x00b"), Unfit: true}, 41, None},
		{"4. its EM is empty", failed[:36] + "\x10\x00", 9, false, Message{Kind: Error, EC: 0x10, EM: []byte{}}, 38,
			None},
		{"5. LD is greater than ML", "\x00\x00\x00\x0a", 9, false, Message{}, 0, TooLong},
		{"5. LD is greater than ML: the most", "\xff\xff\xff\xff", math.MaxUint32 - 1, false, Message{}, 0, TooLong},
		{"5. What H and D would be is not looked at", hello, 4, false, Message{}, 0, TooLong},
		{"5. before the end", "\x00\x00\x00\x0a", 9, true, Message{}, 0, TooLong},
		{"6. fewer than 4 + LH + LD bytes", hello[:40], 9, false, Message{}, 0, Incomplete},
		{"6. fewer than 4 + LH + LD bytes, though H is wrong", "\x00\x00\x00\x09" + bad, 9, false,
			Message{}, 0, Incomplete},
		{"6. LD is ML, and the most", "\xff\xff\xff\xff" + bad, math.MaxUint32, false, Message{}, 0, Incomplete},
		{"7. H is not HMAC(K, D | CN(i))", "\x00\x00\x00\x05" + bad + "hello", 9, false, Message{}, 0, WrongHMAC},
		{"8. a Chunk", hello, 9, false, chunk("hello"), 41, None},
		{"8. a Chunk, and more", hello + "\x00", 5, true, chunk("hello"), 41, None},
		{"no bytes are the end of the direction", "", 9, true, Message{Kind: End}, 0, None},
		{"cut short: 1 byte", "\x00", 9, true, Message{}, 0, CutShort},
		{"cut short: within an Error", failed[:39], 9, true, Message{}, 0, CutShort},
		{"cut short: within a Chunk", hello[:40], 9, true, Message{}, 0, CutShort},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			m, n, fault := d.ReadMessage([]byte(test.in), test.ml, zero, test.ended)
			if diff := cmp.Diff(test.want, m); diff != "" || n != test.n || fault != test.fault {
				t.Errorf("%d, %q (-want +got):\n%s", n, fault, diff)
			}
		})
	}
}

// TestEveryBit wants no bit of a Chunk to be another: each makes it a fault, or longer than it is.
func TestEveryBit(t *testing.T) {
	for _, h := range Hashes {
		d := Direction{Hash: h, K: []byte("secret"), N: steps(h.Length)}
		whole, _ := d.AppendChunk(nil, []byte("hello"), 9, zero)
		for bit := range 8 * len(whole) {
			in := bytes.Clone(whole)
			in[bit/8] ^= 0x80 >> (bit % 8)
			if m, _, fault := d.ReadMessage(in, math.MaxUint32, zero, true); fault != WrongHMAC && fault != CutShort {
				t.Errorf("%s: with another bit %d it is %+v, %q", h.Name, bit, m, fault)
			}
		}
	}
}

// TestMessagePrefixes also wants that what is known of some bytes does not change when more arrive.
func TestMessagePrefixes(t *testing.T) {
	for _, h := range Hashes {
		d := Direction{Hash: h, K: []byte("secret"), N: steps(h.Length)}
		one, _ := d.AppendChunk(nil, []byte("h"), 9, zero)
		most, _ := d.AppendChunk(nil, []byte("helloyou!"), 9, zero)
		silent, _ := d.AppendError(nil, 0x10, nil, zero)
		failed, _ := d.AppendError(nil, 0x20, []byte("no"), zero)
		for _, whole := range [][]byte{one, most, silent, failed} {
			for n := range whole {
				if m, _, fault := d.ReadMessage(whole[:n], 9, zero, false); fault != Incomplete || m.Kind != "" {
					t.Errorf("%s: %x gives %+v, %q", h.Name, whole[:n], m, fault)
				}
				want := CutShort
				if n == 0 {
					want = None
				}
				if _, _, fault := d.ReadMessage(whole[:n], 9, zero, true); fault != want {
					t.Errorf("%s: %x and the end give %q", h.Name, whole[:n], fault)
				}
			}
			for _, more := range []string{"", "\x00", "more"} {
				m, n, fault := d.ReadMessage(append(bytes.Clone(whole), more...), 9, zero, more == "")
				if n != len(whole) || fault != None || m.Kind == End {
					t.Errorf("%s: %x and %q give %+v, %d, %q", h.Name, whole, more, m, n, fault)
				}
			}
		}
	}
}

func TestReadStream(t *testing.T) {
	d := example(t)
	in := string(fromHex(t, exampleMessages))
	hello, world, failed := in[:41], in[41:82], in[82:]
	for _, test := range []struct {
		sentence, in string
		i            int64
		ended        bool
		want         []Message
		n            int
		fault        Fault
	}{
		{"a clean end at once", "", 0, true, nil, 0, None},
		{"no end yet", "", 0, false, nil, 0, Incomplete},
		{"a clean end", hello, 0, true, []Message{chunk("hello")}, 41, None},
		{"no end yet after a Chunk", hello, 0, false, []Message{chunk("hello")}, 41, Incomplete},
		{"cut short", hello + world[:40], 0, true, []Message{chunk("hello")}, 41, CutShort},
		{"nothing after an Error is a message", in + world, 0, true, []Message{chunk("hello"), chunk("world"),
			failure("no")}, 122, None},
		{"the first is number 0: another", world, 1, true, []Message{chunk("world")}, 41, None},
		{"twice", hello + hello, 0, true, []Message{chunk("hello")}, 41, WrongHMAC},
		{"another order", world + hello, 0, true, nil, 0, WrongHMAC},
		{"a gap", hello + failed, 0, true, []Message{chunk("hello")}, 41, WrongHMAC},
		{"too long after a Chunk", hello + "\x00\x00\x00\x0a", 0, true, []Message{chunk("hello")}, 41, TooLong},
	} {
		i := big.NewInt(test.i)
		got, n, fault := d.ReadStream([]byte(test.in), 9, i, test.ended)
		if diff := cmp.Diff(test.want, got); diff != "" || n != test.n || fault != test.fault {
			t.Errorf("%s: %d, %q (-want +got):\n%s", test.sentence, n, fault, diff)
		}
		if i.Int64() != test.i {
			t.Errorf("%s: i became %s", test.sentence, i)
		}
	}
}
