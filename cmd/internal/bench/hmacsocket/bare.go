//go:build linux

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"io"
	"net"

	"github.com/zeebo/blake3"
	"golang.org/x/crypto/blake2b"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

var hashNames = map[string]func() hash.Hash{
	"sha256":      sha256.New,
	"sha512":      sha512.New,
	"sha512-256":  sha512.New512_256,
	"blake2b-256": func() hash.Hash { h, _ := blake2b.New256(nil); return h },
	"blake3":      func() hash.Hash { return blake3.New() },
}

// block is what the bare pair reads at once.
const block = 128 << 10

// bareClient and bareServer are the least that a pair can do: each block that comes is sent with its length and an HMAC of it and of its
// number, which the other end looks at. No Init, no limits, nothing of the package.
func bareClient(c *net.TCPConn, backend int, hash string) { bare(c, backend, hash, false) }

func bareServer(c *net.TCPConn, backend int, hash string) { bare(c, backend, hash, true) }

func bare(c *net.TCPConn, backend int, hash string, server bool) {
	defer c.Close()
	d, err := net.DialTCP("tcp4", nil, rig.Loopback(backend))
	if err != nil {
		return
	}
	defer d.Close()
	plain, wire := c, d
	if server {
		plain, wire = d, c
	}
	mac := func() *numbered { return &numbered{Hash: hmac.New(hashNames[hash], []byte("secret"))} }
	done := make(chan struct{})
	go func() { seal(wire, plain, mac()); close(done) }()
	unseal(plain, wire, mac())
	<-done
}

// numbered is an HMAC that counts.
type numbered struct {
	hash.Hash
	i uint64
}

// of appends the next HMAC.
func (n *numbered) of(b, D []byte) []byte {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], n.i)
	n.i++
	n.Reset()
	n.Write(D)
	n.Write(number[:])
	return n.Sum(b)
}

func seal(wire, plain *net.TCPConn, mac *numbered) {
	head := 4 + mac.Size()
	b := make([]byte, head+block)
	for {
		n, err := plain.Read(b[head:])
		if n > 0 {
			binary.BigEndian.PutUint32(b, uint32(n))
			mac.of(b[:4], b[head:head+n])
			if _, err := wire.Write(b[:head+n]); err != nil {
				return
			}
		}
		if err == io.EOF {
			wire.CloseWrite()
		}
		if err != nil {
			return
		}
	}
}

func unseal(plain, wire *net.TCPConn, mac *numbered) {
	head := 4 + mac.Size()
	b := make([]byte, head+block)
	var sum []byte
	for {
		if _, err := io.ReadFull(wire, b[:head]); err == io.EOF {
			plain.CloseWrite()
			return
		} else if err != nil {
			return
		}
		n := binary.BigEndian.Uint32(b)
		if n > block {
			return
		}
		D := b[head : head+int(n)]
		if _, err := io.ReadFull(wire, D); err != nil {
			return
		}
		if sum = mac.of(sum[:0], D); !hmac.Equal(sum, b[4:head]) {
			return
		}
		if _, err := plain.Write(D); err != nil {
			return
		}
	}
}
