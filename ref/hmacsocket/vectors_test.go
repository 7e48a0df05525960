package hmacsocket

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"github.com/muxspec/muxspec/vectors"
)

// at is a direction in which i messages have passed, without counting to i. Without a hash the base is given.
func at(t *testing.T, hash string, k, n, base []byte, i *big.Int) *Sequence {
	t.Helper()
	s := &Sequence{cn: base}
	if hash != "" {
		key, err := NewKey(hash, k)
		if err != nil {
			t.Fatal(err)
		}
		s = key.Sequence(n)
	}
	sum := new(big.Int).SetBytes(s.cn)
	sum.Add(sum, i)
	sum.Mod(sum, new(big.Int).Lsh(big.NewInt(1), uint(8*len(s.cn))))
	s.cn = sum.FillBytes(make([]byte, len(s.cn)))
	return s
}

// back is how many messages before a vector's own the direction begins: those in between are counted.
func back(i *big.Int) int64 {
	if i.IsInt64() {
		return min(i.Int64(), 1<<16)
	}
	return 1 << 16
}

// TestCounterVectors: counting reaches each vector's CN, from anywhere. (fuzz/hmacsocket reads and writes all vectors
// that need no far-away beginning.)
func TestCounterVectors(t *testing.T) {
	files := load(t)
	check := func(id, hash string, k, n, base []byte, digits string, cn []byte) {
		i := number(t, digits)
		steps := back(i)
		s := at(t, hash, k, n, base, new(big.Int).Sub(i, big.NewInt(steps)))
		for range steps {
			s.next()
		}
		if !bytes.Equal(s.cn, cn) {
			t.Errorf("%s: CN(%s) is %x", id, i, s.cn)
		}
	}
	for _, v := range vectors.Of[*vectors.CounterVector](files) {
		check(v.ID, v.Hash, v.Key, v.N, v.Base, v.I, v.CN)
	}
	for _, v := range vectors.Of[*vectors.MessageVector](files) {
		check(v.ID, v.Hash, v.Key, v.N, nil, v.I, v.CN)
	}
	for _, v := range vectors.Of[*vectors.MessageWriterVector](files) {
		check(v.ID, v.Hash, v.Key, v.N, nil, v.I, v.CN)
	}
}

// far gives a direction where a vector's messages begin, unless their number can be counted to.
func far(t *testing.T, d vectors.Direction) (s *Sequence, ok bool) {
	t.Helper()
	i := number(t, d.I)
	if i.IsInt64() && i.Int64() <= 1<<17 {
		return nil, false
	}
	return at(t, d.Hash, d.Key, d.N, nil, i), true
}

// TestFarVectors: messages whose numbers are too high to count to are read and written as the vectors say.
func TestFarVectors(t *testing.T) {
	files := load(t)
	seen := make(map[vectors.Codec]int)
	for _, v := range vectors.Of[*vectors.MessageWriterVector](files) {
		if s, ok := far(t, v.Direction); ok {
			seen[vectors.MessageWriter]++
			checkFarWriter(t, v, s)
		}
	}
	for _, v := range vectors.Of[*vectors.MessageVector](files) {
		if s, ok := far(t, v.Direction); ok {
			seen[vectors.OneMessage]++
			if v.Message == nil {
				refuseFar(t, v.ID, s, v.Input, v.ML, v.Fault)
			} else {
				readFar(t, v.ID, s, v.Input, v.ML, []vectors.Message{*v.Message})
			}
		}
	}
	for _, v := range vectors.Of[*vectors.StreamVector](files) {
		if s, ok := far(t, v.Direction); ok {
			seen[vectors.Stream]++
			if rest, more := readFar(t, v.ID, s, v.Input, v.ML, v.Messages); more {
				refuseFar(t, v.ID, s, rest, v.ML, v.Fault)
			}
		}
	}
	for _, codec := range []vectors.Codec{vectors.OneMessage, vectors.Stream, vectors.MessageWriter} {
		if seen[codec] == 0 {
			t.Errorf("no vectors of %s", codec)
		}
	}
}

func checkFarWriter(t *testing.T, v *vectors.MessageWriterVector, s *Sequence) {
	var got []byte
	var err error
	if v.Message.Kind == vectors.Chunk {
		got, err = s.AppendChunk(nil, v.Message.Data, v.ML)
	} else {
		got, err = s.AppendError(nil, v.Message.EC[0], string(v.Message.EM))
	}
	if !bytes.Equal(got, v.Output) || (err == nil) != (v.Result == vectors.Valid) {
		t.Errorf("%s: %x, %v", v.ID, got, err)
	}
}

// readFar reads the messages that b begins with, and gives what follows them, unless the last was an Error.
func readFar(t *testing.T, id string, s *Sequence, b []byte,
	ml uint32, messages []vectors.Message) (rest []byte, more bool) {
	for _, m := range messages {
		D, n, err := s.Parse(b, ml)
		if e, ok := err.(*PeerError); ok && m.Kind == vectors.Error && e.Code == m.EC[0] {
			return nil, false
		}
		if err != nil || m.Kind != vectors.Chunk || !bytes.Equal(D, m.Data) {
			t.Errorf("%s: %x, %v", id, D, err)
			return nil, false
		}
		b = b[n:]
	}
	return b, true
}

// refuseFar reads what is no message.
func refuseFar(t *testing.T, id string, s *Sequence, b []byte, ml uint32, fault string) {
	_, _, err := s.Parse(b, ml)
	want := map[string]error{
		"": ErrIncomplete, "cut short": ErrIncomplete, ErrHMAC.Error(): ErrHMAC, "too long": ErrTooLong,
	}[fault]
	if want == nil || !errors.Is(err, want) {
		t.Errorf("%s: %v, the vector says %q", id, err, fault)
	}
}

// load gives the files.
func load(t *testing.T) []vectors.File {
	t.Helper()
	files, err := vectors.Load("hmacsocket")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// number is a vector's I.
func number(t *testing.T, digits string) *big.Int {
	t.Helper()
	i, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		t.Fatalf("%q is no number", digits)
	}
	return i
}
