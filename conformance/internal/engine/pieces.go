package engine

import (
	"bytes"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
)

const (
	// apartLimit is how long to wait until the target has read a piece.
	apartLimit = 100 * time.Millisecond
	// cutLimit is how long cutting may prolong one transfer: after that, the rest goes at once.
	cutLimit = 500 * time.Millisecond
)

// Pieces writes each piece after the target has read the one before, as apart finds out. If the target does not read
// one, the rest goes at once, and Pieces returns false.
func Pieces(w proc.Wait, pieces [][]byte, write func([]byte) (int, error),
	apart func(proc.Wait) bool) (cut bool, err error) {
	cut = true
	for began := time.Now(); len(pieces) > 1; pieces = pieces[1:] {
		if _, err := write(pieces[0]); err != nil {
			return cut, err
		}
		if cut = apart(proc.Window(w.Ctx, apartLimit)); !cut || time.Since(began) > cutLimit {
			pieces = [][]byte{nil, bytes.Join(pieces[1:], nil)}
		}
	}
	_, err = write(pieces[0])
	return cut, err
}
