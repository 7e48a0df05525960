package hmacsocket

import (
	"context"
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// A peer is what an HMACSocket target needs besides itself: the key, and what it connects to, which the suite plays: a
// server's service, or a client's server.
type peer struct {
	hash    wire.Hash
	key     []byte
	address string
	also    string // where the target listens besides, if a scenario wants that
	few     bool   // it has few places, which may not be free at once after use
	waits   bool   // the target is told to send nothing before the client does
	// arrived are the target's connections that no scenario has taken yet.
	arrived chan *net.TCPConn

	mu       sync.Mutex
	listener *net.TCPListener // nil while nobody can be reached
	visits   int              // connections so far
}

// mostArrived is more connections than any scenario makes.
const mostArrived = 4096

// newPeer listens, and writes the key file into dir, with a random key if none is given.
func newPeer(dir, hash string, key []byte) (p *peer, keyfile string, err error) {
	p = &peer{key: key, arrived: make(chan *net.TCPConn, mostArrived)}
	p.hash, _ = wire.HashNamed(hash)
	if len(key) == 0 {
		p.key = make([]byte, 32)
		rand.Read(p.key)
	}
	keyfile = filepath.Join(dir, "key")
	if err := os.WriteFile(keyfile, p.key, 0o600); err != nil {
		return nil, "", err
	}
	if p.listener, err = engine.ListenLow(); err != nil {
		return nil, "", err
	}
	p.address = p.listener.Addr().String()
	go p.serve(p.listener)
	return p, keyfile, nil
}

// peerOf gives the peer of an instance.
func peerOf(in *engine.Instance) *peer {
	p, _ := in.Part.(*peer)
	return p
}

// Close listens no more.
func (p *peer) Close() error {
	p.away()
	return nil
}

// back listens again, unless it already does. A program that is being started still holds a listener that was closed
// meanwhile, until its execution begins.
func (p *peer) back(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return nil
	}
	return engine.UntilFree(ctx, func() error {
		l, err := net.Listen("tcp", p.address)
		if err == nil {
			p.listener = l.(*net.TCPListener)
			go p.serve(p.listener)
		}
		return err
	})
}

// away stops listening and closes what was not taken yet.
func (p *peer) away() {
	p.mu.Lock()
	if p.listener != nil {
		p.listener.Close()
	}
	p.listener = nil
	p.mu.Unlock()
	p.closeUntaken()
}

// closeUntaken closes the connections that nobody has taken.
func (p *peer) closeUntaken() {
	for _, c := range p.drain() {
		c.Close()
	}
}

// serve takes the target's connections.
func (p *peer) serve(l *net.TCPListener) {
	for {
		c, err := l.AcceptTCP()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.visits++
		p.mu.Unlock()
		select {
		case p.arrived <- c:
		default:
			c.Close()
		}
	}
}

// visited gives the number of connections that the target has made.
func (p *peer) visited() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.visits
}

// drain gives the connections that nobody has taken.
func (p *peer) drain() (all []*net.TCPConn) {
	for {
		select {
		case c := <-p.arrived:
			all = append(all, c)
		default:
			return all
		}
	}
}

// next gives the target's next connection.
func (p *peer) next(target *proc.Process, w proc.Wait) (*net.TCPConn, error) {
	for {
		select {
		case c := <-p.arrived:
			return c, nil
		case <-target.Gone:
			return nil, engine.ErrEnded
		case <-w.Tick():
			if w.Over() {
				return nil, engine.ErrLimit
			}
		}
	}
}
