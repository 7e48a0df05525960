package hmacsocket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
	ref "github.com/muxspec/muxspec/ref/hmacsocket"
	"github.com/muxspec/muxspec/vectors"
)

// hashOf gives a hash for a number, and the other way round.
func hashOf(number byte) string { return wire.Hashes[int(number)%len(wire.Hashes)].Name }

func numberOf(hash string) byte {
	return byte(slices.IndexFunc(wire.Hashes, func(h wire.Hash) bool { return h.Name == hash }))
}

// openWith: an endpoint that gets b, and then the end or nothing, opens a connection just where that begins with an
// Init.
func openWith(t *testing.T, hash string, b []byte, ended bool) (err error) {
	synctest.Test(t, func(*testing.T) {
		s := newSession(plan{Hash: hash})
		l := newLine()
		if l.feed(b); ended {
			l.end(io.EOF)
		}
		conn, openErr := s.endpoints[0].Open(l)
		_, _, f := s.hash.ReadInit(b, ended)
		switch {
		case f == wire.None && openErr == nil:
			conn.Close()
		case f == wire.Incomplete && errors.Is(openErr, os.ErrDeadlineExceeded):
		case openErr == nil || fault(openErr) != f:
			err = fmt.Errorf("ref opens %x with %v; conformance/wire says %q", b, openErr, f)
		}
		out, _, closed := l.sent()
		if _, n, f := s.hash.ReadInit(out, false); f != wire.None || n != len(out) || !closed {
			err = fmt.Errorf("then %x was sent, closed is %v", out, closed)
		}
	})
	return err
}

func FuzzInit(f *testing.F) {
	for _, v := range load[*vectors.InitVector](f) {
		f.Add(numberOf(v.Hash), []byte(v.Input), v.Ended)
	}
	f.Fuzz(func(t *testing.T, number byte, b []byte, ended bool) {
		hash, _ := wire.HashNamed(hashOf(number))
		err := checkInit(hash, b)
		if err == nil {
			err = openWith(t, hash.Name, b, ended)
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// messageVectors are those of which messages can be read, and their Input with zeros as each right H: see sign.
func messageVectors(f *testing.F, use func(d vectors.Direction, s vectors.Streamed, i int, unsigned []byte)) {
	short := func(d vectors.Direction, s vectors.Streamed) {
		if i, ok := number(d.I); ok && i <= mostNumber && len(d.Key) <= mostInput && len(s.Input) <= mostInput {
			use(d, s, i, directionOf(d).sign(s.Input, i))
		}
	}
	for _, v := range load[*vectors.MessageVector](f) {
		short(v.Direction, v.Streamed)
	}
	for _, v := range load[*vectors.StreamVector](f) {
		short(v.Direction, v.Streamed)
	}
}

// What is more is not quick enough.
const (
	mostInput  = 1 << 12
	mostNumber = 1000
)

// FuzzMessages fuzzes the readers, from any number on; what they read is written again.
func FuzzMessages(f *testing.F) {
	messageVectors(f, func(d vectors.Direction, s vectors.Streamed, i int, unsigned []byte) {
		f.Add(numberOf(d.Hash), []byte(d.Key), []byte(d.N), d.ML, uint16(i), unsigned, s.Ended)
	})
	f.Fuzz(func(t *testing.T, number byte, K, N []byte, ML uint32, i uint16, unsigned []byte, ended bool) {
		if len(K) == 0 || len(K) > mostInput || i > mostNumber || len(unsigned) > mostInput {
			t.Skip("not a key, or too much to be quick")
		}
		d := newDirection(hashOf(number), K, N)
		if _, _, _, err := d.readAll(d.sign(unsigned, int(i)), ML, int(i), ended); err != nil {
			t.Error(err)
		}
	})
}

// FuzzConn fuzzes a Conn after a good Init, which has to deliver what conformance/wire reads, answer as the page says,
// and end.
func FuzzConn(f *testing.F) {
	messageVectors(f, func(d vectors.Direction, s vectors.Streamed, i int, unsigned []byte) {
		f.Add(numberOf(d.Hash), d.ML, unsigned, s.Ended, byte(len(unsigned)%3), byte(len(unsigned)%5))
	})
	f.Fuzz(func(t *testing.T, number byte, ML uint32, unsigned []byte, ended bool, each, size byte) {
		if len(unsigned) > mostInput {
			t.Skip("too much to be quick")
		}
		var err error
		synctest.Test(t, func(*testing.T) {
			err = newSession(plan{Hash: hashOf(number), ML: ML, Size: int(size)}).stream(unsigned, ended, int(each))
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// stream lets a stream arrive at a connection.
func (s *session) stream(unsigned []byte, ended bool, each int) error {
	p := s.open(true)
	d := direction{s.direction(p.own), s.key}
	s.feed(p, initOf(s.hash, ref.MaxData, bytes.Repeat([]byte{7}, s.hash.Length)), each)
	s.feed(p, d.sign(unsigned, 0), each)
	if ended {
		s.end(p, io.EOF)
	}
	err := errors.Join(s.checkState(p), s.checkSent(p))
	return errors.Join(err, s.finish())
}

// FuzzModel fuzzes the model. Its input is rapid's stream of choices, so the seeds are streams of some lengths.
func FuzzModel(f *testing.F) {
	for n := range 5 {
		seed := make([]byte, 2048*(n+4)) // what is too short for a plan would be skipped
		rand.NewChaCha8([32]byte{byte(n)}).Read(seed)
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		rapid.MakeFuzz(func(r *rapid.T) { checkModel(t, r) })(t, choices)
	})
}
