package mux

import "encoding/binary"

// moshP makes a mosh datagram: its number, and zeros up to the length n.
func moshP(nonce uint64, n int) []byte {
	return append(binary.BigEndian.AppendUint64(nil, nonce), make([]byte, n-8)...)
}

const toClient = 1 << 63 // the direction
