package conformance

import (
	"fmt"
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
	lines    []string
	unproven bool // some segments could not be seen to arrive apart

	outcome Outcome
	reason  string
}

func newRecord() *record { return &record{began: time.Now(), outcome: Pass} }

// note adds a line to the evidence.
func (r *record) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

// mark gives a place to go back to: what comes behind it is no evidence where all that it shows went well.
func (r *record) mark() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.lines)
}

func (r *record) back(mark int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = r.lines[:mark]
}

// bytes adds what was sent (">") or received ("<") on a connection.
func (r *record) bytes(direction, conn string, b []byte) {
	if conn != "" {
		direction = conn + " " + direction
	}
	for i, line := range hexLines(b) {
		if i > 0 {
			direction = strings.Repeat(" ", len(direction))
		}
		r.note("%s %s", direction, line)
	}
}

// conclude sets the verdict, unless there is one.
func (r *record) conclude(o Outcome, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outcome == Pass {
		r.outcome, r.reason = o, fmt.Sprintf(format, args...)
	}
}

// hexLines shows bytes as hex and as text, 16 a line, without the middle of what is long.
func hexLines(b []byte) (lines []string) {
	for i := 0; i < len(b); i += 16 {
		if len(b) > hexBytes && i == hexBytes-16 {
			lines = append(lines, fmt.Sprintf("… %d bytes more", len(b)-i))
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
