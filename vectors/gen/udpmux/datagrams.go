package udpmux

import (
	"fmt"
	"slices"
)

// What is shown by a datagram that is forwarded, by form, and by the faults.
var (
	forwarded = map[string]string{learn: "UDPMUX-2 UDPMUX-69", token: "UDPMUX-2 UDPMUX-87", port: "UDPMUX-2 UDPMUX-91"}
	faulty    = map[outcome]string{
		valid: "", empty: "", shortHeader: "",
		reserved: "UDPMUX-8", tooShort: "UDPMUX-6", tooLong: "UDPMUX-6", wrongDirection: "UDPMUX-7",
	}
)

// headers come before P, by form.
var headers = map[string]string{learn: "", token: "\x01" + unhex(exampleT), port: "\xea\x60"}

// forms, in the order of the page.
var forms = []string{learn, token, port}

// datagrams are what is the same in every form, and what is not.
func datagrams() []datagramRow {
	rows := slices.Concat(lengths(), aheadOfP())
	for _, r := range slices.Concat(tokenHeaders(), portHeaders(), datagramFaults) {
		rows = append(rows, received(r))
	}
	return rows
}

// A datagram is a row without what follows from the rest of it.
type datagram struct {
	id, form, input string
	outcome
	flags, comment string
}

// received gives the whole row.
func received(d datagram) datagramRow {
	r := datagramRow{
		id: "datagram-" + d.id, form: d.form, input: d.input, modes: allModes,
		outcome: d.outcome, rules: forwarded[d.form], flags: d.flags, comment: d.comment,
	}
	if d.outcome != valid {
		r.form, r.rules = "", faulty[d.outcome]
	}
	return r
}

// pLengths are lengths of P, and what must come of them.
var pLengths = []struct {
	n int
	outcome
}{
	{24, valid}, {25, valid}, {60, valid}, {1216, valid}, {1252, valid}, {2047, valid}, {2048, valid},
	{1, tooShort}, {8, tooShort}, {9, tooShort}, {22, tooShort}, {23, tooShort},
	{2049, tooLong}, {2050, tooLong}, {4096, tooLong}, {65000, tooLong},
}

// lengths are P's of many lengths and nonces, in each form.
func lengths() []datagramRow {
	var rows []datagramRow
	for _, form := range forms {
		add := func(id, p string, o outcome, comment string) {
			rows = append(rows, received(datagram{form + id, form, headers[form] + p, o, "", comment}))
		}
		for _, l := range pLengths {
			add(fmt.Sprint("-", l.n), mosh(2, l.n), l.outcome, fmt.Sprintf("P has %d bytes.", l.n))
		}
		add("-nonce-0", mosh(0, 24), valid, "The nonce is 0.")
		add("-nonce-most", mosh(1<<56-1, 24), valid, "The nonce is 2^56 - 1: P's first byte is still 0.")
		add("-zeros", repeat("\x00", 24), valid, "P has only zeros.")
		add("-every-byte", mosh(3, 8)+everyByte(), valid, "P holds each byte value.")
	}
	return rows
}

// aheadOfP are headers with a P that no client sends.
func aheadOfP() []datagramRow {
	var rows []datagramRow
	for _, form := range forms[1:] {
		add := func(id, p string, o outcome, flags, comment string) {
			rows = append(rows, received(datagram{form + id, form, headers[form] + p, o, flags, comment}))
		}
		add("-p-empty", "", tooShort, "", "A header and no P.")
		for _, first := range []byte{0x01, 0x02, 0x03, 0x04, 0x08, 0x10, 0x20, 0x40, 0x7f, 0x80, 0x81, 0xff} {
			add(fmt.Sprintf("-p-%02x", first), withFirst(mosh(1, 24), first), wrongDirection,
				"", fmt.Sprintf("P begins with 0x%02x.", first))
		}
		add("-direction", mosh(toClient|1, 60), wrongDirection, "", "P is a server's datagram.")
		add("-twice", headers[token]+mosh(1, 60), wrongDirection, "", "A header of the form token follows the header.")
		add("-short-direction", mosh(toClient, 23), tooShort, "FirstFault", "P is too short, and a server's.")
		add("-long-direction", mosh(toClient, 2049), tooLong, "FirstFault", "P is too long, and a server's.")
	}
	return rows
}

// tokenHeaders are tokens, whole and cut.
func tokenHeaders() (all []datagram) {
	for n := 1; n < 16; n++ {
		all = append(all, datagram{fmt.Sprintf("token-header-%d", n), token, headers[token][:n], shortHeader,
			"", fmt.Sprintf("0x01 and %d bytes of T.", n-1)})
	}
	return append(all,
		datagram{"token-zero", token, "\x01" + repeat("\x00", 15) + mosh(1, 24), valid, "", "T has only zeros."},
		datagram{"token-ones", token, "\x01" + repeat("\xff", 15) + mosh(1, 24), valid, "", "T has only 0xFF."})
}

// portHeaders are halves of ports.
func portHeaders() (all []datagram) {
	for _, first := range []byte{0x04, 0x7f, 0x80, 0xff} {
		all = append(all, datagram{fmt.Sprintf("port-header-%02x", first), port, one(first), shortHeader,
			"", "One byte of the port."})
	}
	return all
}

var datagramFaults = []datagram{
	{"port-1024", port, short(1024) + mosh(1, 24), valid, "", "The lowest port."},
	{"port-1025", port, short(1025) + mosh(1, 24), valid, "", "The port's second byte is 1."},
	{"port-1279", port, short(1279) + mosh(1, 24), valid, "", "The port's second byte is 0xFF."},
	{"port-32768", port, short(32768) + mosh(1, 24), valid, "", "The port's highest bit."},
	{"port-65535", port, short(65535) + mosh(1, 24), valid, "", "The highest port."},
	{"port-server", port, mosh(toClient|1, 60), valid, "",
		"What a server sends, if it came here: the port 32768, and a P that lacks two bytes."},
	{"port-1023", "", short(1023) + mosh(1, 24), reserved, "", "The port 1023 would begin with 0x03."},
	{"port-512", "", short(512) + mosh(1, 24), reserved, "", "The port 512 would begin with 0x02."},
	{"port-privileged", learn, short(22) + mosh(1, 24),
		valid, "", "The port 22 would begin with 0x00: all of it is P."},
	{"port-256", token, short(256) + mosh(1, 60),
		wrongDirection, "", "The port 256 would begin with 0x01: 15 bytes are T."},
	{"reserved-02-alone", "", "\x02", reserved, "FirstFault", "Nothing follows it."},
	{"reserved-02-long", "", "\x02" + mosh(1, 4096), reserved, "FirstFault", "More than any datagram has."},
	{"reserved-03-alone", "", "\x03", reserved, "FirstFault", "Nothing follows it."},
	{"reserved-03-long", "", "\x03" + mosh(1, 4096), reserved, "FirstFault", "More than any datagram has."},
	{"learn-alone", learn, "\x00", tooShort, "", "One byte 0x00."},
	{"empty", "", "", empty, "", "No byte."},
}
