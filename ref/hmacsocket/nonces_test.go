package hmacsocket

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// nonceList is a plain model of the memory: section 4.1.
type nonceList struct {
	sent           []string
	younger, older []string // as they were received
}

func (l *nonceList) accept(N string, generation int) error {
	if slices.Contains(l.sent, N) || slices.Contains(l.younger, N) || slices.Contains(l.older, N) {
		return ErrKnownNonce
	}
	if len(l.younger) == generation {
		l.younger, l.older = nil, l.younger
	}
	l.younger = append(l.younger, N)
	return nil
}

// TestNoncesAreAList: whatever is sent, received and over, in whatever order, the memory equals the list. All but the
// last few places of a generation are filled beforehand, so that generations turn over often.
func TestNoncesAreAList(t *testing.T) {
	const room = 3 // that is left in the younger generation
	filler := make(map[string]bool)
	for i := range nonceMemory - room {
		filler["filler "+strconv.Itoa(i)] = true
	}
	rapid.Check(t, func(t *rapid.T) {
		var m nonces
		var l nonceList
		m.issue("first")
		l.sent = append(l.sent, "first")
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			if len(m.received) < len(filler) {
				few := m.received
				m.received = maps.Clone(filler)
				maps.Copy(m.received, few)
			}
			N := strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "N"))
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				m.issue(N)
				l.sent = append(l.sent, N)
			case 1:
				m.retire(N)
				l.sent = slices.DeleteFunc(l.sent, func(s string) bool { return s == N })
			default:
				if got, want := m.accept(N), l.accept(N, room); got != want {
					t.Fatalf("%s: %v, expected %v; %+v", N, got, want, l)
				}
			}
			if len(m.received) > nonceMemory || len(m.older) > nonceMemory {
				t.Fatalf("%d and %d N's", len(m.received), len(m.older))
			}
		}
	})
}

// TestNoncesForget: an N is known until as many others have come as fit into both generations.
func TestNoncesForget(t *testing.T) {
	var m nonces
	m.issue("own")
	for i := range 2*nonceMemory + 1 {
		if i > 0 && m.accept("0") != ErrKnownNonce {
			t.Fatalf("forgotten after %d others", i-1)
		}
		if err := m.accept(strconv.Itoa(i)); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := m.accept("0"); err != nil {
		t.Errorf("after %d others: %v", 2*nonceMemory, err)
	}
	if err := m.accept("own"); err != ErrKnownNonce {
		t.Errorf("what was sent: %v", err)
	}
}

// TestNoncesOnce: of many connections that bring the same N at once, one is accepted.
func TestNoncesOnce(t *testing.T) {
	var m nonces
	m.issue("own")
	for i := range 1000 {
		var accepted atomic.Int32
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if m.accept(strconv.Itoa(i)) == nil {
					accepted.Add(1)
				}
			})
		}
		if all.Wait(); accepted.Load() != 1 {
			t.Fatalf("%d: %d times", i, accepted.Load())
		}
	}
}

// closing is a connection that checks whether its N is known when it is closed.
type closing struct {
	net.Conn
	look func()
}

func (c closing) Close() error {
	c.look()
	return c.Conn.Close()
}

// TestNonceOutlivesConnection: an N is not forgotten before its connection is closed, since until then messages signed
// for it can arrive.
func TestNonceOutlivesConnection(t *testing.T) {
	a, b := tcpPair(t)
	e := &Endpoint{Key: testKey(t, "sha256")}
	known := 0
	go func() {
		b.Write(append([]byte{0, 32, 0, 0, 0, 1}, make([]byte, 32)...))
	}()
	conn, err := e.Open(closing{a, func() { known = len(e.nonces.sent) }})
	if err != nil {
		t.Fatal(err)
	}
	if conn.Close(); known != 1 || len(e.nonces.sent) != 0 {
		t.Errorf("%d N's when it was closed, %d after that", known, len(e.nonces.sent))
	}
}
