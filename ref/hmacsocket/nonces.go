package hmacsocket

import "sync"

// A nonces remembers the N's of an endpoint's connections. An endpoint signs for whatever N the peer's Init holds. It
// refuses the N's that it knows so that nobody can have messages signed that pass for somebody else's (section 4.1).
type nonces struct {
	mu   sync.Mutex
	sent map[string]bool // on living connections
	// received are kept when the connection is over, in two generations: when the younger is full, the older is
	// forgotten.
	received, older map[string]bool
}

// issue notes an N, which then may be sent.
func (m *nonces) issue(N string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sent == nil {
		m.sent, m.received = make(map[string]bool), make(map[string]bool)
	}
	m.sent[N] = true
}

// retire forgets an N that was sent: its connection is over.
func (m *nonces) retire(N string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sent, N)
}

// accept notes a received N, or says that it is known. It does so in one step: of two connections that bring the same
// N at once, one is refused (HMACSOCKET-77 to -80).
func (m *nonces) accept(N string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sent[N] || m.received[N] || m.older[N] {
		return ErrKnownNonce
	}
	if len(m.received) >= nonceMemory {
		m.older, m.received = m.received, make(map[string]bool)
	}
	m.received[N] = true
	return nil
}
