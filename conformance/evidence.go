package conformance

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// hexBytes is how much of one transfer is shown: enough for any line of a protocol.
const hexBytes = 96

// A record collects what a scenario saw, and its verdict.
type record struct {
	mu       sync.Mutex
	began    time.Time
	entries  []entry
	unproven bool // some segments could not be seen to arrive apart

	outcome Outcome
	reason  string
}

// An entry is one note, or what was sent or received once. It is put into lines where somebody is to see it: after most scenarios nobody is.
type entry struct {
	text  string // of the note, or the direction
	bytes []byte // at most hexBytes of them
	all   int    // how many there were
}

func newRecord() *record { return &record{began: time.Now(), outcome: Pass} }

// note adds a line to the evidence.
func (r *record) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, entry{text: fmt.Sprintf(format, args...)})
}

// mark gives a place to go back to: what comes behind it is no evidence where all that it shows went well.
func (r *record) mark() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.entries)
}

func (r *record) back(mark int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = r.entries[:mark]
}

// bytes adds what was sent (">") or received ("<") on a connection.
func (r *record) bytes(direction, conn string, b []byte) {
	if conn != "" {
		direction = conn + " " + direction
	}
	if len(b) == 0 {
		r.note("%s (empty)", direction)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, entry{direction, slices.Clone(b[:min(len(b), hexBytes)]), len(b)})
}

// lines gives the evidence. The record is locked.
func (r *record) lines() (lines []string) {
	for _, e := range r.entries {
		if e.all == 0 {
			lines = append(lines, e.text)
		}
		for i, line := range hexLines(e.bytes, e.all) {
			if i > 0 {
				e.text = strings.Repeat(" ", len(e.text))
			}
			lines = append(lines, e.text+" "+line)
		}
	}
	return lines
}

// conclude sets the verdict, unless there is one.
func (r *record) conclude(o Outcome, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outcome == Pass {
		r.outcome, r.reason = o, fmt.Sprintf(format, args...)
	}
}

// hexLines shows bytes as hex and as text, 16 a line: of all bytes, which there were, the first hexBytes are given, or as many as there were.
func hexLines(b []byte, all int) (lines []string) {
	for i := 0; i < len(b); i += 16 {
		if all > hexBytes && i == hexBytes-16 {
			lines = append(lines, fmt.Sprintf("… %d bytes more", all-i))
			break
		}
		part := b[i:min(i+16, len(b))]
		lines = append(lines, fmt.Sprintf("%-47s  %s", fmt.Sprintf("% x", part), quoteBytes(part)))
	}
	return lines
}

// quoteBytes shows bytes as text: printable ASCII as it is, the usual escapes, the rest as \xNN.
func quoteBytes(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		switch {
		case c == '\r':
			s.WriteString(`\r`)
		case c == '\n':
			s.WriteString(`\n`)
		case c == '\\':
			s.WriteString(`\\`)
		case ' ' <= c && c <= '~':
			s.WriteByte(c)
		default:
			fmt.Fprintf(&s, `\x%02x`, c)
		}
	}
	return s.String()
}

// shown is quoteBytes for a message: at most 40 bytes.
func shown(b []byte) string {
	if len(b) > 40 {
		return fmt.Sprintf(`"%s" and %d bytes more`, quoteBytes(b[:40]), len(b)-40)
	}
	return `"` + quoteBytes(b) + `"`
}
