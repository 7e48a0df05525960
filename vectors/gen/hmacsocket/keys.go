package hmacsocket

import (
	"fmt"
	"hash"

	"github.com/zeebo/blake3"
	"golang.org/x/crypto/blake2b"
)

// longKey is 5000 bytes.
var longKey = repeat("muxspec!", 625)

// blocks holds each hash's HMAC block and n an N for it, in the page's order.
var blocks = []struct {
	hash  string
	block int
	n     string
}{
	{"sha256", 64, steps(0, 32)},
	{"sha512", 128, steps(0, 64)},
	{"sha512-256", 128, steps(0, 32)},
	{"blake2b-256", 128, steps(0, 32)},
	{"blake3", 64, steps(0, 32)},
}

// keys gives for each hash the rows of all keys, then those of what an HMAC is not.
func keys() []row {
	var rows []row
	for _, b := range blocks {
		for _, k := range []struct{ name, key, flags, comment string }{
			{"secret", "secret", "", "The key of the page's example."},
			{"1-byte", "k", "", "The shortest key."},
			{"nul", "\x00", "KeyBytes", "A key that is one NUL. It is not empty."},
			{"nul-first", "\x00secret", "KeyBytes", "NUL at the beginning."},
			{"nul-last", "secret\x00", "KeyBytes", "NUL at the end."},
			{"newline-last", "secret\n", "KeyBytes", "A line's end at the end, as an editor leaves it."},
			{"cr-lf-last", "secret\r\n", "KeyBytes", "CR LF at the end."},
			{"blanks", " sec ret\t", "KeyBytes", "White space at both ends and within."},
			{"eight-bit", "\x80\xff\xc3\x28s\xc3\xa4", "KeyBytes", "Bytes above 0x7F, not valid UTF-8."},
		} {
			rows = append(rows, keyRow("key-"+b.hash+"-"+k.name, party{b.hash, k.key, b.n}, k.flags, k.comment))
		}
		for _, length := range []int{63, 64, 65, 127, 128, 129, 5000} {
			flags, comment := "", fmt.Sprintf("A key of %d bytes; the block has %d.", length, b.block)
			if length > b.block {
				flags = "LongKey"
			}
			rows = append(rows, keyRow(fmt.Sprintf("key-%s-%d-bytes", b.hash, length),
				party{b.hash, longKey[:length], b.n}, flags, comment))
		}
	}
	return append(rows, notHMACs...)
}

func keyRow(id string, p party, flags, comment string) row {
	return row{id, p, "0", wide, p.chunk("0", "hello"), open, valid,
		"HMACSOCKET-17 HMACSOCKET-23 HMACSOCKET-68", flags, comment}
}

var (
	blake2bSecret = secret.withHash("blake2b-256")
	blake3Secret  = secret.withHash("blake3").withKey(steps(0, 32))
	longSecret    = secret.withKey(longKey)
	hashedSecret  = secret.withKey(string(sum(hashes["sha256"](), longKey)))
)

// notHMACs are Chunks whose H is what somebody could take for the HMAC.
var notHMACs = []row{
	{"not-hmac-hashed-key", longSecret, "0", wide,
		with(hashedSecret.mac("hello"+hashedSecret.cn("0")), "hello"), open, wrongHMAC,
		"HMACSOCKET-23 HMACSOCKET-35", "LongKey",
		"Made with Hash(K) as the key: the HMAC's key is the same, Hash(N | K) is another."},
	{"not-hmac-cut-key", longSecret, "0", wide,
		with(secret.withKey(longKey[:64]).mac("hello"+longSecret.cn("0")), "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "LongKey", "The HMAC's key is K's first block instead of Hash(K)."},
	{"not-hmac-key-without-nul", secret.withKey("secret\x00"), "0", wide, secret.chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-35 HMACSOCKET-68", "KeyBytes",
		"Made with K without its last NUL: the HMAC's key is the same, Hash(N | K) is another."},
	{"not-hmac-prefix", secret, "0", wide,
		with(string(sum(hashes["sha256"](), "secrethello"+secret.cn("0"))), "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "", "H is Hash(K | D | CN(0))."},
	{"not-hmac-suffix", secret, "0", wide,
		with(string(sum(hashes["sha256"](), "hello"+secret.cn("0")+"secret")), "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "", "H is Hash(D | CN(0) | K)."},
	{"not-hmac-keyed-blake2b", blake2bSecret, "0", wide,
		with(string(sum(keyedBlake2b(blake2bSecret.key), "hello"+blake2bSecret.cn("0"))), "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "", "H is that of BLAKE2b's own keyed mode."},
	{"not-hmac-keyed-blake3", blake3Secret, "0", wide,
		with(string(sum(keyedBlake3(blake3Secret.key), "hello"+blake3Secret.cn("0"))), "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "KeyBytes", "H is that of BLAKE3's own keyed mode, whose key has 32 bytes."},
	{"not-hmac-block-64", secret.withHash("sha512-256"), "0", wide,
		secret.withHash("sha512-256 with a block of 64").chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "", "SHA-512/256 with a block of 64 bytes: it has SHA-512's, 128."},
	{"not-hmac-blake2b-block-64", blake2bSecret, "0", wide,
		secret.withHash("blake2b-256 with a block of 64").chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "", "BLAKE2b with a block of 64 bytes, as BLAKE2s has it."},
	{"not-hmac-cut-sha512", secret.withHash("sha512-256"), "0", wide,
		secret.withHash("sha512 cut to 32").chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "", "SHA-512/256 is not SHA-512 cut to 32 bytes."},
	{"not-hmac-cut-blake2b", blake2bSecret, "0", wide,
		secret.withHash("blake2b-512 cut to 32").chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "", "BLAKE2b with an output of 32 bytes is not that of 64 cut to 32."},
}

func sum(h hash.Hash, text string) []byte {
	h.Write([]byte(text))
	return h.Sum(nil)
}

func keyedBlake2b(key string) hash.Hash {
	h, _ := blake2b.New256([]byte(key))
	return h
}

func keyedBlake3(key string) hash.Hash {
	h, _ := blake3.NewKeyed([]byte(key))
	return h
}

// An altered hash is another one with a wrong block or output.
type altered struct {
	hash.Hash
	size, block int
}

func (a altered) Size() int           { return a.size }
func (a altered) BlockSize() int      { return a.block }
func (a altered) Sum(b []byte) []byte { return append(b, a.Hash.Sum(nil)[:a.size]...) }
