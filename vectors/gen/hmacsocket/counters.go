package hmacsocket

// Numbers that fill a byte, and more.
const (
	twoTo63  = "9223372036854775808"
	twoTo64  = "18446744073709551616"
	twoTo256 = "115792089237316195423570985008687907853269984665640564039457584007913129639936"
)

// exampleBase is Hash(N | K) as the page's example has it.
const exampleBase = "\x03\x3c\xb4\x91\xf1\x29\x68\xcf\xd4\xd9\xcb\x74\xd5\x99\xff\xdc" +
	"\xcd\x3c\x42\x15\xa0\x0a\x49\xb8\x43\x30\xa7\x64\x2c\xfd\x9d\xaf"

var counters = []counterRow{
	{"cn-example-0", secret, "", "0", exampleBase, "", "", "The page's example: CN(0) is Hash(N | K)."},
	{"cn-example-1", secret, "", "1", exampleBase[:31] + "\xb0", "", "", "The page's example: CN(1)."},
	{"cn-example-byte-full", secret, "", "80", exampleBase[:31] + "\xff",
		"", "", "The last number before the last byte is full."},
	{"cn-example-carry", secret, "", "81", exampleBase[:30] + "\x9e\x00",
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "The last byte runs over."},
	{"cn-sha512", wideSecret, "", "0", "", "", "", "Hash(N | K) with SHA-512."},
	{"cn-sha512-256", secret.withHash("sha512-256"), "", "0", "", "", "", "Hash(N | K) with SHA-512/256."},
	{"cn-blake2b-256", secret.withHash("blake2b-256"), "", "0", "", "", "", "Hash(N | K) with BLAKE2b."},
	{"cn-blake3", secret.withHash("blake3"), "", "0", "", "", "", "Hash(N | K) with BLAKE3."},
	{"cn-key-nul", secret.withKey("secret\x00"), "", "0", "", "HMACSOCKET-68", "KeyBytes",
		"A NUL at K's end: the HMAC's key is the same as without, CN is another one."},
	{"cn-key-newline", secret.withKey("secret\n"), "", "0", "",
		"HMACSOCKET-68", "KeyBytes", "A line's end at K's end."},
	{"cn-key-long", secret.withKey(longKey), "", "0", "",
		"HMACSOCKET-68", "LongKey", "K is longer than the block: here it is not replaced by Hash(K)."},

	{"cn-zero", party{}, zeros(""), "0", zeros(""), "", "", "Nothing and nothing."},
	{"cn-one", party{}, zeros(""), "1", zeros("\x01"), "", "", "The last byte is the lowest."},
	{"cn-255", party{}, zeros(""), "255", zeros("\xff"), "", "", "i fills a byte."},
	{"cn-256", party{}, zeros(""), "256", zeros("\x01\x00"), "", "", "i has two bytes."},
	{"cn-65536", party{}, zeros(""), "65536", zeros("\x01\x00\x00"), "", "", "i has three bytes."},
	{"cn-last-byte-full", party{}, zeros("\xfe"), "1", zeros("\xff"), "", "", "No carry yet."},
	{"cn-carry-1", party{}, zeros("\xff"), "1", zeros("\x01\x00"),
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "A carry into the byte before."},
	{"cn-carry-2", party{}, zeros("\xff\xff"), "1", zeros("\x01\x00\x00"),
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "A carry through two bytes."},
	{"cn-carry-4", party{}, zeros("\xff\xff\xff\xff"), "1", zeros("\x01\x00\x00\x00\x00"),
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "A carry out of 32 bits."},
	{"cn-carry-8", party{}, zeros(repeat("\xff", 8)), "1", zeros("\x01" + repeat("\x00", 8)),
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "A carry out of 64 bits."},
	{"cn-carry-16", party{}, zeros(repeat("\xff", 16)), "1", zeros("\x01" + repeat("\x00", 16)),
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "A carry out of 128 bits."},
	{"cn-carry-31", party{}, "\x00" + repeat("\xff", 31), "1", "\x01" + repeat("\x00", 31),
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "A carry into the first byte."},
	{"cn-carry-stops", party{}, zeros("\xff\xfe\xff"), "1", zeros("\xff\xff\x00"),
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "A carry that the next byte takes."},
	{"cn-carry-two-places", party{}, zeros("\x01\xff\x01\xff"), "65793", zeros("\x02\x00\x03\x00"),
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "Two carries with a byte between them: i is 0x010101."},
	{"cn-carry-255", party{}, zeros("\xff"), "255", zeros("\x01\xfe"),
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "Two full bytes."},
	{"cn-carry-both", party{}, zeros("\x80\x80"), "32896", zeros("\x01\x01\x00"),
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "Each byte carries: i is 0x8080."},
	{"cn-carry-long", party{}, repeat("\x00", 63) + "\xff", "1", repeat("\x00", 62) + "\x01\x00",
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "A sum of 64 bytes."},
	{"cn-carry-long-32", party{}, repeat("\x00", 32) + ones(""), "1", repeat("\x00", 31) + "\x01" + zeros(""),
		"HMACSOCKET-19 HMACSOCKET-28", "Carry", "In a sum of 64 bytes a carry out of the lower 32."},

	{"cn-wrap-before", party{}, ones("\xfe"), "1", ones(""), "", "", "The greatest sum."},
	{"cn-wrap", party{}, ones(""), "1", zeros(""), "", "Carry Wrap", "One more than the greatest sum is zero."},
	{"cn-wrap-two", party{}, ones(""), "2", zeros("\x01"), "", "Carry Wrap", "Two more."},
	{"cn-wrap-256", party{}, ones("\x01"), "256", zeros("\x01"),
		"", "Carry Wrap", "The carry begins after the last byte."},
	{"cn-wrap-long", party{}, repeat("\xff", 64), "1", repeat("\x00", 64), "", "Carry Wrap", "A sum of 64 bytes."},
	{"cn-no-wrap-long", party{}, repeat("\xff", 32) + zeros(""), "1", repeat("\xff", 32) + zeros("\x01"),
		"", "", "In a sum of 64 bytes the upper 32 are full."},

	{"cn-far-63", party{}, zeros(""), twoTo63, zeros("\x80" + repeat("\x00", 7)),
		"", "Far", "i is 2^63: not a negative number."},
	{"cn-far-below-64", party{}, zeros("\x01"), "18446744073709551615", zeros("\x01" + repeat("\x00", 8)),
		"", "Carry Far", "i is 2^64 - 1."},
	{"cn-far-64", party{}, zeros(""), twoTo64, zeros("\x01" + repeat("\x00", 8)), "", "Far", "i is 2^64."},
	{"cn-far-256", party{}, zeros("\x07"), twoTo256, zeros("\x07"),
		"", "Wrap Far", "i is 2^256, and a sum of 32 bytes the same as without."},
}
