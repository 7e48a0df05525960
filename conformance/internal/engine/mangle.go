package engine

import (
	"fmt"
	"slices"
	"strings"
)

// telling are bytes that mean something in one protocol or another.
var telling = []byte{0, 1, 2, 3, 0x0a, 0x0d, 0x20, 0x2b, 0x2d, 0x7f, 0x80, 0xc2, 0xff}

// Mangled gives bytes made from those of a corpus: taken as they are, cut, joined, and changed in some places. They are
// at most most bytes.
func (w *World) Mangled(corpus [][]byte, most int) []byte {
	b := slices.Clone(corpus[w.IntN(len(corpus))])
	for range w.IntN(6) {
		at := w.IntN(len(b) + 1)
		switch w.IntN(7) {
		case 0:
			b = b[:at]
		case 1:
			b = append(b[:at:at], corpus[w.IntN(len(corpus))]...)
		case 2:
			b = slices.Insert(b, at, telling[w.IntN(len(telling))])
		case 3:
			b = slices.Insert(b, at, slices.Repeat(telling[w.IntN(len(telling)):][:1], 1<<w.IntN(12))...)
		case 4:
			b = slices.Delete(b, at, min(len(b), at+1+w.IntN(4)))
		default:
			if at < len(b) {
				b[at] ^= 1 << w.IntN(8)
			}
		}
	}
	return b[:min(len(b), most)]
}

// Escaped gives bytes as an argument of a script, which does not look like an option.
func Escaped(b []byte) string {
	var text strings.Builder
	for _, c := range b {
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9':
			text.WriteByte(c)
		default:
			fmt.Fprintf(&text, `\x%02x`, c)
		}
	}
	return "'" + text.String() + "'"
}
