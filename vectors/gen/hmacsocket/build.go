package hmacsocket

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"math/big"
	"strings"

	"github.com/zeebo/blake3"
	"golang.org/x/crypto/blake2b"
)

// What stands in the inputs is built here, without conformance/wire/hmacsocket, which is to read it: the HMAC is
// crypto/hmac's, the counter counts byte by byte.

var hashes = map[string]func() hash.Hash{
	"sha256":      sha256.New,
	"sha512":      sha512.New,
	"sha512-256":  sha512.New512_256,
	"blake2b-256": func() hash.Hash { return keyedBlake2b("") },
	"blake3":      func() hash.Hash { return blake3.New() },

	// What is none of the page's.
	"sha512-256 with a block of 64":  func() hash.Hash { return altered{sha512.New512_256(), 32, 64} },
	"blake2b-256 with a block of 64": func() hash.Hash { return altered{keyedBlake2b(""), 32, 64} },
	"sha512 cut to 32":               func() hash.Hash { return altered{sha512.New(), 32, 128} },
	"blake2b-512 cut to 32": func() hash.Hash {
		h, _ := blake2b.New512(nil)
		return altered{h, 32, 128}
	},
}

// A party is one end of a direction: what it signs with, or what a reader expects.
type party struct {
	hash, key, n string
}

// with… give a party that differs in one thing.
func (p party) withHash(name string) party { p.hash = name; return p }
func (p party) withKey(key string) party   { p.key = key; return p }
func (p party) withN(n string) party       { p.n = n; return p }

// base is Hash(N | K).
func (p party) base() []byte {
	h := hashes[p.hash]()
	h.Write([]byte(p.n + p.key))
	return h.Sum(nil)
}

// cn is CN(i), i in decimal digits.
func (p party) cn(i string) string {
	sum := p.base()
	add(sum, number(i))
	return string(sum)
}

// add adds i to sum, from the last byte to the first: what is left then is lost at the top.
func add(sum []byte, i *big.Int) {
	addend := i.Bytes()
	carry := 0
	for at := 1; at <= len(sum); at++ {
		digit := int(sum[len(sum)-at]) + carry
		if at <= len(addend) {
			digit += int(addend[len(addend)-at])
		}
		sum[len(sum)-at], carry = byte(digit), digit>>8
	}
}

func number(i string) *big.Int {
	n, ok := new(big.Int).SetString(i, 10)
	if !ok {
		panic(i + " is no number")
	}
	return n
}

// mac is HMAC(K, text).
func (p party) mac(text string) string {
	h := hmac.New(hashes[p.hash], []byte(p.key))
	h.Write([]byte(text))
	return string(h.Sum(nil))
}

// chunk is the Chunk of data with the number i.
func (p party) chunk(i, data string) string {
	return long(len(data)) + p.mac(data+p.cn(i)) + data
}

// failure is an Error with the number i, whose H covers what stands before CN.
func (p party) failure(i, covered string, ec byte, em string) string {
	return long(0) + p.mac(covered+p.cn(i)) + tail(ec, em)
}

// The three readings of an Error's H. (Section 3, 1.)
func (p party) errorCN(i string, ec byte, em string) string { return p.failure(i, "", ec, em) }
func (p party) errorWhole(i string, ec byte, em string) string {
	return p.failure(i, tail(ec, em), ec, em)
}
func (p party) errorText(i string, ec byte, em string) string { return p.failure(i, em, ec, em) }

// tail is EC, LE and EM.
func tail(ec byte, em string) string {
	return string([]byte{ec, byte(len(em))}) + em
}

// long is a field of 4 bytes, short one of 2.
func long(n int) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(n)))
}

func short(n int) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(n)))
}

// steps gives n bytes, from first on, each one more than the one before it.
func steps(first byte, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return string(b)
}

func repeat(s string, times int) string { return strings.Repeat(s, times) }

// zeros is a sum of 32 bytes that ends in tail.
func zeros(tail string) string { return repeat("\x00", 32-len(tail)) + tail }

// ones is the same with 0xFF instead of 0.
func ones(tail string) string { return repeat("\xff", 32-len(tail)) + tail }

// until gives the number with which the sum's last size bytes have come to zero: the carry out of them is the first.
func (p party) until(size int) string {
	base := p.base()
	top := new(big.Int).Lsh(big.NewInt(1), uint(8*size))
	rest := new(big.Int).SetBytes(base[len(base)-size:])
	return top.Sub(top, rest).String()
}

// plus adds to a number.
func plus(i string, more int64) string {
	n := number(i)
	return n.Add(n, big.NewInt(more)).String()
}

// flip changes one bit of some bytes: 0 is the first byte's highest. A bit below 0 counts from the end.
func flip(s string, bit int) string {
	b := []byte(s)
	if bit < 0 {
		bit += 8 * len(b)
	}
	b[bit/8] ^= 0x80 >> (bit % 8)
	return string(b)
}

// with is the Chunk of data whose H is h, right or wrong.
func with(h, data string) string {
	return long(len(data)) + h + data
}

// withCN is the Chunk of data made with another CN.
func (p party) withCN(cn []byte, data string) string {
	return with(p.mac(data+string(cn)), data)
}
