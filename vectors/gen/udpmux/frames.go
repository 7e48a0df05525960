package udpmux

import "fmt"

// The page's frames.
var (
	hello1      = unhex("00 02 01 01")
	welcomeBoth = unhex("00 04 02 03 ea 60")
	registerT   = unhex("00 24 03 02 82 8a " + exampleS)
	registered7 = unhex("00 05 04 00 00 00 07")
	errorOff    = unhex("00 05 05 06 6f 66 66")
	listAll     = unhex("00 01 06")
	listEnd     = unhex("00 01 07")
	// Each byte of a field is another, so that an order that is wrong shows.
	listedSession = frame(listed, unhex("01020304 05060708 03 828a 090a0b0c0d0e0f10 00015180 00000e10"+
		"1112131415161718 191a1b1c1d1e1f20 00000041"))
	listedClient = frame(listed, unhex("00000000000000000000ffffc0000207 d431 7f5a1b2c 9c40"))
)

// What frames show: that they are read, that they are refused, and that they are refused early.
const (
	readRule    = "UDPMUX-35"
	refusedRule = "UDPMUX-37"
	earlyRules  = "UDPMUX-37 UDPMUX-38"
	listRule    = "UDPMUX-157"
)

var frames = []frameRow{
	{"frame-hello", hello1, open, valid, readRule, "", "The page's HELLO."},
	{"frame-welcome", welcomeBoth, open, valid, "UDPMUX-33 UDPMUX-34", "", "The page's WELCOME."},
	{"frame-register", registerT, open, valid, readRule, "", "The page's REGISTER, with the first example's S."},
	{"frame-registered", registered7, open, valid, "", "", "The page's REGISTERED."},
	{"frame-error", errorOff, open, valid, "UDPMUX-41", "", "The page's ERROR."},
	{"frame-list", listAll, open, valid, listRule, "", "The page's LIST."},
	{"frame-list-following", listAll + hello1, open, valid, "", "Following", "A HELLO follows LIST."},
	{"frame-listed-end", listEnd, open, valid, listRule, "", "The page's LISTED, the end of a list."},
	{"frame-listed-end-ended", listEnd, ended, valid, listRule, "", "The stream ends after the list, as it should."},
	{"frame-listed-session", listedSession, open, valid, "UDPMUX-157 UDPMUX-161", "", "A session, each byte another."},
	{"frame-listed-session-most", frame(listed, repeat("\xff", 47)), open, valid,
		"UDPMUX-157", "", "All bits are set."},
	{"frame-listed-session-zero", frame(listed, repeat("\x00", 47)), open, valid, "", "", "All bits are 0."},
	{"frame-listed-client", listedClient, open, valid, "UDPMUX-159", "", "A client at an IPv4 address."},
	{"frame-listed-client-ipv6", frame(listed, unhex("20010db8000000000000000000000001 ffff 7f7fffff 0001")),
		open, valid, "UDPMUX-159", "", "A client at an IPv6 address, and the last loopback source."},
	{"frame-listed-client-zero", frame(listed, repeat("\x00", 24)), open, valid, "", "", "All bits are 0."},
	{"frame-listed-following", listedSession + listedClient + listEnd, open, valid, listRule, "Following",
		"A session, a client and the end in one piece."},
	{"frame-hello-ended", hello1, ended, valid, readRule, "", "The stream ends after the frame: it is complete."},
	{"frame-error-ended", errorOff, ended, valid, "UDPMUX-40", "", "The stream ends after the ERROR, as it should."},
	{"frame-hello-following", hello1 + registerT, open, valid,
		readRule, "Following", "HELLO and REGISTER in one piece."},
	{"frame-hello-following-byte", hello1 + "\x00", open, valid, readRule, "Following", "The next frame has begun."},
	{"frame-hello-following-faulty", hello1 + "\x00\x00", ended, valid,
		readRule, "Following", "An empty frame follows it."},
	{"frame-welcome-following", welcomeBoth + registered7, open, valid,
		"", "Following", "WELCOME and REGISTERED in one piece."},
	{"frame-error-following", errorOff + errorOff, open, valid, "UDPMUX-40", "Following",
		"The page's daemon sends nothing after an ERROR; for the reader it is a frame."},

	{"frame-hello-version-0", frame(hello, "\x00"), open, valid, "UDPMUX-36", "Conversation", "Version 0."},
	{"frame-hello-version-2", frame(hello, "\x02"), open, valid, "UDPMUX-36", "Conversation", "Version 2."},
	{"frame-hello-version-255", frame(hello, "\xff"), open, valid, "UDPMUX-36", "Conversation", "Version 255."},
	{"frame-welcome-modes-none", frame(welcome, "\x00\xea\x60"), open, valid,
		"UDPMUX-61", "", "No mode is on for this uid."},
	{"frame-welcome-modes-learn", frame(welcome, "\x01\xea\x60"), open, valid, "UDPMUX-33", "", "Learn is on."},
	{"frame-welcome-modes-all", frame(welcome, "\x07\xea\x60"), open, valid, "UDPMUX-33", "", "All modes are on."},
	{"frame-welcome-modes-unknown", frame(welcome, "\xf8\xea\x60"), open, valid, "", "",
		"Bits that the page does not know, which an agent ignores."},
	{"frame-welcome-port-1", frame(welcome, "\x02\x00\x01"), open, valid, "UDPMUX-34", "", "The lowest external port."},
	{"frame-welcome-port-256", frame(welcome, "\x02\x01\x00"), open, valid,
		"UDPMUX-34", "", "Only the port's second byte is 0."},
	{"frame-welcome-port-65535", frame(welcome, "\x02\xff\xff"), open, valid,
		"UDPMUX-34", "", "The highest external port."},
	{"frame-welcome-port-0", frame(welcome, "\x02\x00\x00"), open, badPort, "UDPMUX-96", "", "The external port is 0."},
	{"frame-register-modes-none", registering(0, 33418), open, valid, "UDPMUX-41", "Conversation", "No mode."},
	{"frame-register-modes-learn", registering(1, 33418), open, valid, readRule, "", "Learn."},
	{"frame-register-modes-port", registering(4, 33418), open, valid, readRule, "", "Port."},
	{"frame-register-modes-all", registering(7, 33418), open, valid, readRule, "", "All modes."},
	{"frame-register-modes-unknown", registering(0x0a, 33418), open, valid, "UDPMUX-41", "Conversation",
		"Token, and a bit that the page does not know."},
	{"frame-register-modes-high", registering(0x80, 33418), open, valid,
		"UDPMUX-41", "Conversation", "The highest bit alone."},
	{"frame-register-port-0", registering(2, 0), open, valid, "UDPMUX-42", "Conversation", "The port 0."},
	{"frame-register-port-1023", registering(2, 1023), open, valid, "UDPMUX-42", "Conversation", "The port 1023."},
	{"frame-register-port-1024", registering(2, 1024), open, valid,
		readRule, "", "The lowest port that can be registered."},
	{"frame-register-port-65535", registering(2, 65535), open, valid, readRule, "", "The highest port."},
	{"frame-register-s-zero", frame(register, "\x02\x82\x8a"+repeat("\x00", 32)), open, zeroKey,
		refusedRule, "", "S has only zeros."},
	{"frame-register-s-zero-cut", frame(register, "\x02\x82\x8a"+repeat("\x00", 32))[:37], open, incomplete,
		readRule, "Incomplete", "31 zeros of S: it can still be good."},
	{"frame-register-s-first", frame(register, "\x02\x82\x8a\x01"+repeat("\x00", 31)), open, valid, readRule, "",
		"Only the first byte of S is not 0."},
	{"frame-register-s-last", frame(register, "\x02\x82\x8a"+repeat("\x00", 31)+"\x01"), open, valid, readRule, "",
		"Only the last byte of S is not 0."},
	{"frame-registered-0", frame(registered, "\x00\x00\x00\x00"), open, valid, "", "", "The id 0."},
	{"frame-registered-bytes", frame(registered, "\x01\x02\x03\x04"), open, valid, "", "", "The id is big endian."},
	{"frame-registered-most", frame(registered, "\xff\xff\xff\xff"), open, valid, "", "", "The greatest id."},

	{"frame-error-code-1", refusing(1, "version"), open, valid, "UDPMUX-36", "", "Version."},
	{"frame-error-code-2", refusing(2, "limit"), open, valid, "UDPMUX-54", "", "Limit."},
	{"frame-error-code-3", refusing(3, "duplicate"), open, valid, "UDPMUX-46", "", "Duplicate."},
	{"frame-error-code-4", refusing(4, "not the owner"), open, valid, "UDPMUX-44", "", "Not the owner."},
	{"frame-error-code-5", refusing(5, "not loopback"), open, valid, "UDPMUX-42", "", "Not loopback."},
	{"frame-error-code-7", refusing(7, "bad frame"), open, valid, "UDPMUX-37", "", "Bad frame."},
	{"frame-error-code-0", refusing(0, "none"), open, valid,
		"UDPMUX-96", "Conversation", "A code that the page does not know: 0."},
	{"frame-error-code-8", refusing(8, "next"), open, valid,
		"UDPMUX-96", "Conversation", "A code that the page does not know: 8."},
	{"frame-error-code-255", refusing(255, "last"), open, valid,
		"UDPMUX-96", "Conversation", "A code that the page does not know: 255."},
	{"frame-error-text-empty", refusing(6, ""), open, valid, "", "", "No text: L is 2."},
	{"frame-error-text-utf-8", refusing(6, "häßlich €𝄞"), open, valid,
		"", "", "UTF-8 with characters of one to four bytes."},
	{"frame-error-text-control", refusing(6, "a\x1b[2J\r\n\x7f\u009b\x00b"), open, valid, "", "",
		"Control characters and NUL, which are UTF-8."},
	{"frame-error-text-replacement", refusing(6, "\ufffd"), open, valid, "", "", "U+FFFD itself is UTF-8."},
	{"frame-error-text-last", refusing(6, "\U0010ffff"), open, valid, "", "", "The last character, U+10FFFF."},
	{"frame-error-text-4094", refusing(6, repeat("x", 4094)), open, valid, "", "", "The longest text: L is 4096."},
	{"frame-error-text-latin-1", refusing(6, "h\xe4"), open, badText, "UDPMUX-96", "", "Latin-1."},
	{"frame-error-text-cut", refusing(6, "10 \xe2\x82"), open, badText,
		"UDPMUX-96", "", "The text ends within a character."},
	{"frame-error-text-following", refusing(6, "10 \xe2\x82") + "\xac", open, badText, "UDPMUX-96", "",
		"The character's last byte follows the frame."},
	{"frame-error-text-continuation", refusing(6, "\x80"), open, badText,
		"UDPMUX-96", "", "A byte that only continues a character."},
	{"frame-error-text-overlong", refusing(6, "\xc0\x80"), open, badText, "UDPMUX-96", "", "NUL in two bytes."},
	{"frame-error-text-surrogate", refusing(6, "\xed\xa0\x80"), open, badText, "UDPMUX-96", "", "A surrogate."},
	{"frame-error-text-above", refusing(6, "\xf4\x90\x80\x80"), open, badText,
		"UDPMUX-96", "", "A character above U+10FFFF."},
	{"frame-error-text-ff", refusing(6, "\xff"), open, badText, "UDPMUX-96", "", "The byte 0xFF."},
	{"frame-error-text-4094-cut", refusing(6, repeat("x", 4093)+"\xc3"), open, badText, "UDPMUX-96", "",
		"A text that was cut to the limit within a character."},
	{"frame-error-text-bad-incomplete", refusing(6, "\xff\xff")[:5], open, incomplete, "", "Incomplete",
		"A bad text is known when the frame is complete."},
	{"frame-error-text-bad-cut", refusing(6, "\xff\xff")[:5], ended, cutShort,
		"", "CutShort", "The stream ends within a bad text."},

	{"frame-empty", "\x00\x00", open, emptyFrame, earlyRules, "", "L is 0."},
	{"frame-empty-behind", "\x00\x00" + hello1, open, emptyFrame, refusedRule, "", "L is 0; a HELLO follows it."},
	{"frame-empty-ended", "\x00\x00", ended, emptyFrame, refusedRule, "", "L is 0, and the stream ends."},
	{"frame-4097", "\x10\x01", open, tooLong, earlyRules, "Early", "L is 4097."},
	{"frame-4097-ended", "\x10\x01", ended, tooLong, refusedRule, "Early", "L is 4097, and the stream ends."},
	{"frame-4097-type", "\x10\x01\x05", open, tooLong, earlyRules, "Early", "L is 4097, of an ERROR."},
	{"frame-4097-unknown", "\x10\x01\x10", open, tooLong,
		earlyRules, "Early FirstFault", "L is 4097, and the type unknown."},
	{"frame-4097-whole", lengthened(4097, failure, "\x06"+repeat("x", 4095)), open, tooLong, refusedRule, "",
		"An ERROR with a text of 4095 bytes."},
	{"frame-65535", "\xff\xff", open, tooLong, earlyRules, "Early", "The greatest L."},
	{"frame-4096-hello", "\x10\x00\x01", open, badLength,
		earlyRules, "Early", "A HELLO with the greatest L that a frame may have."},
	{"frame-hello-1", lengthened(1, hello, ""), open, badLength, earlyRules, "", "A HELLO without a version."},
	{"frame-hello-3", lengthened(3, hello, ""), open, badLength, earlyRules, "Early", "A HELLO with two bytes."},
	{"frame-hello-3-whole", frame(hello, "\x01\x00"), open, badLength,
		refusedRule, "", "A HELLO with two bytes, which are there."},
	{"frame-hello-258", "\x01\x02\x01\x01", open, badLength, earlyRules, "Early", "L is 258: its first byte counts."},
	{"frame-hello-little", "\x02\x00\x01\x01", open, badLength, earlyRules, "Early", "L is 512: it is big endian."},
	{"frame-welcome-3", lengthened(3, welcome, ""), open, badLength,
		earlyRules, "Early", "A WELCOME that lacks a byte."},
	{"frame-welcome-5", lengthened(5, welcome, ""), open, badLength,
		earlyRules, "Early", "A WELCOME with a byte more."},
	{"frame-welcome-3-port-0", frame(welcome, "\x02\x00"), open, badLength, refusedRule, "FirstFault",
		"A WELCOME that lacks a byte, and has no port."},
	{"frame-register-35", lengthened(35, register, ""), open, badLength,
		earlyRules, "Early", "A REGISTER that lacks a byte."},
	{"frame-register-37", lengthened(37, register, ""), open, badLength,
		earlyRules, "Early", "A REGISTER with a byte more."},
	{"frame-register-37-zero", frame(register, repeat("\x00", 36)), open, badLength, refusedRule, "FirstFault",
		"A REGISTER with a byte more, and S is zero."},
	{"frame-register-1", lengthened(1, register, ""), open, badLength, earlyRules, "", "A REGISTER without a body."},
	{"frame-registered-4", lengthened(4, registered, ""), open, badLength,
		earlyRules, "Early", "A REGISTERED that lacks a byte."},
	{"frame-registered-6", lengthened(6, registered, ""), open, badLength,
		earlyRules, "Early", "A REGISTERED with a byte more."},
	{"frame-error-1", lengthened(1, failure, ""), open, badLength, earlyRules, "", "An ERROR without a code."},
	{"frame-type-00", lengthened(2, 0x00, ""), open, unknownType, earlyRules, "Early", "The type 0."},
	{"frame-list-2", lengthened(2, list, ""), open, badLength, earlyRules, "Early", "A LIST with a byte."},
	{"frame-listed-2", lengthened(2, listed, ""), open, badLength, "", "Early", "A LISTED with one byte."},
	{"frame-listed-24", lengthened(24, listed, ""), open, badLength, "", "Early", "A client that lacks a byte."},
	{"frame-listed-26", lengthened(26, listed, ""), open, badLength, "", "Early", "A client with a byte more."},
	{"frame-listed-47", lengthened(47, listed, ""), open, badLength, "", "Early", "A session that lacks a byte."},
	{"frame-listed-49", lengthened(49, listed, ""), open, badLength, "", "Early", "A session with a byte more."},
	{"frame-listed-4096", lengthened(4096, listed, ""), open, badLength, "", "Early", "A LISTED with the greatest L."},
	{"frame-type-08", lengthened(2, 0x08, ""), open, unknownType, earlyRules, "Early", "The type after the last."},
	{"frame-type-0f", lengthened(2, 0x0f, ""), open, unknownType, earlyRules, "Early", "The type 0x0F."},
	{"frame-type-10", lengthened(2, 0x10, ""), open, unknownType, earlyRules, "Early", "0x10, which is reserved."},
	{"frame-type-11", lengthened(2, 0x11, ""), open, unknownType, earlyRules, "Early", "0x11, which is reserved."},
	{"frame-type-10-whole", frame(0x10, mosh(1, 60)), open, unknownType,
		refusedRule, "", "0x10 with what could be a datagram."},
	{"frame-type-12", lengthened(2, 0x12, ""), open, unknownType, earlyRules, "Early", "The type 0x12."},
	{"frame-type-81", lengthened(2, 0x81, ""), open, unknownType,
		earlyRules, "Early", "HELLO's type with the highest bit."},
	{"frame-type-ff", lengthened(2, 0xff, ""), open, unknownType, earlyRules, "Early", "The type 0xFF."},
	{"frame-type-7f", lengthened(2, 0x7f, ""), open, unknownType, earlyRules, "Early", "The type 0x7F."},
	{"frame-type-1", lengthened(1, 0x7f, ""), open, unknownType, earlyRules, "", "An unknown type without a body."},
	{"frame-type-4096", lengthened(4096, 0x7f, ""), open, unknownType,
		earlyRules, "Early", "An unknown type with the longest body."},
	{"frame-type-ended", lengthened(2, 0x7f, ""), ended, unknownType, refusedRule, "Early FirstFault",
		"An unknown type, and the stream ends within the frame."},
	{"frame-length-ended", lengthened(3, hello, ""), ended, badLength, refusedRule, "Early FirstFault",
		"A bad length, and the stream ends within the frame."},
	{"frame-text", "MOSH CONNECT", open, tooLong, earlyRules, "Early", "Not a frame but text."},
}

// frameParts are the page's frames, cut at each byte.
func frameParts() []frameRow {
	var rows []frameRow
	for _, whole := range []struct{ name, frame string }{
		{"hello", hello1}, {"welcome", welcomeBoth}, {"register", registerT}, {"registered", registered7},
		{"error", errorOff}, {"list", listAll}, {"listed-end", listEnd}, {"listed-client", listedClient},
	} {
		for n := 1; n < len(whole.frame); n++ {
			id, comment := fmt.Sprintf("frame-%s-part-%d", whole.name, n),
				fmt.Sprintf("%d of %d bytes.", n, len(whole.frame))
			rows = append(rows,
				frameRow{id, whole.frame[:n], open, incomplete, readRule, "Incomplete", comment},
				frameRow{id + "-ended", whole.frame[:n], ended, cutShort, "", "CutShort", comment})
		}
	}
	return append(rows,
		frameRow{"frame-none", "", open, incomplete, readRule, "Incomplete", "No byte."},
		frameRow{"frame-none-ended", "", ended, incomplete, "", "Incomplete",
			"No byte, and the end: it is that of a stream between two frames."},
		frameRow{"frame-error-4096-part", refusing(6, repeat("x", 4094))[:4097], open, incomplete, "", "Incomplete",
			"The longest frame lacks a byte."},
		frameRow{"frame-error-4096-part-ended", refusing(6, repeat("x", 4094))[:4097], ended, cutShort, "", "CutShort",
			"The longest frame lacks a byte."})
}
