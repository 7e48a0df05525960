package udpmux

import (
	"fmt"
	"slices"
)

// goodKeys are the page's, and others.
var goodKeys = []keyRow{
	{"key-example-1", exampleText, exampleK, exampleS, exampleT, valid,
		"UDPMUX-93 UDPMUX-112", "", "The page's first."},
	{"key-example-2", "8OHSw7Sllod4aVpLPC0eDw", "f0e1d2c3b4a5968778695a4b3c2d1e0f",
		"7fbe806475eeae94f4b6df61613d0e9094df4f93667ecca929c8f72b4d7b8859", "4cb33ee7006fb0234a165676605665", valid,
		"UDPMUX-93 UDPMUX-112", "", "The page's second."},
	{"key-example-3", repeat("A", 22), repeat("00", 16),
		"c939e47dab3acc89eb29c5807fd035e635e2874e633e830d875ab2cd686b9ca6", "777272b0f547ccbc2c43a4955f2f96", valid,
		"UDPMUX-93 UDPMUX-112", "", "The page's third."},
	{"key-ones", repeat("/", 21) + "w", repeat("ff", 16), "", "", valid, "", "", "All bits are set."},
	{"key-plus", repeat("+", 21) + "g", "fbefbefbefbefbefbefbefbefbefbefa", "", "", valid, "", "", "Base64's +."},
	{"key-last-q", repeat("A", 21) + "Q", repeat("00", 15) + "01", "", "", valid, "", "", "The last character is Q."},
	{"key-last-g", repeat("A", 21) + "g", repeat("00", 15) + "02", "", "", valid, "", "", "The last character is g."},
	{"key-last-w", repeat("A", 21) + "w", repeat("00", 15) + "03", "", "", valid, "", "", "The last character is w."},
	{"key-first", "g" + repeat("A", 21), "80" + repeat("00", 15), "", "", valid, "", "", "Only the first bit is set."},
	{"key-letters-upper", "ABCDEFGHIJKLMNOPQRSTUQ", "00108310518720928b30d38f41149351", "", "", valid,
		"", "", "Capitals."},
	{"key-letters-lower", "abcdefghijklmnopqrstug", "69b71d79f8218a39259a7a29aabb2dba", "", "", valid,
		"", "", "Small letters."},
	{"key-digits", "012345678901234567890w", "d35db7e39ebbf3dd35db7e39ebbf3dd3", "", "", valid, "", "", "Digits."},
}

// A faultyKey is a text that is no K's.
type faultyKey struct {
	id, input string
	outcome
	flags, comment string
}

// keys are texts of K's, and texts with each kind of fault.
func keys() []keyRow {
	rows := slices.Clone(goodKeys)
	for _, k := range slices.Concat(badLengths(), badCharacters(), badTails()) {
		rows = append(rows, keyRow{
			id: "key-" + k.id, input: k.input, outcome: k.outcome,
			rules: "UDPMUX-106 UDPMUX-117", flags: k.flags, comment: k.comment,
		})
	}
	return rows
}

func badLengths() []faultyKey {
	all := []faultyKey{
		{"padded", exampleText + "==", badLength, "", "Padding, as other base64 has it."},
		{"padded-one", exampleText + "=", badLength, "", "One character of padding."},
		{"blank-behind", exampleText + " ", badLength, "", "A blank after it."},
		{"line-end", exampleText + "\n", badLength, "", "A line end after it."},
		{"blank-before", " " + exampleText, badLength, "", "A blank before it."},
		{"nul-behind", exampleText + "\x00", badLength, "", "NUL after it."},
		{"hex", exampleK, badLength, "", "Hexadecimal digits."},
		{"short-character", repeat("A", 20) + "-", badLength, "FirstFault",
			"Too short, with a character that is none of base64's."},
	}
	for _, n := range []int{0, 1, 20, 21, 23, 24, 32, 44} {
		all = append(all,
			faultyKey{fmt.Sprint("length-", n), repeat("A", n), badLength, "", fmt.Sprintf("%d characters.", n)})
	}
	return all
}

// strangers are bytes that are none of base64's characters, many of them next to one.
var strangers = []struct {
	name string
	b    byte
}{
	{"padding", '='}, {"minus", '-'}, {"underline", '_'}, {"dot", '.'}, {"comma", ','}, {"star", '*'}, {"colon", ':'},
	{"at", '@'}, {"bracket", '['}, {"backquote", '`'}, {"brace", '{'}, {"blank", ' '}, {"tab", '\t'}, {"lf", '\n'},
	{"cr", '\r'}, {"nul", 0}, {"del", 0x7f}, {"80", 0x80}, {"c1", 'A' | 0x80}, {"ff", 0xff},
}

func badCharacters() []faultyKey {
	all := []faultyKey{
		{"padded-inside", exampleText[:20] + "==", badCharacter, "", "22 characters with padding."},
		{"utf-8", exampleText[:20] + "ä", badCharacter, "", "21 characters, which are 22 bytes."},
		{"character-tail", "-" + repeat("A", 20) + "B", badCharacter, "FirstFault",
			"A character that is none of base64's, and a bad tail."},
	}
	for _, s := range strangers {
		for _, at := range []int{0, 10, 21} {
			all = append(all,
				faultyKey{fmt.Sprintf("%s-%d", s.name, at), exampleText[:at] + one(s.b) + exampleText[at+1:],
					badCharacter, "", fmt.Sprintf("The byte 0x%02x at %d.", s.b, at)})
		}
	}
	return all
}

// badTails have a last character of which one of the last four bits is set.
func badTails() (all []faultyKey) {
	for value, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		if value%16 != 0 {
			all = append(all, faultyKey{fmt.Sprintf("tail-%d", value), exampleText[:21] + string(c), badTail,
				"", fmt.Sprintf("The last character is %c, of value %d.", c, value)})
		}
	}
	return all
}

var tokens = []tokenRow{
	{"token-example-1", exampleS, exampleT, "UDPMUX-112", "The page's first."},
	{"token-example-2", "7fbe806475eeae94f4b6df61613d0e9094df4f93667ecca929c8f72b4d7b8859",
		"4cb33ee7006fb0234a165676605665", "UDPMUX-112",
		"The page's second."},
	{"token-example-3", "c939e47dab3acc89eb29c5807fd035e635e2874e633e830d875ab2cd686b9ca6",
		"777272b0f547ccbc2c43a4955f2f96", "UDPMUX-112",
		"The page's third."},
	{"token-ones", repeat("ff", 32), "", "", "S has only 0xFF."},
	{"token-one", repeat("00", 31) + "01", "", "", "The smallest S: it is a key of 32 bytes, zeros included."},
	{"token-first", "01" + repeat("00", 31),
		"", "", "An S that ends in zeros. (As a key of HMAC it is that of 1 byte.)"},
	{"token-steps", exampleK + "101112131415161718191a1b1c1d1e1f", "", "", "An S that was not made of a K."},
}
