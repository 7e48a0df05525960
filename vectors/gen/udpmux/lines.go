package udpmux

import "fmt"

// keys are the page's, and texts with each kind of fault.
func keys() []keyRow {
	rows := []keyRow{
		{"key-example-1", exampleText, exampleK, exampleS, exampleT, valid, "UDPMUX-93 UDPMUX-112", "", "The page's first."},
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
		{"key-letters-upper", "ABCDEFGHIJKLMNOPQRSTUQ", "00108310518720928b30d38f41149351", "", "", valid, "", "", "Capitals."},
		{"key-letters-lower", "abcdefghijklmnopqrstug", "69b71d79f8218a39259a7a29aabb2dba", "", "", valid, "", "", "Small letters."},
		{"key-digits", "012345678901234567890w", "d35db7e39ebbf3dd35db7e39ebbf3dd3", "", "", valid, "", "", "Digits."},
	}
	faulty := func(id, input string, o outcome, flags, comment string) {
		rows = append(rows, keyRow{id: "key-" + id, input: input, outcome: o, rules: "UDPMUX-106 UDPMUX-117", flags: flags,
			comment: comment})
	}
	for _, n := range []int{0, 1, 20, 21, 23, 24, 32, 44} {
		faulty(fmt.Sprint("length-", n), repeat("A", n), badLength, "", fmt.Sprintf("%d characters.", n))
	}
	faulty("padded", exampleText+"==", badLength, "", "Padding, as other base64 has it.")
	faulty("padded-one", exampleText+"=", badLength, "", "One character of padding.")
	faulty("blank-behind", exampleText+" ", badLength, "", "A blank behind it.")
	faulty("line-end", exampleText+"\n", badLength, "", "A line end behind it.")
	faulty("blank-before", " "+exampleText, badLength, "", "A blank before it.")
	faulty("nul-behind", exampleText+"\x00", badLength, "", "NUL behind it.")
	faulty("hex", exampleK, badLength, "", "Hexadecimal digits.")
	faulty("short-character", repeat("A", 20)+"-", badLength, "FirstFault", "Too short, with a character that is none of base64's.")
	for _, c := range []struct {
		name string
		b    byte
	}{
		{"padding", '='}, {"minus", '-'}, {"underline", '_'}, {"dot", '.'}, {"comma", ','}, {"star", '*'}, {"colon", ':'}, {"at", '@'},
		{"bracket", '['},
		{"backquote", '`'}, {"brace", '{'}, {"blank", ' '}, {"tab", '\t'}, {"lf", '\n'}, {"cr", '\r'}, {"nul", 0}, {"del", 0x7f}, {"80",
			0x80},
		{"c1", 'A' | 0x80}, {"ff", 0xff},
	} {
		for _, at := range []int{0, 10, 21} {
			faulty(fmt.Sprintf("%s-%d", c.name, at), exampleText[:at]+one(c.b)+exampleText[at+1:], badCharacter,
				"", fmt.Sprintf("The byte 0x%02x at %d.", c.b, at))
		}
	}
	faulty("padded-inside", exampleText[:20]+"==", badCharacter, "", "22 characters with padding.")
	faulty("utf-8", exampleText[:20]+"ä", badCharacter, "", "21 characters, which are 22 bytes.")
	faulty("character-tail", "-"+repeat("A", 20)+"B", badCharacter, "FirstFault", "A character that is none of base64's, and a bad tail.")
	for value, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		if value%16 != 0 {
			faulty(fmt.Sprintf("tail-%d", value), exampleText[:21]+string(c), badTail, "",
				fmt.Sprintf("The last character is %c, of value %d.", c, value))
		}
	}
	return rows
}

var tokens = []tokenRow{
	{"token-example-1", exampleS, exampleT, "UDPMUX-112", "The page's first."},
	{"token-example-2", "7fbe806475eeae94f4b6df61613d0e9094df4f93667ecca929c8f72b4d7b8859", "4cb33ee7006fb0234a165676605665", "UDPMUX-112",
		"The page's second."},
	{"token-example-3", "c939e47dab3acc89eb29c5807fd035e635e2874e633e830d875ab2cd686b9ca6", "777272b0f547ccbc2c43a4955f2f96", "UDPMUX-112",
		"The page's third."},
	{"token-ones", repeat("ff", 32), "", "", "S has only 0xFF."},
	{"token-one", repeat("00", 31) + "01", "", "", "The smallest S: it is a key of 32 bytes, zeros included."},
	{"token-first", "01" + repeat("00", 31), "", "", "An S that ends in zeros. (As a key of HMAC it is that of 1 byte.)"},
	{"token-steps", exampleK + "101112131415161718191a1b1c1d1e1f", "", "", "An S that was not made of a K."},
}

// connecting is the example's line with another number.
func connecting(n string) string { return "MOSH CONNECT " + n + " " + exampleText + "\n" }

const example = "MOSH CONNECT 60000 " + exampleText + "\n"

// What good lines show, and lines that are not.
const (
	goodLine = "UDPMUX-93"
	badLine  = "UDPMUX-106"
)

var connects = []connectRow{
	{"connect-example", example, open, 60000, valid, goodLine, "", "The page's line."},
	{"connect-ended", example, ended, 60000, valid, goodLine, "", "The output ends behind the line."},
	{"connect-unended", example[:len(example)-1], ended, 60000, valid, goodLine, "", "No LF: the output has ended."},
	{"connect-crlf", "MOSH CONNECT 60000 " + exampleText + "\r\n", open, 60000, valid, goodLine, "", "CR LF."},
	{"connect-blanks", "MOSH CONNECT 60000 " + exampleText + " \t \r\r \n", open, 60000, valid, goodLine, "",
		"Blanks, tabs and CRs at the end."},
	{"connect-port-1", connecting("1"), open, 1, valid, goodLine, "", "The lowest port."},
	{"connect-port-65535", connecting("65535"), open, 65535, valid, goodLine, "", "The highest port."},
	{"connect-zeros", connecting("000060000"), open, 60000, valid, goodLine, "Zeros", "Leading zeros do not count."},
	{"connect-zeros-many", connecting(repeat("0", 100) + "1"), open, 1, valid, goodLine, "Zeros", "A hundred of them."},
	{"connect-later", "\r\nmosh-server (mosh 1.4.0)\n\nMOSH CONNECT\nMOSH CONNECT \n" + example, open, 60000, valid, goodLine, "",
		"Other lines stand before it."},
	{"connect-twice", connecting("1") + connecting("2"), open, 1, valid, goodLine, "Behind", "Two such lines: the first decides."},
	{"connect-behind", example + "MOSH CONNECT x\n", ended, 60000, valid, goodLine, "Behind", "A bad line stands behind the good one."},
	{"connect-behind-part", example + "MOSH CONN", open, 60000, valid, goodLine, "Behind", "A part of a line stands behind it."},

	{"connect-incomplete-0", "", open, 0, incomplete, "", "Incomplete", "No byte."},
	{"connect-incomplete-line", example[:len(example)-1], open, 0, incomplete, "", "Incomplete", "All but the LF is there."},
	{"connect-incomplete-digits", "MOSH CONNECT 6000", open, 0, incomplete, "", "Incomplete", "Digits may follow."},
	{"connect-incomplete-wrong", "MOSH CONNECT x", open, 0, incomplete, "", "Incomplete",
		"The line is not there yet, though it cannot be good."},
	{"connect-incomplete-other", "hello\nworld\n", open, 0, incomplete, "", "Incomplete", "Other lines."},

	{"connect-none-empty", "", ended, 0, notTheLine, badLine, "", "No output at all."},
	{"connect-none-other", "hello\nworld\n", ended, 0, notTheLine, badLine, "", "Other lines."},
	{"connect-none-other-unended", "hello\nworld", ended, 0, notTheLine, badLine, "", "Other lines, the last without LF."},
	{"connect-none-small", "mosh connect 60000 " + exampleText + "\n", ended, 0, notTheLine, badLine, "", "Small letters."},
	{"connect-none-inside", " " + example, ended, 0, notTheLine, badLine, "", "A blank stands before it."},
	{"connect-none-nul", "\x00" + example, ended, 0, notTheLine, badLine, "", "NUL stands before it."},
	{"connect-none-cr", "x\r" + example, ended, 0, notTheLine, badLine, "", "CR ends no line."},
	{"connect-none-tab", "MOSH CONNECT\t60000 " + exampleText + "\n", ended, 0, notTheLine, badLine, "",
		"A tab in place of the second blank."},
	{"connect-none-tab-first", "MOSH\tCONNECT 60000 " + exampleText + "\n", ended, 0, notTheLine, badLine, "",
		"A tab in place of the first blank."},
	{"connect-none-blanks", "MOSH  CONNECT 60000 " + exampleText + "\n", ended, 0, notTheLine, badLine, "",
		"Two blanks between the words."},
	{"connect-none-digit", "MOSH CONNECT60000 " + exampleText + "\n", ended, 0, notTheLine, badLine, "", "No blank behind the words."},
	{"connect-none-alone", "MOSH CONNECT\n", ended, 0, notTheLine, badLine, "", "The words alone."},
	{"connect-none-alone-blank", "MOSH CONNECT \n", ended, 0, notTheLine, badLine, "", "The words and a blank, which is dropped."},
	{"connect-none-part", "MOSH CONN", ended, 0, notTheLine, badLine, "", "A part of the words, and the output ends."},

	{"connect-number-none", "MOSH CONNECT  " + exampleText + "\n", open, 0, badNumber, badLine, "", "Two blanks and no digit."},
	{"connect-number-word", "MOSH CONNECT port " + exampleText + "\n", open, 0, badNumber, badLine, "", "A word."},
	{"connect-number-minus", connecting("-1"), open, 0, badNumber, badLine, "", "A sign."},
	{"connect-number-plus", connecting("+60000"), open, 0, badNumber, badLine, "", "A sign, as some readers of numbers take it."},
	{"connect-number-hex", connecting("0xea60"), open, 0, badNumber, badLine, "", "Hexadecimal."},
	{"connect-number-underline", connecting("60_000"), open, 0, badNumber, badLine, "",
		"Digits with an underline, as some readers of numbers take it."},
	{"connect-number-tail", connecting("60000x"), open, 0, badNumber, badLine, "", "A letter behind the digits."},
	{"connect-number-other-digits", connecting("٦٠٠٠٠"), open, 0, badNumber, badLine, "", "Arabic digits."},
	{"connect-number-tab", "MOSH CONNECT 60000\t" + exampleText + "\n", open, 0, badNumber, badLine, "", "A tab behind the digits."},
	{"connect-number-alone", "MOSH CONNECT 60000\n", open, 0, badNumber, badLine, "", "Nothing behind the digits."},
	{"connect-number-alone-blank", "MOSH CONNECT 60000 \n", open, 0, badNumber, badLine, "",
		"Only a blank behind the digits, which is dropped."},
	{"connect-number-cut", "MOSH CONNECT 600", ended, 0, badNumber, badLine, "", "The output ends within the digits."},
	{"connect-number-0", connecting("0"), open, 0, badNumber, badLine, "", "The port 0."},
	{"connect-number-zeros", connecting("000000"), open, 0, badNumber, badLine, "Zeros", "Zeros are the port 0."},
	{"connect-number-65536", connecting("65536"), open, 0, badNumber, badLine, "", "No port is so great."},
	{"connect-number-65536-zeros", connecting("0065536"), open, 0, badNumber, badLine, "Zeros", "The same with zeros."},
	{"connect-number-token", connecting("10737478240"), open, 0, badNumber, badLine, "",
		"A token's N: the session agent writes it, mosh-server does not."},
	{"connect-number-32-bits", connecting("4295027296"), open, 0, badNumber, badLine, "", "2^32 + 60000."},
	{"connect-number-64-bits", connecting("18446744073709611616"), open, 0, badNumber, badLine, "", "2^64 + 60000."},
	{"connect-number-behind", connecting("0") + example, open, 0, badNumber, badLine, "Behind",
		"A good line stands behind it: the first decides."},

	{"connect-key-short", "MOSH CONNECT 60000 " + exampleText[1:] + "\n", open, 0, badKey, badLine, "", "K lacks a character."},
	{"connect-key-long", "MOSH CONNECT 60000 " + exampleText + "A\n", open, 0, badKey, badLine, "", "K has a character more."},
	{"connect-key-padded", "MOSH CONNECT 60000 " + exampleText + "==\n", open, 0, badKey, badLine, "", "K has padding."},
	{"connect-key-character", "MOSH CONNECT 60000 -" + exampleText[1:] + "\n", open, 0, badKey, badLine, "",
		"A character that is none of base64's."},
	{"connect-key-tail", "MOSH CONNECT 60000 " + exampleText[:21] + "x\n", open, 0, badKey, badLine, "", "A bad tail."},
	{"connect-key-blanks", "MOSH CONNECT 60000  " + exampleText + "\n", open, 0, badKey, badLine, "", "Two blanks before K."},
	{"connect-key-more", "MOSH CONNECT 60000 " + exampleText + " more\n", open, 0, badKey, badLine, "", "A word behind K."},
	{"connect-key-white", "MOSH CONNECT 60000 " + exampleText + "\v\n", open, 0, badKey, badLine, "",
		"Other white space behind K is not dropped."},
	{"connect-key-nul", "MOSH CONNECT 60000 " + exampleText + "\x00\n", open, 0, badKey, badLine, "", "NUL behind K."},
	{"connect-key-cut", "MOSH CONNECT 60000 " + exampleText[:10], ended, 0, badKey, badLine, "", "The output ends within K."},
	{"connect-key-number", "MOSH CONNECT 0 x\n", open, 0, badKey, badLine, "FirstFault", "A bad key, and the port 0."},
	{"connect-key-number-word", "MOSH CONNECT x x\n", open, 0, badNumber, badLine, "FirstFault", "No digit, and a bad key."},
	{"connect-key-behind", "MOSH CONNECT 60000 x\n" + example, open, 0, badKey, badLine, "Behind",
		"A good line stands behind it: the first decides."},
}

// tokenBase is 2·2^32 + 2^31.
const tokenBase = 10737418240

var connectWriters = []connectWriterRow{
	{"write-connect-learn", 60000, exampleK, example, "UDPMUX-99", "The page's line: learn's N."},
	{"write-connect-token", tokenBase + 60000, exampleK, connecting("10737478240"), "UDPMUX-98", "The page's token's N."},
	{"write-connect-learn-1", 1, exampleK, connecting("1"), "UDPMUX-99", "The lowest port: no zeros in front."},
	{"write-connect-learn-65535", 65535, exampleK, connecting("65535"), "UDPMUX-99", "The highest port."},
	{"write-connect-token-1", tokenBase + 1, exampleK, connecting("10737418241"), "UDPMUX-98", "The lowest port, with tokens."},
	{"write-connect-token-65535", tokenBase + 65535, exampleK, connecting("10737483775"), "UDPMUX-98", "The highest port, with tokens."},
	{"write-connect-key", 60000, repeat("ff", 16), "MOSH CONNECT 60000 " + repeat("/", 21) + "w\n", "UDPMUX-93", "Another K."},
}

var numbers = []numberRow{
	{"number-plain", "60000", learn, 60000, valid, "UDPMUX-115", "", "The page's plain number."},
	{"number-plain-1", "1", learn, 1, valid, "UDPMUX-115", "", "The lowest port."},
	{"number-plain-65535", "65535", learn, 65535, valid, "UDPMUX-115", "", "The highest port."},
	{"number-plain-zero", "060000", learn, 60000, valid, "UDPMUX-115", "Zeros", "A leading zero."},
	{"number-plain-11-digits", "00000060000", learn, 60000, valid, "UDPMUX-115", "Zeros", "Zeros up to 11 digits."},
	{"number-plain-zeros", repeat("0", 100) + "60000", learn, 60000, valid, "UDPMUX-115", "Zeros", "A hundred zeros."},
	{"number-token", "10737478240", token, 60000, valid, "UDPMUX-112", "", "The page's token's number."},
	{"number-token-1", "10737418241", token, 1, valid, "UDPMUX-112", "", "The lowest port."},
	{"number-token-65535", "10737483775", token, 65535, valid, "UDPMUX-112", "", "The highest port."},

	{"number-unknown-0", "0", "", 0, unknownN, "UDPMUX-116", "", "0 is no port."},
	{"number-unknown-zeros", "00000", "", 0, unknownN, "UDPMUX-116", "Zeros", "Nor are zeros."},
	{"number-unknown-65536", "65536", "", 0, unknownN, "UDPMUX-116", "", "One more than a port can be."},
	{"number-unknown-065536", "065536", "", 0, unknownN, "UDPMUX-116", "Zeros", "The same with a zero."},
	{"number-unknown-99999", "99999", "", 0, unknownN, "UDPMUX-116", "", "Five digits that are no port."},
	{"number-unknown-2-31", "2147543648", "", 0, unknownN, "UDPMUX-116", "", "2^31 + 60000, without a mode."},
	{"number-unknown-2-32", "4295027296", "", 0, unknownN, "UDPMUX-116", "", "2^32 + 60000."},
	{"number-unknown-learn", "6442510944", "", 0, unknownN, "UDPMUX-116", "", "1·2^32 + 2^31 + 60000: learn's bit, whose N is plain."},
	{"number-unknown-half", "8589994592", "", 0, unknownN, "UDPMUX-116", "", "2·2^32 + 60000, without 2^31."},
	{"number-unknown-port", "19327412832", "", 0, unknownN, "UDPMUX-116", "", "4·2^32 + 2^31 + 60000: port mode has no N."},
	{"number-unknown-both", "15032445536", "", 0, unknownN, "UDPMUX-116", "", "3·2^32 + 2^31 + 60000."},
	{"number-unknown-token-0", "10737418240", "", 0, unknownN, "UDPMUX-116", "", "Token's N with the port 0."},
	{"number-unknown-token-65536", "10737483776", "", 0, unknownN, "UDPMUX-116", "", "Token's N with the port 65536."},
	{"number-unknown-token-zero", "010737478240", "", 0, unknownN, "UDPMUX-116", "Zeros",
		"Token's N has 11 digits, without a zero in front."},
	{"number-unknown-99999999999", "99999999999", "", 0, unknownN, "UDPMUX-116", "", "11 digits."},
	{"number-unknown-2-63", "9223372036854835808", "", 0, unknownN, "UDPMUX-116", "", "2^63 + 60000."},
	{"number-unknown-2-64", "18446744073709611616", "", 0, unknownN, "UDPMUX-116", "", "2^64 + 60000: it must not be taken for 60000."},
	{"number-unknown-2-64-token", "18446744084447029856", "", 0, unknownN, "UDPMUX-116", "", "2^64 + 10737478240."},
	{"number-unknown-many", repeat("9", 1000), "", 0, unknownN, "UDPMUX-116", "", "A thousand digits."},

	{"number-not-empty", "", "", 0, notANumber, "UDPMUX-115", "", "An empty argument."},
	{"number-not-word", "localhost", "", 0, notANumber, "UDPMUX-115", "", "A word."},
	{"number-not-option", "--version", "", 0, notANumber, "UDPMUX-115", "", "An option."},
	{"number-not-minus", "-1", "", 0, notANumber, "UDPMUX-115", "", "A sign."},
	{"number-not-plus", "+60000", "", 0, notANumber, "UDPMUX-115", "", "A sign, as some readers of numbers take it."},
	{"number-not-blank-before", " 60000", "", 0, notANumber, "UDPMUX-115", "", "A blank before it."},
	{"number-not-blank-behind", "60000 ", "", 0, notANumber, "UDPMUX-115", "", "A blank behind it."},
	{"number-not-line-end", "60000\n", "", 0, notANumber, "UDPMUX-115", "", "A line end."},
	{"number-not-nul", "60000\x00", "", 0, notANumber, "UDPMUX-115", "", "NUL behind it."},
	{"number-not-hex", "0xea60", "", 0, notANumber, "UDPMUX-115", "", "Hexadecimal."},
	{"number-not-underline", "60_000", "", 0, notANumber, "UDPMUX-115", "", "Digits with an underline."},
	{"number-not-exponent", "6e4", "", 0, notANumber, "UDPMUX-115", "", "An exponent."},
	{"number-not-point", "60000.0", "", 0, notANumber, "UDPMUX-115", "", "A point."},
	{"number-not-token", "10737478240x", "", 0, notANumber, "UDPMUX-115", "", "Token's N and a letter."},
	{"number-not-other-digits", "٦٠٠٠٠", "", 0, notANumber, "UDPMUX-115", "", "Arabic digits."},
	{"number-not-wide-digits", "６００００", "", 0, notANumber, "UDPMUX-115", "", "Full-width digits."},
}

// Answers to -c show these.
const (
	digitsRule = "UDPMUX-113"
	noneRule   = "UDPMUX-114"
)

var colours = []coloursRow{
	{"colours-256", "256\n", false, "0256\n", digitsRule, "", "256 colours."},
	{"colours-8", "8\n", false, "08\n", digitsRule, "", "8 colours."},
	{"colours-unended", "256", false, "0256\n", digitsRule, "", "No LF."},
	{"colours-0", "0\n", false, "00\n", digitsRule, "", "0 has no digits but leading zeros."},
	{"colours-000", "000\n", false, "00\n", digitsRule, "Zeros", "Nor have many zeros."},
	{"colours-0256", "0256\n", false, "0256\n", digitsRule, "Zeros", "A signal already, as of an agent behind the agent."},
	{"colours-00008", "00008", false, "08\n", digitsRule, "Zeros", "Many zeros."},
	{"colours-16777216", "16777216\n", false, "016777216\n", digitsRule, "", "True colour."},
	{"colours-many", repeat("9", 100) + "\n", false, "0" + repeat("9", 100) + "\n", digitsRule, "", "More digits than a number has."},
	{"colours-minus", "-1\n", false, "00\n", noneRule, "", "A terminal without colours."},
	{"colours-empty", "", false, "00\n", noneRule, "", "No output."},
	{"colours-empty-line", "\n", false, "00\n", noneRule, "", "An empty line."},
	{"colours-word", "many\n", false, "00\n", noneRule, "", "A word."},
	{"colours-tail", "256x\n", false, "00\n", noneRule, "", "A letter behind the digits."},
	{"colours-blank-before", " 8\n", false, "00\n", noneRule, "", "A blank before the digits."},
	{"colours-blank-behind", "8 \n", false, "00\n", noneRule, "", "A blank behind the digits."},
	{"colours-crlf", "8\r\n", false, "00\n", noneRule, "", "CR LF: only LF is left out."},
	{"colours-two-ends", "8\n\n", false, "00\n", noneRule, "", "Two LFs: one is left out."},
	{"colours-lines", "8\n8\n", false, "00\n", noneRule, "", "Two lines."},
	{"colours-lf-before", "\n8\n", false, "00\n", noneRule, "", "LF before the digits."},
	{"colours-plus", "+8\n", false, "00\n", noneRule, "", "A sign."},
	{"colours-nul", "8\x00\n", false, "00\n", noneRule, "", "NUL behind the digits."},
	{"colours-other-digits", "٨\n", false, "00\n", noneRule, "", "An Arabic digit."},
	{"colours-failed", "256\n", true, "00\n", noneRule, "", "The real client failed, whatever it printed."},
	{"colours-failed-empty", "", true, "00\n", noneRule, "", "The real client failed and printed nothing."},
}

// An argument of -c shows these.
const (
	agentRule = "UDPMUX-98"
	stockRule = "UDPMUX-99"
)

var signals = []signalRow{
	{"signal-0256", "0256", true, agentRule, "The page's example."},
	{"signal-08", "08", true, agentRule, "The page's example."},
	{"signal-00", "00", true, agentRule, "The page's example."},
	{"signal-000", "000", true, agentRule, "More zeros."},
	{"signal-many", "0" + repeat("9", 100), true, agentRule, "More digits than a number has."},
	{"signal-0", "0", false, stockRule, "One digit: a stock client without colours."},
	{"signal-8", "8", false, stockRule, "A stock client's."},
	{"signal-256", "256", false, stockRule, "A stock client's."},
	{"signal-80", "80", false, stockRule, "The 0 is not the first digit."},
	{"signal-empty", "", false, stockRule, "An empty argument."},
	{"signal-word", "0x", false, stockRule, "A letter behind the 0."},
	{"signal-minus", "-1", false, stockRule, "A sign."},
	{"signal-minus-0", "-08", false, stockRule, "A sign before the 0."},
	{"signal-blank", "08 ", false, stockRule, "A blank behind it."},
	{"signal-line-end", "08\n", false, stockRule, "A line end behind it."},
	{"signal-blank-before", " 08", false, stockRule, "A blank before it."},
	{"signal-other-digits", "0٨", false, stockRule, "An Arabic digit."},
}
