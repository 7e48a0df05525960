package hmacsocket

// The rules that most forgeries show.
const (
	same = "HMACSOCKET-29 HMACSOCKET-38"
	edge = "HMACSOCKET-36 HMACSOCKET-38"
)

var forgeries = []row{
	{"forged-h-first-bit", secret, "0", wide, flip(hello, 32), open, wrongHMAC, same, "", "H's first bit is another."},
	{"forged-h-last-bit", secret, "0", wide, flip(hello, 36*8-1), open, wrongHMAC, same, "", "H's last bit is another."},
	{"forged-h-middle-bit", secret, "0", wide, flip(hello, 20*8), open, wrongHMAC, same, "", "A bit in the middle of H is another."},
	{"forged-h-zeros", secret, "0", wide, with(zeros(""), "hello"), open, wrongHMAC, same, "", "H is only zeros."},
	{"forged-h-inverted", secret, "0", wide, with(inverted(hello[4:36]), "hello"), open, wrongHMAC,
		same, "", "Each bit of H is another."},
	{"forged-h-sha512-first-bit", wideSecret, "0", wide, flip(wideSecret.chunk("0", "hello"), 32), open, wrongHMAC,
		same, "", "The first of 512 bits is another."},
	{"forged-h-sha512-last-bit", wideSecret, "0", wide, flip(wideSecret.chunk("0", "hello"), 68*8-1), open, wrongHMAC, same, "",
		"The last of 512 bits is another: not only the first 32 bytes count."},
	{"forged-d-first-bit", secret, "0", wide, flip(hello, 36*8), open, wrongHMAC, same, "", "D's first bit is another."},
	{"forged-d-last-bit", secret, "0", wide, flip(hello, -1), open, wrongHMAC, same, "", "D's last bit is another."},
	{"forged-d-other", secret, "0", wide, with(hello[4:36], "jello"), open, wrongHMAC, same, "", "Another D."},
	{"forged-d-swapped", secret, "0", wide, with(hello[4:36], "hlelo"), open, wrongHMAC,
		same, "", "Two bytes of D have changed places."},
	{"forged-d-first", secret, "0", wide, long(5) + "hello" + hello[4:36], open, wrongHMAC, same, "", "D stands before H."},
	{"forged-d-alone", secret, "0", wide, with(secret.mac("hello"), "hello"), open, wrongHMAC,
		"HMACSOCKET-30 HMACSOCKET-38", "", "H covers D without CN."},
	{"forged-cn-first", secret, "0", wide, with(secret.mac(secret.cn("0")+"hello"), "hello"), open, wrongHMAC,
		"HMACSOCKET-17", "", "H covers CN(0), then D."},
	{"forged-ld-covered", secret, "0", wide, with(secret.mac(long(5)+"hello"+secret.cn("0")), "hello"), open, wrongHMAC,
		"HMACSOCKET-17", "", "H covers LD, too."},

	{"forged-number-same", secret, "1", wide, hello, open, wrongHMAC,
		"HMACSOCKET-30 HMACSOCKET-38", "Number", "The first Chunk once more."},
	{"forged-number-next", secret, "0", wide, secret.chunk("1", "world"), open, wrongHMAC,
		"HMACSOCKET-31 HMACSOCKET-32 HMACSOCKET-38", "", "The second Chunk before the first."},
	{"forged-number-from-one", secret, "0", wide, secret.chunk("1", "hello"), open, wrongHMAC,
		"HMACSOCKET-17 HMACSOCKET-38", "", "Made by one who counts from 1."},
	{"forged-number-same-byte", secret, "256", wide, secret.chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-30 HMACSOCKET-38", "Number", "256 messages later: i is not a byte."},
	{"forged-number-same-32-bits", secret, "4294967296", wide, secret.chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-30 HMACSOCKET-38", "Number", "2^32 messages later: i has more than 32 bits."},
	{"forged-number-same-64-bits", secret, twoTo64, wide, secret.chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-30 HMACSOCKET-38", "Number Far", "2^64 messages later."},
	{"forged-n-other", secret, "0", wide, otherN.chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-33 HMACSOCKET-34 HMACSOCKET-38", "", "Made with the N of another Init: that of another connection, or of the other direction."},
	{"forged-n-first-bit", secret, "0", wide, secret.withN(flip(secret.n, 0)).chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-33 HMACSOCKET-38", "", "Made with an N whose first bit is another."},
	{"forged-n-last-bit", secret, "0", wide, secret.withN(flip(secret.n, -1)).chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-33 HMACSOCKET-38", "", "Made with an N whose last bit is another."},
	{"forged-n-behind-key", secret, "0", wide, secret.withCN(sum(hashes["sha256"](), secret.key+secret.n), "hello"), open, wrongHMAC,
		"HMACSOCKET-17 HMACSOCKET-38", "", "Made with Hash(K | N)."},
	{"forged-n-alone", secret, "0", wide, secret.withCN([]byte(secret.n), "hello"), open, wrongHMAC,
		"HMACSOCKET-17 HMACSOCKET-38", "", "Made with N itself as CN(0)."},
	{"forged-n-hashed", secret, "0", wide, secret.withCN(sum(hashes["sha256"](), secret.n), "hello"), open, wrongHMAC,
		"HMACSOCKET-17 HMACSOCKET-38", "", "Made with Hash(N)."},
	{"forged-n-with-init", secret, "0", wide, secret.withCN(sum(hashes["sha256"](), initExample+secret.key), "hello"), open, wrongHMAC,
		"HMACSOCKET-17 HMACSOCKET-38", "", "Made with the hash of the whole Init and K."},
	{"forged-key-other", secret, "0", wide, otherKey.chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-35 HMACSOCKET-38", "", "Made with another key: one letter's case."},
	{"forged-key-newline", secret, "0", wide, secret.withKey("secret\n").chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-35 HMACSOCKET-68", "", "Made with a line's end behind the key."},
	{"forged-key-prefix", secret, "0", wide, secret.withKey("secre").chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-35 HMACSOCKET-68", "", "Made with all but the key's last byte."},
	{"forged-key-nul", secret, "0", wide, secret.withKey("secret\x00").chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-35 HMACSOCKET-68", "", "Made with a NUL behind the key."},
	{"forged-key-empty", secret, "0", wide, secret.withKey("").chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-35 HMACSOCKET-69", "", "Made without a key."},
	{"forged-hash-sha512-256", secret, "0", wide, secret.withHash("sha512-256").chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "SameLH", "Made with SHA-512/256 for a reader with SHA-256."},
	{"forged-hash-blake2b-256", secret, "0", wide, secret.withHash("blake2b-256").chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "SameLH", "Made with BLAKE2b for a reader with SHA-256."},
	{"forged-hash-blake3", secret, "0", wide, secret.withHash("blake3").chunk("0", "hello"), open, wrongHMAC,
		"HMACSOCKET-23", "SameLH", "Made with BLAKE3 for a reader with SHA-256."},
	{"forged-hash-sha256", secret.withHash("blake3"), "0", wide, hello, open, wrongHMAC,
		"HMACSOCKET-23", "SameLH", "Made with SHA-256 for a reader with BLAKE3."},

	{"forged-edge-shorter", secret, "0", wide, long(4) + hello[4:], open, wrongHMAC,
		edge, "Behind", "LD is one less: D's last byte is left over."},
	{"forged-edge-longer", secret, "0", wide, long(6) + hello[4:] + secret.cn("0")[:1], open, wrongHMAC,
		edge, "", "LD is one more: CN's first byte stands behind D."},
	{"forged-edge-cn", secret, "0", wide, with(hello[4:36], "hello"+secret.cn("0")), open, wrongHMAC,
		edge, "", "All of CN(0) stands behind D."},
	{"forged-edge-next", secret, "0", wide, long(6) + hello[4:] + secret.chunk("1", "world"), open, wrongHMAC,
		edge, "Behind", "LD is one more: it takes the next Chunk's first byte."},
	{"forged-edge-ended", secret, "0", wide, long(6) + hello[4:], ended, cutShort,
		"HMACSOCKET-58", "CutShort", "LD is one more, and no byte follows."},
	{"forged-edge-error", secret, "0", wide, with(secret.errorCN("0", 0x20, "no")[4:36], " \x02no"), open, wrongHMAC,
		edge, "", "An Error whose LD was made that of a Chunk."},
	{"forged-edge-error-em", secret, "0", wide, with(secret.errorCN("0", 0x20, "no")[4:36], "no"), open, wrongHMAC,
		edge, "", "The same with EM alone as D."},
	{"forged-edge-cn-as-data", secret, "1", wide, with(secret.errorCN("1", 0x20, "no")[4:36], secret.cn("1")), open, wrongHMAC,
		edge, "Number", "An Error's H, and as D what it covers."},
}

func inverted(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = ^b[i]
	}
	return string(b)
}
