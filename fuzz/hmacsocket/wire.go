// Package hmacsocket compares the two implementations of HMACSocket's wire format, ref/hmacsocket and
// conformance/wire/hmacsocket, with each other and with the golden vectors, and puts a hostile middle between
// endpoints. What finds a difference is a property; each property runs with random input in go test and as a native
// fuzz target.
package hmacsocket

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"

	"github.com/google/go-cmp/cmp"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
	ref "github.com/muxspec/muxspec/ref/hmacsocket"
)

// fault gives the page's name for an error of the reference.
func fault(err error) wire.Fault {
	for _, f := range []struct {
		err   error
		fault wire.Fault
	}{
		{nil, wire.None},
		{ref.ErrIncomplete, wire.Incomplete},
		{ref.ErrCutShort, wire.CutShort},
		{ref.ErrHashLength, wire.HashLength},
		{ref.ErrZeroLimit, wire.ZeroLimit},
		{ref.ErrKnownNonce, knownNonce},
		{ref.ErrHMAC, wire.WrongHMAC},
		{ref.ErrTooLong, wire.TooLong},
		{ref.ErrEmpty, wire.Empty},
		{ref.ErrBadText, wire.BadText},
	} {
		if errors.Is(err, f.err) {
			return f.fault
		}
	}
	return wire.Fault("no fault of the page: " + err.Error())
}

// knownNonce is the fault of an Init that only an endpoint finds.
const knownNonce wire.Fault = "known nonce"

// A direction is what both ends know of it, for both implementations.
type direction struct {
	wire.Direction
	key *ref.Key
}

// newDirection makes N as long as the hash needs it.
func newDirection(hash string, K, N []byte) direction {
	h, ok := wire.HashNamed(hash)
	key, err := ref.NewKey(hash, K)
	if err != nil || !ok || key.LH != h.Length {
		panic(fmt.Sprint(hash, ok, err))
	}
	N = append([]byte{}, N...)
	N = append(N, make([]byte, h.Length)...)[:h.Length]
	return direction{wire.Direction{Hash: h, K: K, N: N}, key}
}

// sequence is the reference's, of which i messages have passed.
func (d direction) sequence(i int) *ref.Sequence {
	s := d.key.Sequence(d.N)
	for range i {
		s.AppendError(nil, 0, "")
	}
	return s
}

// A message is a Chunk, an Error or an End, in a form that both implementations' results can be given.
type message struct {
	Kind wire.Kind
	D    string
	EC   byte
	EM   string // empty where it must not be shown
}

// read is message number i at the beginning of b, read with s and with conformance/wire; the error says where they
// differ.
func (d direction) read(s *ref.Sequence, b []byte, ml uint32, i int, ended bool) (message, int, wire.Fault, error) {
	w, wantN, wantFault := d.ReadMessage(b, ml, big.NewInt(int64(i)), ended)
	want := message{w.Kind, string(w.D), w.EC, string(w.EM)}
	if w.Unfit {
		want.EM = ""
	}
	D, n, err := s.Parse(b, ml)
	got := message{}
	if e, ok := err.(*ref.PeerError); ok {
		got, err = message{Kind: wire.Error, EC: e.Code, EM: e.Text}, nil
	} else if err == nil {
		got = message{Kind: wire.Chunk, D: string(D)}
	}
	f := fault(err)
	switch {
	case f == wire.None:
	case f != wire.Incomplete:
		if n != 0 {
			return got, n, f, fmt.Errorf("ref: %v, and %d bytes", err, n)
		}
	case n <= len(b) || uint64(n) > max(uint64(len(b)+256), uint64(4+d.Hash.Length)+uint64(ml)):
		return got, n, f, fmt.Errorf("ref: of %d bytes it says that %d are needed", len(b), n)
	case ended && len(b) == 0: // a Conn says so; what it makes of an end is compared there
		got, n, f = message{Kind: wire.End}, 0, wire.None
	case ended:
		n, f = 0, wire.CutShort
	default:
		n = 0
	}
	if diff := cmp.Diff(want, got); diff != "" || f != wantFault || n != wantN {
		return got, n, f, fmt.Errorf("message %d, ML %d, %x: conformance/wire %d, %q; ref %d, %q; "+
			"- conformance/wire, + ref:\n%s",
			i, ml, b, wantN, wantFault, n, f, diff)
	}
	return got, n, f, nil
}

// readAll reads messages from number i on until there is none, or a fault.
func (d direction) readAll(b []byte, ml uint32, i int, ended bool) (all []message, n int, f wire.Fault, err error) {
	reader, writer := d.sequence(i), d.sequence(i)
	for {
		m, length, f, err := d.read(reader, b[n:], ml, i, ended)
		if err == nil && f != wire.None {
			_, _, _, err = d.read(reader, b[n:], ml, i, ended) // what is no message has not moved the counter
		}
		if err != nil || f != wire.None || m.Kind == wire.End {
			return all, n, f, err
		}
		if err := d.checkMessage(writer, m, b[n:n+length], i); err != nil {
			return all, n, f, err
		}
		all, n, i = append(all, m), n+length, i+1
		if m.Kind == wire.Error {
			return all, n, f, nil
		}
	}
}

// checkMessage: what was read is written again as the same bytes, and each prefix is incomplete.
func (d direction) checkMessage(writer *ref.Sequence, m message, b []byte, i int) error {
	if EM := b[4+d.Hash.Length:]; m.Kind == wire.Chunk || string(EM[2:]) == m.EM {
		again, f, err := d.write(writer, m, uint32(len(m.D)), i)
		if err == nil && (f != wire.None || string(again) != string(b)) {
			err = fmt.Errorf("message %d, %x, is written again as %x, %q", i, b, again, f)
		}
		if err != nil {
			return err
		}
	}
	s := d.sequence(0) // for what is incomplete the counter does not matter
	for n := range b {
		if n > 100 && n < len(b)-2 {
			continue
		}
		for _, ended := range []bool{false, n > 0} {
			if _, _, f, err := d.read(s, b[:n], uint32(len(m.D)), i, ended); err != nil {
				return err
			} else if f != wire.Incomplete && f != wire.CutShort {
				return fmt.Errorf("%d bytes of %x: %q", n, b, f)
			}
		}
	}
	return nil
}

// write writes message number i with both implementations; the error says where they differ.
func (d direction) write(s *ref.Sequence, m message, ml uint32, i int) ([]byte, wire.Fault, error) {
	prefix, number := []byte("prefix"), big.NewInt(int64(i))
	var got, want []byte
	var err error
	var f wire.Fault
	if m.Kind == wire.Error {
		got, err = s.AppendError(prefix, m.EC, m.EM)
		want, f = d.AppendError(prefix, m.EC, []byte(m.EM), number)
	} else {
		got, err = s.AppendChunk(prefix, []byte(m.D), ml)
		want, f = d.AppendChunk(prefix, []byte(m.D), ml, number)
	}
	if fault(err) != f || string(got) != string(want) {
		return nil, f, fmt.Errorf("writing %+v with ML %d: ref %x, %v; conformance/wire %x, %q",
			m, ml, got, err, want, f)
	}
	return got[len(prefix):], f, nil
}

// sign takes, in each message of b from number i on, the right H to the H that is there, by exclusive or: zeros become
// what is right, and what is right zeros. So what is fuzzed has signatures without a fuzzer that could sign.
func (d direction) sign(b []byte, i int) []byte {
	out := append([]byte{}, b...)
	for rest := out; ; i++ {
		head := 4 + d.Hash.Length
		if len(rest) < head {
			return out
		}
		LD := uint64(binary.BigEndian.Uint32(rest))
		D, n := rest[head:], uint64(head)+LD
		if LD == 0 {
			if n += 2; len(D) >= 2 {
				n += uint64(D[1])
			}
			D = nil
		}
		if n > uint64(len(rest)) {
			return out
		}
		for at, x := range d.H(big.NewInt(int64(i)), D[:min(LD, uint64(len(D)))]) {
			rest[4+at] ^= x
		}
		rest = rest[n:]
	}
}

// readInit reads an Init with both implementations.
func readInit(hash wire.Hash, b []byte) (wire.Init, int, wire.Fault, error) {
	got, n, err := ref.ParseInit(b, hash.Length)
	f := fault(err)
	if f == wire.Incomplete {
		if n != 6+hash.Length || n <= len(b) {
			return wire.Init{}, n, f, fmt.Errorf("the Init %x: ref says that %d bytes are needed", b, n)
		}
		n = 0
	}
	want, wantN, wantFault := hash.ReadInit(b, false)
	if diff := cmp.Diff(want, wire.Init(got)); diff != "" || f != wantFault || n != wantN {
		return want, n, f, fmt.Errorf("the Init %x: conformance/wire %d, %q; ref %d, %q:\n%s",
			b, wantN, wantFault, n, f, diff)
	}
	return want, n, f, nil
}

// writeInit writes an Init with both implementations.
func writeInit(hash wire.Hash, init wire.Init) ([]byte, wire.Fault, error) {
	prefix := []byte("prefix")
	got, err := ref.AppendInit(prefix, ref.Init(init), hash.Length)
	want, f := hash.AppendInit(prefix, init)
	if fault(err) != f || string(got) != string(want) {
		return nil, f, fmt.Errorf("writing %+v: ref %x, %v; conformance/wire %x, %q", init, got, err, want, f)
	}
	return got[len(prefix):], f, nil
}
