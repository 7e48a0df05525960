package udpmux

import "fmt"

// What is shown by a datagram that is forwarded, by form, and by the faults.
var (
	forwarded = map[string]string{learn: "UDPMUX-2 UDPMUX-69", token: "UDPMUX-2 UDPMUX-87", port: "UDPMUX-2 UDPMUX-91"}
	faulty    = map[outcome]string{valid: "", empty: "", shortHeader: "", reserved: "UDPMUX-8", tooShort: "UDPMUX-6", tooLong: "UDPMUX-6",
		wrongDirection: "UDPMUX-7"}
)

// headers stand before P, by form.
var headers = map[string]string{learn: "", token: "\x01" + unhex(exampleT), port: "\xea\x60"}

// forms, in the order of the page.
var forms = []string{learn, token, port}

// firstBytes are datagrams that would be good if all first bytes were.
func firstBytes() []datagramRow {
	var rows []datagramRow
	p := mosh(1, 24)
	for first := range 256 {
		row := datagramRow{id: fmt.Sprintf("first-byte-%02x", first), modes: allModes, outcome: valid}
		switch {
		case first == 0:
			row.form, row.input, row.comment = learn, p, "The form learn."
		case first == 1:
			row.form, row.input, row.comment = token, headers[token]+p, "The form token."
		case first <= 3:
			row.input, row.outcome, row.comment = one(byte(first))+headers[token][1:]+p, reserved,
				"Reserved; what stands behind could be T and P."
		default:
			row.form, row.input, row.comment = port, one(byte(first))+"\x39"+p, fmt.Sprintf("The form port; the port is %d.", first<<8|0x39)
		}
		row.rules = forwarded[row.form] + faulty[row.outcome]
		rows = append(rows, row)
		row.id += "-off"
		row.modes &^= bits[row.form]
		row.comment = "The same, and the mode is off."
		if row.rules, row.flags = "UDPMUX-9", "ModeOff"; row.form == "" {
			row.modes, row.rules, row.flags, row.comment = 0, "UDPMUX-8", "", "The same, and all modes are off."
		}
		rows = append(rows, row)
	}
	return rows
}

// datagrams are what is the same in every form, and what is not.
func datagrams() []datagramRow {
	var rows []datagramRow
	add := func(id, form, input string, o outcome, flags, comment string) {
		row := datagramRow{id: "datagram-" + id, form: form, input: input, modes: allModes, outcome: o, flags: flags, comment: comment}
		row.rules = faulty[o]
		if o == valid {
			row.rules = forwarded[form]
		} else {
			row.form = ""
		}
		rows = append(rows, row)
	}
	for _, form := range forms {
		for _, n := range []int{24, 25, 60, 1216, 1252, 2047, 2048} {
			add(fmt.Sprint(form, "-", n), form, headers[form]+mosh(2, n), valid, "", fmt.Sprintf("P has %d bytes.", n))
		}
		for _, n := range []int{1, 8, 9, 22, 23} {
			add(fmt.Sprint(form, "-", n), form, headers[form]+mosh(2, n), tooShort, "", fmt.Sprintf("P has %d bytes.", n))
		}
		for _, n := range []int{2049, 2050, 4096, 65000} {
			add(fmt.Sprint(form, "-", n), form, headers[form]+mosh(2, n), tooLong, "", fmt.Sprintf("P has %d bytes.", n))
		}
		add(form+"-nonce-0", form, headers[form]+mosh(0, 24), valid, "", "The nonce is 0.")
		add(form+"-nonce-most", form, headers[form]+mosh(1<<56-1, 24), valid, "", "The nonce is 2^56 - 1: P's first byte is still 0.")
		add(form+"-zeros", form, headers[form]+repeat("\x00", 24), valid, "", "P has only zeros.")
		add(form+"-every-byte", form, headers[form]+mosh(3, 8)+everyByte(), valid, "", "P holds each byte value.")
	}
	for _, form := range forms[1:] {
		add(form+"-p-empty", form, headers[form], tooShort, "", "A header and no P.")
		for _, first := range []byte{0x01, 0x02, 0x03, 0x04, 0x08, 0x10, 0x20, 0x40, 0x7f, 0x80, 0x81, 0xff} {
			add(fmt.Sprintf("%s-p-%02x", form, first), form, headers[form]+withFirst(mosh(1, 24), first), wrongDirection,
				"", fmt.Sprintf("P begins with 0x%02x.", first))
		}
		add(form+"-direction", form, headers[form]+mosh(toClient|1, 60), wrongDirection, "", "P is a server's datagram.")
		add(form+"-twice", form, headers[form]+headers[token]+mosh(1, 60), wrongDirection, "",
			"Behind the header stands one of the form token.")
		add(form+"-short-direction", form, headers[form]+mosh(toClient, 23), tooShort, "FirstFault", "P is too short, and a server's.")
		add(form+"-long-direction", form, headers[form]+mosh(toClient, 2049), tooLong, "FirstFault", "P is too long, and a server's.")
	}

	add("empty", "", "", empty, "", "No byte.")
	for n := 1; n < 16; n++ {
		add(fmt.Sprintf("token-header-%d", n), token, headers[token][:n], shortHeader, "", fmt.Sprintf("0x01 and %d bytes of T.", n-1))
	}
	add("token-zero", token, "\x01"+repeat("\x00", 15)+mosh(1, 24), valid, "", "T has only zeros.")
	add("token-ones", token, "\x01"+repeat("\xff", 15)+mosh(1, 24), valid, "", "T has only 0xFF.")
	for _, first := range []byte{0x04, 0x7f, 0x80, 0xff} {
		add(fmt.Sprintf("port-header-%02x", first), port, one(first), shortHeader, "", "One byte of the port.")
	}
	add("port-1024", port, short(1024)+mosh(1, 24), valid, "", "The lowest port.")
	add("port-1025", port, short(1025)+mosh(1, 24), valid, "", "The port's second byte is 1.")
	add("port-1279", port, short(1279)+mosh(1, 24), valid, "", "The port's second byte is 0xFF.")
	add("port-32768", port, short(32768)+mosh(1, 24), valid, "", "The port's highest bit.")
	add("port-65535", port, short(65535)+mosh(1, 24), valid, "", "The highest port.")
	add("port-server", port, mosh(toClient|1, 60), valid, "",
		"What a server sends, if it came here: the port 32768, and a P that lacks two bytes.")
	add("port-1023", "", short(1023)+mosh(1, 24), reserved, "", "The port 1023 would begin with 0x03.")
	add("port-512", "", short(512)+mosh(1, 24), reserved, "", "The port 512 would begin with 0x02.")
	add("port-privileged", learn, short(22)+mosh(1, 24), valid, "", "The port 22 would begin with 0x00: all of it is P.")
	add("port-256", token, short(256)+mosh(1, 60), wrongDirection, "", "The port 256 would begin with 0x01: 15 bytes are T.")
	for _, first := range []byte{0x02, 0x03} {
		add(fmt.Sprintf("reserved-%02x-alone", first), "", one(first), reserved, "FirstFault", "Nothing stands behind it.")
		add(fmt.Sprintf("reserved-%02x-long", first), "", one(first)+mosh(1, 4096), reserved, "FirstFault", "More than any datagram has.")
	}
	add("learn-alone", learn, "\x00", tooShort, "", "One byte 0x00.")
	return rows
}

// answers have no header.
func answers() []answerRow {
	var rows []answerRow
	add := func(id, input string, o outcome, flags, comment string) {
		rules := "UDPMUX-11"
		if o == valid {
			rules = "UDPMUX-3"
		}
		rows = append(rows, answerRow{"answer-" + id, input, o, rules, flags, comment})
	}
	for _, n := range []int{24, 25, 60, 1216, 1252, 2047, 2048} {
		add(fmt.Sprint(n), mosh(toClient|2, n), valid, "", fmt.Sprintf("P has %d bytes.", n))
	}
	add("0", "", tooShort, "", "No byte.")
	for _, n := range []int{1, 8, 9, 22, 23} {
		add(fmt.Sprint(n), mosh(toClient|2, n), tooShort, "", fmt.Sprintf("P has %d bytes.", n))
	}
	for _, n := range []int{2049, 2050, 4096, 65000} {
		add(fmt.Sprint(n), mosh(toClient|2, n), tooLong, "", fmt.Sprintf("P has %d bytes.", n))
	}
	for _, first := range []byte{0x00, 0x01, 0x02, 0x03, 0x04, 0x08, 0x10, 0x20, 0x40, 0x7f} {
		add(fmt.Sprintf("first-%02x", first), withFirst(mosh(2, 24), first), wrongDirection, "", fmt.Sprintf("P begins with 0x%02x.",
			first))
	}
	for _, first := range []byte{0x80, 0x81, 0xc0, 0xfe, 0xff} {
		add(fmt.Sprintf("first-%02x", first), withFirst(mosh(2, 24), first), valid,
			"", fmt.Sprintf("P begins with 0x%02x: only the highest bit is looked at.", first))
	}
	add("nonce-0", mosh(toClient, 24), valid, "", "The nonce is 0.")
	add("nonce-most", mosh(1<<64-1, 24), valid, "", "The nonce is 2^63 - 1.")
	add("client", mosh(1<<63-1, 24), wrongDirection, "", "All bits are set but the direction.")
	add("every-byte", mosh(toClient, 8)+everyByte(), valid, "", "P holds each byte value.")
	add("token", headers[token]+mosh(toClient, 24), wrongDirection, "", "A token stands in front of P: answers have none.")
	add("short-direction", mosh(0, 23), tooShort, "FirstFault", "P is too short, and a client's.")
	add("long-direction", mosh(0, 2049), tooLong, "FirstFault", "P is too long, and a client's.")
	return rows
}

// datagramWriters are P's in all forms, and ports.
func datagramWriters() []datagramWriterRow {
	var rows []datagramWriterRow
	add := func(id, form string, externalPort uint16, p string, o outcome, flags, comment string) {
		row := datagramWriterRow{id: "write-datagram-" + id, form: form, t: unhex(exampleT), port: externalPort, p: p, outcome: o,
			flags: flags, comment: comment}
		if o == valid {
			row.output = map[string]string{learn: "", token: headers[token], port: short(int(externalPort))}[form] + p
		}
		if form == token && o == valid {
			row.rules = "UDPMUX-112"
		} else if form == learn && o != valid {
			row.rules = "UDPMUX-124"
		}
		rows = append(rows, row)
	}
	for _, form := range forms {
		add(form+"-24", form, 60000, mosh(1, 24), valid, "", "The shortest P.")
		add(form+"-2048", form, 60000, mosh(1, 2048), valid, "", "The longest P.")
		add(form+"-every-byte", form, 60000, mosh(1, 8)+everyByte(), valid, "", "P holds each byte value.")
		add(form+"-nonce-most", form, 60000, mosh(1<<56-1, 24), valid, "", "The greatest nonce that can be sent.")
		add(form+"-p-empty", form, 60000, "", tooShort, "", "No P.")
		add(form+"-23", form, 60000, mosh(1, 23), tooShort, "", "P has 23 bytes.")
		add(form+"-2049", form, 60000, mosh(1, 2049), tooLong, "", "P has 2049 bytes.")
		add(form+"-p-01", form, 60000, withFirst(mosh(1, 24), 1), wrongDirection, "", "P begins with 0x01.")
		add(form+"-p-04", form, 60000, withFirst(mosh(1, 24), 4), wrongDirection, "", "P begins with 0x04.")
		add(form+"-direction", form, 60000, mosh(toClient, 24), wrongDirection, "", "P is a server's.")
		add(form+"-short-direction", form, 60000, mosh(toClient, 23), tooShort, "FirstFault", "P is too short, and a server's.")
		add(form+"-long-direction", form, 60000, mosh(toClient, 2049), tooLong, "FirstFault", "P is too long, and a server's.")
	}
	add("port-1024", port, 1024, mosh(1, 24), valid, "", "The lowest port.")
	add("port-65535", port, 65535, mosh(1, 24), valid, "", "The highest port.")
	for _, low := range []uint16{0, 1, 255, 256, 512, 1023} {
		add(fmt.Sprint("port-", low), port, low, mosh(1, 24), badPort, "", "A reader would not find a port in it.")
	}
	add("port-1023-short", port, 1023, mosh(1, 23), badPort, "FirstFault", "The port is below 1024, and P too short.")
	add("port-1023-direction", port, 1023, mosh(toClient, 24), badPort, "FirstFault", "The port is below 1024, and P a server's.")
	return rows
}
