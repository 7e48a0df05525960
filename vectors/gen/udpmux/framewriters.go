package udpmux

import "github.com/muxspec/muxspec/conformance/wire/udpmux"

// errorFrame is an ERROR to write.
func errorFrame(code byte, text string) udpmux.Frame {
	return udpmux.Frame{Type: udpmux.Error, Code: udpmux.Code(code), Text: []byte(text)}
}

var frameWriters = []frameWriterRow{
	{"write-hello", udpmux.Frame{Type: udpmux.Hello, Version: 1}, hello1, valid, "UDPMUX-93", "", "The page's HELLO."},
	{"write-hello-2", udpmux.Frame{Type: udpmux.Hello, Version: 2}, frame(hello, "\x02"), valid, "", "Conversation",
		"Another version can be written."},
	{"write-welcome", udpmux.Frame{Type: udpmux.Welcome, Modes: 3, Port: 60000}, welcomeBoth,
		valid, "UDPMUX-33 UDPMUX-34", "",
		"The page's WELCOME."},
	{"write-welcome-none", udpmux.Frame{Type: udpmux.Welcome, Modes: 0, Port: 1}, frame(welcome, "\x00\x00\x01"),
		valid, "UDPMUX-61", "",
		"No modes."},
	{"write-welcome-port-0", udpmux.Frame{Type: udpmux.Welcome, Modes: 3}, "", badPort,
		"UDPMUX-34", "", "The external port is 0."},
	{"write-register", udpmux.Frame{Type: udpmux.Register, Modes: 2, Port: 33418, S: udpmux.S([]byte(unhex(exampleS)))},
		registerT, valid, "UDPMUX-93", "", "The page's REGISTER."},
	{"write-register-port-0", udpmux.Frame{Type: udpmux.Register, Modes: 0xff, Port: 0, S: udpmux.S{31: 1}},
		frame(register, "\xff\x00\x00"+repeat("\x00", 31)+"\x01"), valid, "", "Conversation",
		"Modes and port that no daemon takes can be written."},
	{"write-register-zero", udpmux.Frame{Type: udpmux.Register, Modes: 2, Port: 33418}, "", zeroKey,
		"UDPMUX-37", "", "S is zero."},
	{"write-registered", udpmux.Frame{Type: udpmux.Registered, ID: 7}, registered7, valid,
		"", "", "The page's REGISTERED."},
	{"write-registered-bytes",
		udpmux.Frame{Type: udpmux.Registered, ID: 0x01020304}, frame(registered, "\x01\x02\x03\x04"), valid,
		"", "", "The id is big endian."},
	{"write-error", errorFrame(6, "off"), errorOff, valid, "UDPMUX-41", "", "The page's ERROR."},
	{"write-error-empty", errorFrame(1, ""), refusing(1, ""), valid, "", "", "No text."},
	{"write-error-4094", errorFrame(2, repeat("x", 4094)), refusing(2, repeat("x", 4094)), valid,
		"", "", "The longest text."},
	{"write-error-4094-utf-8", errorFrame(2, repeat("ä", 2047)), refusing(2, repeat("ä", 2047)), valid, "", "",
		"2047 characters of two bytes."},
	{"write-error-4095", errorFrame(2, repeat("x", 4095)), "", tooLong, "", "", "The text has a byte too many."},
	{"write-error-65536", errorFrame(2, repeat("x", 65536)), "", tooLong,
		"", "", "The text has more bytes than L can tell."},
	{"write-error-latin-1", errorFrame(2, "h\xe4"), "", badText, "", "", "Latin-1."},
	{"write-error-cut", errorFrame(2, repeat("x", 4093)+"\xc3"), "", badText, "", "",
		"A text that was cut to the limit within a character."},
	{"write-error-surrogate", errorFrame(2, "\xed\xa0\x80"), "", badText, "", "", "A surrogate."},
	{"write-error-both", errorFrame(2, repeat("\xff", 4095)), "", tooLong,
		"", "FirstFault", "The text is too long, and not UTF-8."},
	{"write-error-both-cut", errorFrame(2, repeat("x", 4093)+"ä"), "", tooLong, "", "",
		"A text of 4095 bytes that only cutting would make bad."},
	{"write-type-00", udpmux.Frame{Type: 0}, "", unknownType, "", "", "The type 0."},
	{"write-list", udpmux.Frame{Type: udpmux.List}, listAll, valid, listRule, "", "The page's LIST."},
	{"write-listed-end", udpmux.Frame{Type: udpmux.Listed}, listEnd, valid, listRule, "", "The end of a list."},
	{"write-listed-session", udpmux.Frame{Type: udpmux.Listed, Entry: udpmux.Session{ID: 0x01020304, UID: 0x05060708, Modes: 3,
		Port: 33418, Inode: 0x090a0b0c0d0e0f10, Age: 86400, Idle: 3600, ToBackend: 0x1112131415161718,
		ToClients: 0x191a1b1c1d1e1f20, Clients: 65}}, listedSession, valid, "UDPMUX-157 UDPMUX-161", "", "A session."},
	{"write-listed-client", udpmux.Frame{Type: udpmux.Listed, Entry: udpmux.Client{
		Address: [16]byte([]byte(unhex("00000000000000000000ffffc0000207"))), Port: 54321,
		Source: [4]byte{127, 90, 27, 44}, SourcePort: 40000}}, listedClient, valid, "UDPMUX-159", "", "A client."},
	{"write-type-08", udpmux.Frame{Type: 8}, "", unknownType, "", "", "The type after the last."},
	{"write-type-7f", udpmux.Frame{Type: 0x7f}, "", unknownType, "", "", "The type 0x7F."},
	{"write-type-10", udpmux.Frame{Type: 0x10}, "", unknownType, "", "", "A type that is reserved."},
}
