package udpmux

import "fmt"

// firstBytes are datagrams that would be good if all first bytes were: with all modes on, then with their own mode off.
func firstBytes() []datagramRow {
	var rows []datagramRow
	for first := range 256 {
		row := firstByte(byte(first))
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
