package hmacsocket

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"testing/synctest"
	"time"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
	ref "github.com/muxspec/muxspec/ref/hmacsocket"
)

// A plan is what a session is given.
type plan struct {
	Hash        string
	ML          uint32 // of the honest endpoints; 0 is the default
	Size        int    // of the reads of their applications; 0: WriteTo
	ClientFirst bool
	Pairs       int // connections that the middle lets begin as they would without it
	Memory      memory
	Steps       []step
}

// A memory says which N's an endpoint remembers. Only shared is right.
type memory string

const (
	shared memory = ""     // those of all connections of its program
	single memory = "own"  // those of one connection, which has an Endpoint value of its own
	none   memory = "none" // none: see naive
)

// A session is two programs with one key, their connections, and the middle, which has no key.
type session struct {
	plan      plan
	hash      wire.Hash
	key       *ref.Key
	endpoints [2]*ref.Endpoint
	received  map[*ref.Endpoint]map[string]bool
	peers     []*peer
	running   sync.WaitGroup
}

const secret = "secret"

func newSession(p plan) *session {
	s := &session{plan: p, received: make(map[*ref.Endpoint]map[string]bool)}
	var err error
	s.hash, _ = wire.HashNamed(p.Hash)
	if s.key, err = ref.NewKey(p.Hash, []byte(secret)); err != nil {
		panic(err)
	}
	s.endpoints = [2]*ref.Endpoint{s.endpoint(), s.endpoint()}
	return s
}

func (s *session) endpoint() *ref.Endpoint {
	e := &ref.Endpoint{Key: s.key, MaxData: s.plan.ML, ClientFirst: s.plan.ClientFirst}
	s.received[e] = make(map[string]bool)
	return e
}

func (s *session) limit() uint32 {
	if s.plan.ML == 0 {
		return ref.MaxData
	}
	return s.plan.ML
}

// direction is the one to the peer that has sent N.
func (s *session) direction(N []byte) wire.Direction {
	return wire.Direction{Hash: s.hash, K: []byte(secret), N: N}
}

// open begins a connection of one of the programs.
func (s *session) open(server bool) *peer {
	p := &peer{name: fmt.Sprintf("client %d", len(s.peers)), server: server, line: newLine(),
		born: time.Now(), endpoint: s.endpoints[0]}
	if server {
		p.name, p.endpoint = fmt.Sprintf("server %d", len(s.peers)), s.endpoints[1]
	}
	if s.plan.Memory == single {
		p.endpoint = s.endpoint()
	}
	open := func(c net.Conn) (transport, error) {
		if s.plan.Memory == none {
			return openNaive(s.key, s.limit(), c)
		}
		conn, err := p.endpoint.Open(c)
		return conn, err
	}
	s.peers = append(s.peers, p)
	s.running.Go(func() { p.run(open, s.plan.Size) })
	synctest.Wait()
	if out, _, _ := p.line.sent(); len(out) == 6+s.hash.Length {
		p.own = out[6:]
	}
	return p
}

// feed lets b arrive, each so many bytes at once (0: all); it is what the middle can do to a peer, beside ending its
// input.
func (s *session) feed(p *peer, b []byte, each int) {
	for len(b) > 0 && p.fedEnd == nil {
		part := b
		if each > 0 {
			part = b[:min(each, len(b))]
		}
		b = b[len(part):]
		p.fed = append(p.fed, part...)
		s.initArrives(p)
		p.line.feed(part)
		synctest.Wait()
	}
}

// initArrives says, literally after the page, whether an Init that is whole now is refused because its N is known.
func (s *session) initArrives(p *peer) {
	init, _, f := s.hash.ReadInit(p.fed, false)
	if p.initSeen || f != wire.None {
		return
	}
	p.initSeen = true
	if _, _, end := p.state(); end != "" {
		return // it is not looked at any more
	}
	known := s.received[p.endpoint][string(init.N)]
	for _, q := range s.peers {
		_, _, closed := q.line.sent()
		known = known || q.endpoint == p.endpoint && bytes.Equal(q.own, init.N) && !closed
	}
	if known && s.plan.Memory != none {
		p.initFault = knownNonce
		return
	}
	s.received[p.endpoint][string(init.N)] = true
}

func (s *session) end(p *peer, with error) {
	if p.fedEnd == nil {
		p.fedEnd = with
		p.line.end(with)
		synctest.Wait()
	}
}

func (s *session) sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
	for _, p := range s.peers {
		_, _, f := s.hash.ReadInit(p.fed, p.fedEnd == io.EOF)
		p.late = p.late || s.plan.Memory != none && f == wire.Incomplete && p.fedEnd == nil && !p.closed &&
			time.Since(p.born) >= ref.InitTimeout
	}
}

// frames are the messages that b begins with, as they can be told apart without the key.
func (s *session) frames(b []byte) (all [][]byte) {
	head := 4 + s.hash.Length
	for len(b) >= head {
		n := head + int(binary.BigEndian.Uint32(b))
		if n == head {
			n += 2 + int(b[head+1])
		}
		all, b = append(all, b[:n]), b[n:]
	}
	return all
}

// transmitted are the messages that a peer has sent.
func (s *session) transmitted(p *peer) [][]byte {
	out, _, _ := p.line.sent()
	return s.frames(out[6+s.hash.Length:])
}

// signers are the connections that sign for p: they have accepted its N. Those of the other program are honest; the
// page lets there be one, and none of the same.
func (s *session) signers(p *peer) (honest, all []*peer) {
	for _, q := range s.peers {
		conn, _, _ := q.state()
		if init, _, f := s.hash.ReadInit(q.fed, false); conn != nil && f == wire.None && bytes.Equal(init.N, p.own) {
			if all = append(all, q); q.server != p.server {
				honest = append(honest, q)
			}
		}
	}
	return honest, all
}
