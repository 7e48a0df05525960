package hmacsocket

// secret is the party of section 1.4's example.
var secret = party{hash: "sha256", key: "secret", n: steps(0, 32)}

// wideSecret is the same with a hash of 64 bytes.
var wideSecret = party{hash: "sha512", key: "secret", n: steps(0, 64)}

// initOf is an Init, of any LH.
func initOf(lh int, ml uint32, n string) string {
	return short(lh) + long(int(ml)) + n
}

// initExample is the page's.
var initExample = "\x00\x20\x00\x10\x00\x00" + steps(0, 32)

var inits = []initRow{
	{"init-example", "sha256", initExample, open, valid, "HMACSOCKET-7", "", "The page's example."},
	{"init-sha512", "sha512", initOf(64, wide, steps(0, 64)), open, valid, "HMACSOCKET-7", "", "LH is 64."},
	{"init-sha512-256", "sha512-256", initExample, open, valid,
		"HMACSOCKET-7", "SameLH", "LH is 32, not SHA-512's 64."},
	{"init-blake2b-256", "blake2b-256", initExample, open, valid, "HMACSOCKET-7", "SameLH", "LH is 32."},
	{"init-blake3", "blake3", initExample, open, valid, "HMACSOCKET-7", "SameLH", "LH is 32."},
	{"init-ended", "sha256", initExample, ended, valid,
		"HMACSOCKET-7", "", "The input ends after the Init: it is complete."},
	{"init-limit-one", "sha256", initOf(32, 1, steps(0, 32)), open, valid, "HMACSOCKET-20", "", "The smallest ML."},
	{"init-limit-bytes", "sha256", initOf(32, 0x01020304, steps(0, 32)), open, valid, "", "", "ML is big endian."},
	{"init-limit-low-byte-zero", "sha256", initOf(32, 256, steps(0, 32)), open, valid,
		"", "", "ML is 256: only its last byte is 0."},
	{"init-limit-high-bit", "sha256", initOf(32, 1<<31, steps(0, 32)), open, valid,
		"HMACSOCKET-12", "Huge", "ML is 2147483648: not a negative number."},
	{"init-limit-most", "sha256", initOf(32, most, steps(0, 32)), open, valid,
		"HMACSOCKET-12", "Huge", "The greatest ML."},
	{"init-n-zeros", "sha256", initOf(32, wide, repeat("\x00", 32)), open, valid,
		"", "", "N is any bytes: only zeros."},
	{"init-n-ones", "sha256", initOf(32, wide, repeat("\xff", 32)), open, valid, "", "", "N is any bytes: only 0xFF."},
	{"init-following-chunk", "sha256", initExample + secret.chunk("0", "hello"), open, valid,
		"HMACSOCKET-8", "Following", "A Chunk in the same input."},
	{"init-following-byte", "sha256", initExample + "\x00", ended, valid,
		"HMACSOCKET-8", "Following", "One byte more."},
	{"init-following-init", "sha256", initExample + initExample, open, valid,
		"", "Following", "The same once more; it would be read as messages."},

	{"init-incomplete-0", "sha256", "", open, incomplete, "HMACSOCKET-7", "Incomplete", "No byte."},
	{"init-incomplete-1", "sha256", "\x00", open, incomplete, "HMACSOCKET-7", "Incomplete", "Half of LH."},
	{"init-incomplete-1-wrong", "sha256", "\xff", open, incomplete,
		"HMACSOCKET-7", "Incomplete", "Half of an LH that cannot be right any more: it is looked at when it is whole."},
	{"init-incomplete-2", "sha256", initExample[:2], open, incomplete, "HMACSOCKET-7", "Incomplete", "LH alone."},
	{"init-incomplete-5", "sha256", "\x00\x20\x00\x00\x00", open, incomplete,
		"HMACSOCKET-7", "Incomplete", "Three bytes of ML, all 0."},
	{"init-incomplete-6", "sha256", initExample[:6], open, incomplete, "HMACSOCKET-7", "Incomplete", "LH and ML."},
	{"init-incomplete-7", "sha256", initExample[:7], open, incomplete, "HMACSOCKET-7", "Incomplete", "One byte of N."},
	{"init-incomplete-37", "sha256", initExample[:37], open, incomplete,
		"HMACSOCKET-7", "Incomplete", "All but one byte."},
	{"init-incomplete-sha512-38", "sha512", initOf(64, wide, steps(0, 32)), open, incomplete,
		"HMACSOCKET-7", "Incomplete", "As many bytes as with an LH of 32."},
	{"init-incomplete-sha512-69", "sha512", initOf(64, wide, steps(0, 63)), open, incomplete,
		"HMACSOCKET-7", "Incomplete", "All but one byte."},

	{"init-cut-short-0", "sha256", "", ended, cutShort,
		"", "CutShort", "The input ends before any byte. For messages that would be a clean end."},
	{"init-cut-short-1", "sha256", "\x00", ended, cutShort, "", "CutShort", "The input ends within LH."},
	{"init-cut-short-2", "sha256", initExample[:2], ended, cutShort, "", "CutShort", "The input ends after LH."},
	{"init-cut-short-5", "sha256", initExample[:5], ended, cutShort, "", "CutShort", "The input ends within ML."},
	{"init-cut-short-6", "sha256", initExample[:6], ended, cutShort, "", "CutShort", "The input ends after ML."},
	{"init-cut-short-37", "sha256", initExample[:37], ended, cutShort, "", "CutShort", "The input ends within N."},
	{"init-cut-short-sha512", "sha512", initOf(64, wide, steps(0, 63)), ended, cutShort,
		"", "CutShort", "The input ends within N."},

	{"init-hash-length-0", "sha256", initOf(0, wide, ""), open, hashLength, "HMACSOCKET-9", "", "LH is 0."},
	{"init-hash-length-16", "sha256", initOf(16, wide, steps(0, 16)), open, hashLength,
		"HMACSOCKET-9", "", "LH is 16."},
	{"init-hash-length-31", "sha256", initOf(31, wide, steps(0, 31)), open, hashLength,
		"HMACSOCKET-9", "", "LH is one less."},
	{"init-hash-length-33", "sha256", initOf(33, wide, steps(0, 33)), open, hashLength,
		"HMACSOCKET-9", "", "LH is one more."},
	{"init-hash-length-64", "sha256", initOf(64, wide, steps(0, 64)), open, hashLength,
		"HMACSOCKET-9", "", "The peer has SHA-512, the reader SHA-256."},
	{"init-hash-length-32", "sha512", initExample, open, hashLength,
		"HMACSOCKET-9", "", "The peer has SHA-256, the reader SHA-512."},
	{"init-hash-length-sha512-256", "sha512-256", initOf(64, wide, steps(0, 64)), open, hashLength,
		"HMACSOCKET-9", "", "The peer has SHA-512, the reader SHA-512/256."},
	{"init-hash-length-bits", "sha256", initOf(256, wide, steps(0, 256)), open, hashLength,
		"HMACSOCKET-9", "", "LH counts bytes, not bits."},
	{"init-hash-length-high-byte", "sha256", initOf(0x0120, wide, steps(0, 32)), open, hashLength,
		"HMACSOCKET-9", "Early", "Only the first byte is wrong."},
	{"init-hash-length-swapped", "sha256", initOf(0x2000, wide, steps(0, 32)), open, hashLength,
		"HMACSOCKET-9", "Early", "LH is big endian."},
	{"init-hash-length-most", "sha256", "\xff\xff", open, hashLength, "HMACSOCKET-9", "Early", "LH is 65535."},
	{"init-hash-length-two-bytes", "sha256", "\x00\x40", open, hashLength,
		"HMACSOCKET-9", "Early", "It is known with the second byte."},
	{"init-hash-length-ended", "sha256", "\x00\x40", ended, hashLength,
		"HMACSOCKET-9", "Early FirstFault", "It is known before the input ends."},
	{"init-hash-length-zero-limit", "sha256", initOf(64, 0, steps(0, 64)), open, hashLength,
		"HMACSOCKET-9", "FirstFault", "ML is 0, too."},
	{"init-hash-length-text", "sha256", "GET / HTTP/1.1\r\n", open, hashLength,
		"HMACSOCKET-9", "Early", "Another protocol."},
	{"init-zero-limit", "sha256", initOf(32, 0, steps(0, 32)), open, zeroLimit, "HMACSOCKET-10", "", "ML is 0."},
	{"init-zero-limit-sha512", "sha512", initOf(64, 0, steps(0, 64)), open, zeroLimit, "HMACSOCKET-10", "", "ML is 0."},
	{"init-zero-limit-six-bytes", "sha256", initOf(32, 0, ""), open, zeroLimit,
		"HMACSOCKET-10", "Early", "It is known with the sixth byte."},
	{"init-zero-limit-ended", "sha256", initOf(32, 0, ""), ended, zeroLimit,
		"HMACSOCKET-10", "Early FirstFault", "It is known before the input ends."},
}
