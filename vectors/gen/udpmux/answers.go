package udpmux

import "fmt"

// answers are a backend's datagrams, which have no header.
func answers() []answerRow {
	var rows []answerRow
	add := func(id, input string, o outcome, flags, comment string) {
		rules := "UDPMUX-11"
		if o == valid {
			rules = "UDPMUX-3"
		}
		rows = append(rows, answerRow{"answer-" + id, input, o, rules, flags, comment})
	}
	add("0", "", tooShort, "", "No byte.")
	for _, l := range pLengths {
		add(fmt.Sprint(l.n), mosh(toClient|2, l.n), l.outcome, "", fmt.Sprintf("P has %d bytes.", l.n))
	}
	for _, first := range []byte{0x00, 0x01, 0x02, 0x03, 0x04, 0x08, 0x10, 0x20, 0x40, 0x7f} {
		add(fmt.Sprintf("first-%02x", first), withFirst(mosh(2, 24), first), wrongDirection,
			"", fmt.Sprintf("P begins with 0x%02x.", first))
	}
	for _, first := range []byte{0x80, 0x81, 0xc0, 0xfe, 0xff} {
		add(fmt.Sprintf("first-%02x", first), withFirst(mosh(2, 24), first), valid,
			"", fmt.Sprintf("P begins with 0x%02x: only the highest bit is looked at.", first))
	}
	add("nonce-0", mosh(toClient, 24), valid, "", "The nonce is 0.")
	add("nonce-most", mosh(1<<64-1, 24), valid, "", "The nonce is 2^63 - 1.")
	add("client", mosh(1<<63-1, 24), wrongDirection, "", "All bits are set but the direction.")
	add("every-byte", mosh(toClient, 8)+everyByte(), valid, "", "P holds each byte value.")
	add("token", headers[token]+mosh(toClient, 24), wrongDirection, "", "A token comes before P: answers have none.")
	add("short-direction", mosh(0, 23), tooShort, "FirstFault", "P is too short, and a client's.")
	add("long-direction", mosh(0, 2049), tooLong, "FirstFault", "P is too long, and a client's.")
	return rows
}
