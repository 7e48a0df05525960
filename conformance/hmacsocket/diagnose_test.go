package hmacsocket

import (
	"bytes"
	"strings"
	"testing"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// TestWrongH: an H that a usual mistake gives is told with that mistake, for a Chunk and for an Error as any reading
// has it.
func TestWrongH(t *testing.T) {
	hash, ok := wire.HashNamed("sha256")
	if !ok {
		t.Fatal("there is no sha256")
	}
	K, suites, theirs := []byte("key"), bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	h := &hmacConn{in: wire.Direction{Hash: hash, K: K, N: suites}, out: wire.Direction{Hash: hash, K: K, N: theirs}}
	const ec, em, data = 1, "text", "data"
	whole := append([]byte{ec, byte(len(em))}, em...)
	for _, c := range []struct {
		CN   []byte
		told string
	}{
		{hash.Sum(theirs, K), "made with the target's own N"},
		{hash.Sum(K, suites), "made with CN = Hash(K | N) + i"},
		{hash.Sum([]byte("anything")), ""},
	} {
		chunk := append([]byte{0, 0, 0, byte(len(data))}, hash.HMAC(K, []byte(data), c.CN)...)
		messages := [][]byte{append(chunk, data...)}
		for _, signed := range [][]byte{nil, whole, []byte(em)} {
			messages = append(messages, append(append(make([]byte, 4), hash.HMAC(K, signed, c.CN)...), whole...))
		}
		for _, m := range messages {
			got := h.wrongH(m)
			if _, told, _ := strings.Cut(got, "; the one that came is "); !strings.HasPrefix(told, c.told) ||
				(told == "") != (c.told == "") {
				t.Errorf("%q is told as %q, want %q", m, got, c.told)
			}
		}
	}
}
