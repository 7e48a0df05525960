package daemon

import "encoding/binary"

// moshP makes a mosh datagram: its number, and zeros up to the length n.
func moshP(nonce uint64, n int) []byte {
	return append(binary.BigEndian.AppendUint64(nil, nonce), make([]byte, n-8)...)
}

const toClient = 1 << 63 // the direction

// key is the n-th session's S.
func key(n int) (S [32]byte) {
	S[0], S[1] = 1, byte(n)
	return S
}
