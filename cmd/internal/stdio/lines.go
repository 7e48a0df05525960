package stdio

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	mostLines = 4096        // that wait
	flushTime = time.Second // for those that wait at the end
)

// A lines writes lines to a writer that may be slow, or stand still: what does not fit is lost, and nobody waits.
type lines struct {
	to io.Writer

	mu      sync.Mutex
	waiting [][]byte
	lost    int
	idle    chan struct{} // closed when all is written; nil while nobody writes
	stuck   bool          // a flush was in vain, and nothing was written since
}

// Write takes a line.
func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == mostLines {
		l.lost++
		return len(line), nil
	}
	l.waiting = append(l.waiting, append([]byte(nil), line...))
	if l.idle == nil {
		l.idle = make(chan struct{})
		go l.write()
	}
	return len(line), nil
}

// write writes what waits.
func (l *lines) write() {
	for text := l.next(); text != nil; text = l.next() {
		l.to.Write(text) // what cannot be written is lost
		l.mu.Lock()
		l.stuck = false
		l.mu.Unlock()
	}
}

// next takes the next line, after the number of those that were lost before; if there is none, writing is over.
func (l *lines) next() (text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		close(l.idle)
		l.idle = nil
		return nil
	}
	if l.lost > 0 {
		text = fmt.Appendf(nil, "level=WARN msg=\"log lines were lost\" lines=%d\n", l.lost)
	}
	text = append(text, l.waiting[0]...)
	l.waiting, l.lost = l.waiting[1:], 0
	return text
}

// flush waits until all is written, but no second time for a writer that stands still.
func (l *lines) flush() {
	l.mu.Lock()
	idle, stuck := l.idle, l.stuck
	l.mu.Unlock()
	if idle == nil || stuck {
		return
	}
	select {
	case <-idle:
	case <-time.After(flushTime):
		l.mu.Lock()
		l.stuck = true
		l.mu.Unlock()
	}
}
