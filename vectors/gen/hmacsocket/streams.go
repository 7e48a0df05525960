package hmacsocket

// The messages that most streams are of.
var (
	world       = secret.chunk("1", "world")
	again       = secret.chunk("2", "again")
	threeChunks = hello + world + again
)

const (
	whole  = "HMACSOCKET-25 HMACSOCKET-27"
	broken = "HMACSOCKET-37 HMACSOCKET-60"
)

// crossing is three Chunks with the numbers first to first + 2.
func (p party) crossing(first string) string {
	return p.chunk(first, "one") + p.chunk(plus(first, 1), "two") + p.chunk(plus(first, 2), "three")
}

// counting is so many Chunks of one byte, numbered from 0 on.
func (p party) counting(chunks int64) string {
	var all string
	for i := range chunks {
		all += p.chunk(plus("0", i), string([]byte{byte(i)}))
	}
	return all
}

var streams = []streamRow{
	{row{"stream-example", secret, "0", wide, hello + world + secret.errorCN("2", 0x20, "no"), open, valid,
		whole + " HMACSOCKET-61", "Failed",
		"The page's example. The Error ends the direction, whether the input has ended or not."}, 3},
	{row{"stream-three", secret, "0", wide, threeChunks, ended, valid,
		whole + " HMACSOCKET-54", "", "Three Chunks and a clean end."}, 3},
	{row{"stream-three-open", secret, "0", wide, threeChunks, open, incomplete,
		whole, "Incomplete", "Three Chunks; more may come."}, 3},
	{row{"stream-empty", secret, "0", wide, "", ended, valid, "HMACSOCKET-54", "", "A clean end at once."}, 0},
	{row{"stream-empty-open", secret, "0", wide, "", open, incomplete, "HMACSOCKET-24", "Incomplete", "Nothing yet."},
		0},
	{row{"stream-sha512", wideSecret, "0", wide, wideSecret.crossing("0"), ended, valid,
		whole + " HMACSOCKET-23", "", "Three Chunks with SHA-512."}, 3},
	{row{"stream-sha512-256", secret.withHash("sha512-256"), "0", wide, secret.withHash("sha512-256").crossing("0"),
		ended, valid, whole + " HMACSOCKET-23", "", "Three Chunks with SHA-512/256."}, 3},
	{row{"stream-blake2b-256", blake2bSecret, "0", wide, blake2bSecret.crossing("0"), ended, valid,
		whole + " HMACSOCKET-23", "", "Three Chunks with BLAKE2b."}, 3},
	{row{"stream-blake3", blake3Secret, "0", wide, blake3Secret.crossing("0"), ended, valid,
		whole + " HMACSOCKET-23", "KeyBytes", "Three Chunks with BLAKE3."}, 3},
	{row{"stream-carry-from-0", secret, "0", wide, secret.counting(82), ended, valid,
		whole + " HMACSOCKET-28", "", "82 Chunks: with the last one CN carries, since Hash(N | K) ends in 0xAF."}, 82},
	{row{"stream-256-from-0", blake2bSecret, "0", wide, blake2bSecret.counting(258), ended, valid,
		whole + " HMACSOCKET-28", "", "258 Chunks: i needs more than a byte."}, 258},
	{row{"stream-carry-1", secret, "80", wide, secret.crossing("80"), ended, valid,
		whole + " HMACSOCKET-28", "Number", "CN's last byte runs over."}, 3},
	{row{"stream-carry-4", secret, plus(secret.until(4), -1), wide, secret.crossing(plus(secret.until(4), -1)), ended,
		valid, whole + " HMACSOCKET-28", "Number", "CN's last four bytes run over."}, 3},
	{row{"stream-number-256", secret, "255", wide, secret.crossing("255"), ended, valid, whole, "Number",
		"i runs over a byte."}, 3},
	{row{"stream-number-32-bits", secret, "4294967295", wide, secret.crossing("4294967295"), ended, valid,
		whole, "Number", "i runs over 32 bits."}, 3},
	{row{"stream-number-64-bits", secret, plus(twoTo64, -1), wide, secret.crossing(plus(twoTo64, -1)), ended, valid,
		whole, "Number Far", "i runs over 64 bits."}, 3},
	{row{"stream-wrap", secret, plus(secret.until(32), -1), wide, secret.crossing(plus(secret.until(32), -1)), ended,
		valid, whole, "Number Far", "CN wraps."}, 3},
	{row{"stream-limit-one", secret, "0", 1, secret.counting(3), ended, valid, whole + " HMACSOCKET-26", "Limit",
		"ML is 1."}, 3},
	{row{"stream-error-only", secret, "0", wide, failed, open, valid, "HMACSOCKET-61", "Failed",
		"An Error is the only message."}, 1},
	{row{"stream-error-ended", secret, "0", wide, failed, ended, valid, "HMACSOCKET-61", "Failed",
		"An Error and the end."}, 1},
	{row{"stream-error-following", secret, "0", wide, hello + secret.errorCN("1", 0x20, "no") + again, ended, valid,
		"HMACSOCKET-48", "Failed Trailing", "After an Error nothing is a message, though its H be right."}, 2},
	{row{"stream-error-twice", secret, "0", wide, failed + secret.errorCN("1", 0x20, "no"), ended, valid,
		"HMACSOCKET-48", "Failed Trailing", "After an Error no Error is one either."}, 1},
	{row{"stream-error-not-utf-8", secret, "0", wide, hello + secret.errorCN("1", 0x20, "\xff"), ended, valid,
		"HMACSOCKET-53 HMACSOCKET-61", "Failed",
		"The Error's text is not to be shown; it ends the direction all the same."}, 2},

	{row{"stream-incomplete", secret, "0", wide, hello + world[:40], open, incomplete,
		"HMACSOCKET-24", "Incomplete", "The second Chunk lacks a byte."}, 1},
	{row{"stream-cut-short", secret, "0", wide, hello + world[:40], ended, cutShort,
		"HMACSOCKET-58", "CutShort", "The input ends within the second Chunk."}, 1},
	{row{"stream-cut-short-1", secret, "0", wide, hello + "\x00", ended, cutShort,
		"HMACSOCKET-58", "CutShort", "One byte follows the first Chunk."}, 1},
	{row{"stream-cut-short-error", secret, "0", wide, hello + secret.errorCN("1", 0x20, "no")[:39], ended, cutShort,
		"HMACSOCKET-58", "CutShort", "The input ends within an Error."}, 1},
	{row{"stream-twice", secret, "0", wide, hello + hello, ended, wrongHMAC,
		"HMACSOCKET-30 " + broken, "", "The first Chunk twice."}, 1},
	{row{"stream-twice-later", secret, "0", wide, threeChunks + world, ended, wrongHMAC,
		"HMACSOCKET-30 " + broken, "", "The second Chunk once more."}, 3},
	{row{"stream-order", secret, "0", wide, world + hello, ended, wrongHMAC,
		"HMACSOCKET-31 " + broken, "Trailing", "Two Chunks have changed places."}, 0},
	{row{"stream-gap", secret, "0", wide, hello + again, ended, wrongHMAC,
		"HMACSOCKET-32 " + broken, "", "The second Chunk was left out."}, 1},
	{row{"stream-gap-first", secret, "0", wide, world + again, ended, wrongHMAC,
		"HMACSOCKET-32 " + broken, "Trailing", "The first Chunk was left out."}, 0},
	{row{"stream-gap-error", secret, "0", wide, hello + secret.errorCN("2", 0x20, "no"), ended, wrongHMAC,
		"HMACSOCKET-32 HMACSOCKET-53", "", "The Chunk before the Error was left out: Errors are counted, too."}, 1},
	{row{"stream-changed", secret, "0", wide, hello + flip(world, -1) + again, ended, wrongHMAC,
		"HMACSOCKET-29 " + broken, "Trailing", "The second Chunk was changed; the third, though right, is no message."},
		1},
	{row{"stream-changed-then-right", secret, "0", wide, hello + flip(world, -1) + world + again, ended, wrongHMAC,
		"HMACSOCKET-29 " + broken, "Trailing", "The second Chunk was changed, then comes as it was."}, 1},
	{row{"stream-inserted", secret, "0", wide, hello + otherN.chunk("1", "world") + world, ended, wrongHMAC,
		"HMACSOCKET-33 " + broken, "Trailing", "A Chunk of another connection stands between."}, 1},
	{row{"stream-other-n", secret, "0", wide, otherN.crossing("0"), ended, wrongHMAC,
		"HMACSOCKET-33 HMACSOCKET-34 " + broken, "Trailing", "All were made with another N."}, 0},
	{row{"stream-other-key", secret, "0", wide, otherKey.crossing("0"), ended, wrongHMAC,
		"HMACSOCKET-35 " + broken, "Trailing", "All were made with another key."}, 0},
	{row{"stream-joined", secret, "0", wide, long(10) + hello[4:] + world[36:], ended, wrongHMAC,
		"HMACSOCKET-36 " + broken, "", "Two Chunks as one, with the first one's H."}, 0},
	{row{"stream-split", secret, "0", wide, with(hello[4:36], "he") + with(hello[4:36], "llo"), ended, wrongHMAC,
		"HMACSOCKET-36 " + broken, "Trailing", "One Chunk as two, both with its H."}, 0},
	{row{"stream-error-hidden", secret, "0", wide, hello + long(4) + secret.errorCN("1", 0x20, "no")[4:], ended,
		wrongHMAC, "HMACSOCKET-36 " + broken, "", "An Error was made a Chunk by its LD."}, 1},
	{row{"stream-too-long", secret, "0", small, hello + secret.chunk("1", "123456789") + again, ended, tooLong,
		"HMACSOCKET-37 HMACSOCKET-40 HMACSOCKET-42 HMACSOCKET-60", "Limit Trailing",
		"The second Chunk is longer than ML, though its H is right."}, 1},
	{row{"stream-too-long-early", secret, "0", small, hello + long(9), open, tooLong,
		"HMACSOCKET-40 HMACSOCKET-60", "Limit Early", "It is known with LD's last byte."}, 1},
	{row{"stream-error-wrong", secret, "0", wide, hello + secret.errorWhole("1", 0x20, "no") + world, ended, wrongHMAC,
		"HMACSOCKET-37 HMACSOCKET-53", "Failed Trailing",
		"The Error's H covers EC | LE | EM | CN. After it stands the Chunk that should be there."}, 1},
}
