package udpmux

import "fmt"

// A sending is a row of a writer of datagrams, without what follows from the rest of it.
type sending struct {
	id, p string
	outcome
	flags, comment string
}

// sendings are P's to write, in each form.
var sendings = []sending{
	{"24", mosh(1, 24), valid, "", "The shortest P."},
	{"2048", mosh(1, 2048), valid, "", "The longest P."},
	{"every-byte", mosh(1, 8) + everyByte(), valid, "", "P holds each byte value."},
	{"nonce-most", mosh(1<<56-1, 24), valid, "", "The greatest nonce that can be sent."},
	{"p-empty", "", tooShort, "", "No P."},
	{"23", mosh(1, 23), tooShort, "", "P has 23 bytes."},
	{"2049", mosh(1, 2049), tooLong, "", "P has 2049 bytes."},
	{"p-01", withFirst(mosh(1, 24), 1), wrongDirection, "", "P begins with 0x01."},
	{"p-04", withFirst(mosh(1, 24), 4), wrongDirection, "", "P begins with 0x04."},
	{"direction", mosh(toClient, 24), wrongDirection, "", "P is a server's."},
	{"short-direction", mosh(toClient, 23), tooShort, "FirstFault", "P is too short, and a server's."},
	{"long-direction", mosh(toClient, 2049), tooLong, "FirstFault", "P is too long, and a server's."},
}

// datagramWriters are P's in all forms, and ports.
func datagramWriters() []datagramWriterRow {
	var rows []datagramWriterRow
	for _, form := range forms {
		for _, s := range sendings {
			s.id = form + "-" + s.id
			rows = append(rows, sent(form, 60000, s))
		}
	}
	add := func(id string, externalPort uint16, p string, o outcome, flags, comment string) {
		rows = append(rows, sent(port, externalPort, sending{"port-" + id, p, o, flags, comment}))
	}
	add("1024", 1024, mosh(1, 24), valid, "", "The lowest port.")
	add("65535", 65535, mosh(1, 24), valid, "", "The highest port.")
	for _, low := range []uint16{0, 1, 255, 256, 512, 1023} {
		add(fmt.Sprint(low), low, mosh(1, 24), badPort, "", "A reader would not find a port in it.")
	}
	add("1023-short", 1023, mosh(1, 23), badPort, "FirstFault", "The port is below 1024, and P too short.")
	add("1023-direction", 1023, mosh(toClient, 24), badPort, "FirstFault", "The port is below 1024, and P a server's.")
	return rows
}

// sent gives the whole row.
func sent(form string, externalPort uint16, s sending) datagramWriterRow {
	r := datagramWriterRow{
		id: "write-datagram-" + s.id, form: form, t: unhex(exampleT), port: externalPort, p: s.p,
		outcome: s.outcome, flags: s.flags, comment: s.comment,
	}
	if s.outcome == valid {
		header := map[string]string{learn: "", token: headers[token], port: short(int(externalPort))}
		r.output = header[form] + s.p
	}
	switch {
	case form == token && s.outcome == valid:
		r.rules = "UDPMUX-112"
	case form == learn && s.outcome != valid:
		r.rules = "UDPMUX-124"
	}
	return r
}
