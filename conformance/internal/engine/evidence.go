package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/pcap"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/report"
)

// hexBytes is how much of one transfer is shown: enough for any line of a protocol.
const hexBytes = 96

// A Record collects what a scenario saw, and its verdict.
type Record struct {
	// Tape, if not nil, takes what passes over TCP and UDP as packets.
	Tape *pcap.Play

	mu       sync.Mutex
	began    time.Time
	entries  []entry
	late     bool // something was waited for in vain
	unproven bool // some segments may not have arrived apart

	outcome report.Outcome
	reason  string
	by      string // the rule that a block rests on
}

// An entry is one note, or what was sent or received once. It is only put into lines if somebody is to see it.
type entry struct {
	text  string // of the note, or the direction
	bytes []byte // at most hexBytes of them
	all   int    // how many there were
}

func NewRecord() *Record { return &Record{began: time.Now(), outcome: report.Pass} }

// Quiet gives a record of what is no evidence, since there is too much of it. Its packets are on the same tape.
func (r *Record) Quiet() *Record {
	quiet := NewRecord()
	quiet.Tape = r.Tape
	return quiet
}

// Note adds a line to the evidence.
func (r *Record) Note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, entry{text: fmt.Sprintf(format, args...)})
}

// Mark gives a place to go back to: what comes after it is no evidence if it only shows that all went well.
func (r *Record) Mark() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.entries)
}

func (r *Record) Back(mark int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = r.entries[:mark]
}

// Bytes adds what was sent (">") or received ("<") on a connection.
func (r *Record) Bytes(direction, conn string, b []byte) {
	if conn != "" {
		direction = conn + " " + direction
	}
	if len(b) == 0 {
		r.Note("%s (empty)", direction)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, entry{direction, slices.Clone(b[:min(len(b), hexBytes)]), len(b)})
}

// lines gives the evidence. The record is locked.
func (r *Record) lines() (lines []string) {
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
	return fold(lines)
}

// A block of lines that is folded has at most mostFolded lines, and at least fewestFolded lines fewer are shown for it.
const mostFolded, fewestFolded = 40, 3

// fold shows lines that repeat, as those of a verb that does the same many times, once, and how often they came.
func fold(lines []string) (out []string) {
	for len(lines) > 0 {
		size, more := 1, 0 // of the block to fold, and how often it comes again
		for n := 1; n <= min(mostFolded, len(lines)/2); n++ {
			again := 0
			for rest := lines[n:]; len(rest) >= n && slices.Equal(rest[:n], lines[:n]); rest = rest[n:] {
				again++
			}
			if again*n > max(size*more, fewestFolded-1) {
				size, more = n, again
			}
		}
		out = append(out, lines[:size]...)
		if more > 0 {
			block := map[bool]string{true: "line", false: fmt.Sprintf("%d lines", size)}[size == 1]
			times := map[bool]string{true: "once more", false: fmt.Sprintf("%d more times", more)}[more == 1]
			out = append(out, fmt.Sprintf("… the same %s %s", block, times))
		}
		lines = lines[size*(more+1):]
	}
	return out
}

// Doubt records that the target may have read together what was sent apart.
func (r *Record) Doubt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unproven = true
}

// Apart waits, no longer than w, until the target has read all that was sent, so that it does not read that together
// with what is sent next, and says whether it has. If that can't be seen, or does not happen, Apart waits a moment and
// marks the evidence.
func (r *Record) Apart(w proc.Wait, read func() (yes, known bool)) bool {
	for !w.Over() {
		yes, known := read()
		if yes {
			return true
		}
		if !known {
			break
		}
		time.Sleep(50 * time.Microsecond)
	}
	r.Doubt()
	time.Sleep(Moment)
	return false
}

// Late records that something was waited for in vain, so that the evidence tells what the target's processes do.
func (r *Record) Late() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.late = true
}

// conclude sets the verdict, unless there is one already.
func (r *Record) conclude(o report.Outcome, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outcome == report.Pass {
		r.outcome, r.reason = o, fmt.Sprintf(format, args...)
	}
}

// end sets the verdict that an error stands for.
func (r *Record) end(err error) {
	o, reason := OutcomeOf(err)
	if v := (*verdict)(nil); errors.As(err, &v) {
		r.mu.Lock()
		r.by = v.by
		r.mu.Unlock()
	}
	r.conclude(o, "%s", reason)
}

// hexLines shows bytes as hex and as text, 16 a line. They are the first hexBytes of all, or fewer if there were fewer.
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

// Shown is quoteBytes for a message: at most 40 bytes.
func Shown(b []byte) string {
	if len(b) > 40 {
		return fmt.Sprintf(`"%s" and %d bytes more`, quoteBytes(b[:40]), len(b)-40)
	}
	return `"` + quoteBytes(b) + `"`
}

// Difference says where two texts differ.
func Difference(want, got []byte) string {
	for i := range got {
		if i >= len(want) || got[i] != want[i] {
			return fmt.Sprintf("from byte %d on it is %s", i, Shown(got[i:min(len(got), i+16)]))
		}
	}
	return fmt.Sprintf("%d bytes came, not %d", len(got), len(want))
}
