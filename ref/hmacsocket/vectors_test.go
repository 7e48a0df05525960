package hmacsocket

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"github.com/muxspec/muxspec/vectors"
)

// at is a direction after i messages, without counting to i.
func at(t *testing.T, v vectors.Vector, base []byte, i *big.Int) *Sequence {
	t.Helper()
	s := &Sequence{cn: base}
	if v.Hash != "" {
		key, err := NewKey(v.Hash, v.Key)
		if err != nil {
			t.Fatal(err)
		}
		s = key.Sequence(v.N)
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
	seen := 0
	forVectors(t, func(v vectors.Vector, codec vectors.Codec, i *big.Int) {
		if v.CN == nil {
			return
		}
		seen++
		steps := back(i)
		s := at(t, v, v.Base, new(big.Int).Sub(i, big.NewInt(steps)))
		for range steps {
			s.next()
		}
		if !bytes.Equal(s.cn, v.CN) {
			t.Errorf("%s: CN(%s) is %x", v.ID, i, s.cn)
		}
	})
	if seen == 0 {
		t.Error("no vectors")
	}
}

// TestFarVectors: messages whose numbers are too high to count to are read and written as the vectors say.
func TestFarVectors(t *testing.T) {
	seen := make(map[vectors.Codec]int)
	forVectors(t, func(v vectors.Vector, codec vectors.Codec, i *big.Int) {
		if codec == vectors.Counter || i.IsInt64() && i.Int64() <= 1<<17 {
			return
		}
		seen[codec]++
		s := at(t, v, nil, i)
		if codec == vectors.MessageWriter {
			var got []byte
			var err error
			if v.Message.Kind == vectors.Chunk {
				got, err = s.AppendChunk(nil, v.Message.Data, *v.ML)
			} else {
				got, err = s.AppendError(nil, v.Message.EC[0], string(v.Message.EM))
			}
			if !bytes.Equal(got, v.Output) || (err == nil) != (v.Result == vectors.Valid) {
				t.Errorf("%s: %x, %v", v.ID, got, err)
			}
			return
		}
		messages := v.Messages
		if v.Message != nil {
			messages = []vectors.Message{*v.Message}
		}
		checkFar(t, v, s, messages)
	})
	for _, codec := range []vectors.Codec{vectors.OneMessage, vectors.Stream, vectors.MessageWriter} {
		if seen[codec] == 0 {
			t.Errorf("no vectors of %s", codec)
		}
	}
}

// checkFar reads the messages, and then checks that none is left, unless only one was to be read.
func checkFar(t *testing.T, v vectors.Vector, s *Sequence, messages []vectors.Message) {
	b := []byte(v.Input)
	for _, m := range messages {
		D, n, err := s.Parse(b, *v.ML)
		if e, ok := err.(*PeerError); ok && m.Kind == vectors.Error && e.Code == m.EC[0] {
			return
		}
		if err != nil || m.Kind != vectors.Chunk || !bytes.Equal(D, m.Data) {
			t.Errorf("%s: %x, %v", v.ID, D, err)
			return
		}
		b = b[n:]
	}
	if v.Message != nil {
		return
	}
	_, _, err := s.Parse(b, *v.ML)
	want := map[string]error{
		"": ErrIncomplete, "cut short": ErrIncomplete, ErrHMAC.Error(): ErrHMAC, "too long": ErrTooLong,
	}[v.Fault]
	if want == nil || !errors.Is(err, want) {
		t.Errorf("%s: %v, the vector says %q", v.ID, err, v.Fault)
	}
}

// forVectors gives all vectors that have a number.
func forVectors(t *testing.T, use func(v vectors.Vector, codec vectors.Codec, i *big.Int)) {
	t.Helper()
	files, err := vectors.Load("hmacsocket")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for _, v := range f.Vectors {
			if i, ok := new(big.Int).SetString(v.I, 10); ok {
				use(v, f.Codec, i)
			}
		}
	}
}
