package udpmux

import "fmt"

// borders are the first bytes where the meaning changes, and their neighbours: the forms' and the reserved ones, each
// bit alone, which a reader with a mask confuses with another, both sides of the sign, and the last ones.
var borders = []byte{0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x08, 0x10, 0x20, 0x40, 0x7f, 0x80, 0xfe, 0xff}

// firstBytes are datagrams that would be good if all first bytes were: with all modes on, then with their own mode off.
func firstBytes() []datagramRow {
	var rows []datagramRow
	for _, first := range borders {
		row := firstByte(first)
		row.id, row.modes = fmt.Sprintf("first-byte-%02x", first), allModes
		row.rules = forwarded[row.form] + faulty[row.outcome]
		rows = append(rows, row)
		row.id += "-off"
		if row.form == "" {
			row.modes, row.rules, row.comment = 0, "UDPMUX-8", "The same, and all modes are off."
		} else {
			row.modes, row.rules, row.comment = row.modes&^bits[row.form], "UDPMUX-9", "The same, and the mode is off."
			row.flags = "ModeOff"
		}
		rows = append(rows, row)
	}
	return rows
}

// firstByte is the datagram that a first byte begins.
func firstByte(first byte) datagramRow {
	p := mosh(1, 24)
	switch {
	case first == 0:
		return datagramRow{form: learn, input: p, outcome: valid, comment: "The form learn."}
	case first == 1:
		return datagramRow{form: token, input: headers[token] + p, outcome: valid, comment: "The form token."}
	case first <= 3:
		return datagramRow{input: one(first) + headers[token][1:] + p, outcome: reserved,
			comment: "Reserved; what follows could be T and P."}
	}
	return datagramRow{form: port, input: one(first) + "\x39" + p, outcome: valid,
		comment: fmt.Sprintf("The form port; the port is %d.", int(first)<<8|0x39)}
}
