package hmacsocket

import "testing"

// TestHugeChunk: a Chunk whose length a 32-bit int cannot hold is incomplete. (GOARCH=386)
func TestHugeChunk(t *testing.T) {
	for _, low := range []byte{0x00, 0xF0, 0xFF} {
		b := append([]byte{0xFF, 0xFF, 0xFF, low}, make([]byte, 60)...)
		s := testKey(t, "sha256").Sequence(make([]byte, 32))
		if _, n, err := s.Parse(b, 1<<32-1); err != ErrIncomplete || n <= len(b) {
			t.Errorf("LD %x: %d, %v", b[:4], n, err)
		}
	}
}
