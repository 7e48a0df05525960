// Package hmacsocket reads and writes the Inits, Chunks and Errors of HMACSocket as section 1 of docs/hmacsocket.md
// describes them, sentence by sentence. Results that are bytes of the input share its memory. With a fault the other
// results of a Read function are zero, but for those of ReadStream. Plain, not quick: each message's CN is made anew.
package hmacsocket

import (
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math/big"

	"github.com/zeebo/blake3"
	"golang.org/x/crypto/blake2b"
)

// Fault names what is wrong with some bytes, in the page's words; the empty Fault is none. That an Init's N is known is
// the fault of a connection, not of bytes, and none of this package's.
type Fault string

// The faults.
const (
	None       Fault = ""            // nothing is wrong: the bytes are complete and valid
	Incomplete Fault = "incomplete"  // more bytes are needed
	CutShort   Fault = "cut short"   // the input has ended within an Init or a message, or before the Init
	HashLength Fault = "hash length" // an Init's first field is not the reader's LH, or its N is not LH bytes long
	ZeroLimit  Fault = "zero limit"  // an Init's ML is 0
	WrongHMAC  Fault = "wrong HMAC"  // a message's H is another than it should be
	TooLong    Fault = "too long"    // more D than ML allows, more EM than 255 bytes
	Empty      Fault = "empty"       // a Chunk without D, which would be an Error's beginning; only from a writer
	BadText    Fault = "bad text"    // an EM that is not UTF-8 or holds NUL; only from a writer
)

// A Hash is a row of the table in section 1.1.
type Hash struct {
	Name   string
	Length int // LH, the bytes of its output
	Block  int // the HMAC's block in bytes
	new    func() hash.Hash
}

// Hashes are the hashes that have a name, in the page's order.
var Hashes = []Hash{
	{"sha256", 32, 64, sha256.New},
	{"sha512", 64, 128, sha512.New},
	{"sha512-256", 32, 128, sha512.New512_256},
	{"blake2b-256", 32, 128, unkeyedBlake2b},
	{"blake3", 32, 64, func() hash.Hash { return blake3.New() }},
}

// unkeyedBlake2b: "A hash's own keyed mode is never used", so that there is no key that could be wrong.
func unkeyedBlake2b() hash.Hash {
	h, err := blake2b.New256(nil)
	if err != nil {
		panic(err)
	}
	return h
}

// HashNamed gives the hash of a name, and whether there is one.
func HashNamed(name string) (Hash, bool) {
	for _, h := range Hashes {
		if h.Name == name {
			return h, true
		}
	}
	return Hash{}, false
}

// Sum gives Hash(parts joined).
func (h Hash) Sum(parts ...[]byte) []byte {
	state := h.new()
	for _, part := range parts {
		state.Write(part)
	}
	return state.Sum(nil)
}

// HMAC gives HMAC(k, text), where text is the parts joined: Hash(k ^ opad | Hash(k ^ ipad | text)). "a K longer than
// the block is replaced by Hash(K); a shorter one is filled with zero bytes." (Section 1.1 and RFC 2104.)
func (h Hash) HMAC(k []byte, parts ...[]byte) []byte {
	if len(k) > h.Block {
		k = h.Sum(k)
	}
	inner, outer := make([]byte, h.Block), make([]byte, h.Block)
	copy(inner, k)
	copy(outer, k)
	for i := range h.Block {
		inner[i] ^= 0x36
		outer[i] ^= 0x5C
	}
	return h.Sum(outer, h.Sum(append([][]byte{inner}, parts...)...))
}

// A Direction is what both ends of one direction of a connection know.
type Direction struct {
	Hash Hash
	K    []byte // the key
	N    []byte // of the Init that the direction's receiver has sent and its transmitter received; LH bytes
}

// Base gives Hash(N | K), which is CN(0).
func (d Direction) Base() []byte {
	return d.Hash.Sum(d.N, d.K)
}

// CN gives CN(i) = Hash(N | K) + i. (Section 1.3.)
func (d Direction) CN(i *big.Int) []byte {
	return Add(d.Base(), i)
}

// Add gives base + i, as long as base: "the sum is that of unsigned big-endian integers of LH bytes: it carries from
// each byte to the one before it, and wraps to zero at the top". i must not be negative; it may be longer than base.
func Add(base []byte, i *big.Int) []byte {
	sum := new(big.Int).SetBytes(base)
	sum.Add(sum, i)
	top := new(big.Int).Lsh(big.NewInt(1), uint(8*len(base)))
	return sum.Mod(sum, top).FillBytes(make([]byte, len(base)))
}
