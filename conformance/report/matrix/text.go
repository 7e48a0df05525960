package matrix

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible makes a text safe to look at: what is not printable, such as control characters, marks that change the
// direction of writing, other line ends and bytes that are not UTF-8, is shown as an escape. Line feeds stay.
func visible(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// longest is how much of a line or a reason is shown, in bytes.
const longest = 400

// clip shortens a visible text to about n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return fmt.Sprintf("%s … %d bytes more", s[:n], len(s)-n)
}

// name makes a name visible, on one line and no longer than a name should be.
func name(s string) string { return clip(strings.ReplaceAll(visible(s), "\n", `\n`), 60) }

// excerpt joins lines of evidence. If there are more than most of them, it leaves out some in the middle: how a
// scenario begins and how it ends say most.
func excerpt(lines []string, most int) string {
	var shown []string
	head := (most + 1) / 2
	for i, line := range lines {
		left := len(lines) - most
		switch {
		case left > 0 && i == head:
			shown = append(shown, fmt.Sprintf("… %d lines left out; the report as JSON has them", left))
		case left > 0 && i > head && i < head+left:
		default:
			shown = append(shown, clip(visible(line), longest))
		}
	}
	return strings.Join(shown, "\n")
}
