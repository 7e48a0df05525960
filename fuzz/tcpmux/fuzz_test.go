package tcpmux

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/muxspec/muxspec/vectors"
)

// fuzzRead fuzzes one codec, from its vectors on.
func fuzzRead(f *testing.F, codec vectors.Codec) {
	f.Fuzz(func(t *testing.T, b []byte, max int) {
		if max < 0 || max > 1<<12 || len(b) > 1<<12 {
			t.Skip("a prefix of each length is tried: only short input is quick enough")
		}
		if err := checkRead(codec, b, max); err != nil {
			t.Error(err)
		}
	})
}

func FuzzRequest(f *testing.F) {
	for _, v := range load[*vectors.RequestVector](f) {
		f.Add([]byte(v.Input), v.Max)
	}
	fuzzRead(f, vectors.Request)
}

func FuzzReply(f *testing.F) {
	for _, v := range load[*vectors.ReplyVector](f) {
		f.Add([]byte(v.Input), v.Max)
	}
	fuzzRead(f, vectors.Reply)
}

func FuzzList(f *testing.F) {
	for _, v := range load[*vectors.ListVector](f) {
		f.Add([]byte(v.Input), v.Max)
	}
	fuzzRead(f, vectors.List)
}

// FuzzSession fuzzes a server session. Its input is rapid's stream of choices, so the seeds are streams of some
// lengths.
func FuzzSession(f *testing.F) {
	for n := range 5 {
		seed := make([]byte, 1024<<n) // what is too short for a session would be skipped
		for i := range seed {
			seed[i] = byte(i * (2*n + 37) >> 2)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		rapid.MakeFuzz(func(r *rapid.T) { checkSession(t, r) })(t, stream)
	})
}
