package hmacsocket

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/zeebo/blake3"
	"golang.org/x/crypto/blake2b"
)

// hashes are the unkeyed hash functions of section 1.1, the default first.
var hashes = []struct {
	name string
	new  func() hash.Hash
}{
	{"sha256", sha256.New},
	{"sha512", sha512.New},
	{"sha512-256", sha512.New512_256},
	{"blake2b-256", func() hash.Hash { h, _ := blake2b.New256(nil); return h }}, // fails only with a key
	{"blake3", func() hash.Hash { return blake3.New() }},
}

// HashNames gives the names that [NewKey] knows, the default first.
func HashNames() (names []string) {
	for _, h := range hashes {
		names = append(names, h.name)
	}
	return names
}

// A Key is K together with its hash. Any number of connections may use it at once.
type Key struct {
	LH   int // the hash's output length in bytes
	k    []byte
	hash func() hash.Hash
	macs sync.Pool // of hash.Hash, each HMAC with this key: an idle connection has none
}

// NewKey makes a key of 1 byte or more.
func NewKey(hashName string, k []byte) (*Key, error) {
	if len(k) == 0 {
		return nil, errors.New("the key is empty")
	}
	for _, h := range hashes {
		if h.name == hashName {
			key := &Key{LH: h.new().Size(), k: k, hash: h.new}
			key.macs.New = func() any { return hmac.New(h.new, k) }
			return key, nil
		}
	}
	return nil, fmt.Errorf("unknown hash %q, there are: %s", hashName, strings.Join(HashNames(), ", "))
}

// Same says whether k and other, which are for the same hash, have the same bytes.
func (k *Key) Same(other *Key) bool { return hmac.Equal(k.k, other.k) }
