package hmacsocket

import (
	"bytes"
	"encoding/binary"
	"fmt"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// wrongH says what the H of the target's next message should be, and which usual mistake gives the one that came.
func (h *hmacConn) wrongH(in []byte) string {
	lh, i := h.in.Hash.Length, number(h.got)
	H, rest, ld := in[4:4+lh], in[4+lh:], int(binary.BigEndian.Uint32(in))
	if ld == 0 && len(rest) >= 2 && len(rest) >= 2+int(rest[1]) { // an Error
		return h.wrongErrorH(H, rest[0], rest[2:2+int(rest[1])])
	}
	D, CN := rest[:min(ld, len(rest))], h.in.CN(i)
	text := fmt.Sprintf("message %d has the H %x; HMAC(K, D | CN(%d)) is %x, with K %x and CN(%[3]d) %[6]x",
		h.got, H, h.got, h.in.H(i, D), h.in.K, CN)
	theirs, swapped := h.in, h.in.Hash.Sum(h.in.K, h.in.N)
	theirs.N = h.out.N
	mac := h.in.Hash.HMAC
	for _, mistake := range []struct {
		what string
		H    []byte
	}{
		{"made with the target's own N, not the suite's", theirs.H(i, D)},
		{"made with CN = Hash(K | N) + i instead of Hash(N | K) + i", mac(h.in.K, D, wire.Add(swapped, i))},
		{fmt.Sprintf("that of message %d", h.got+1), h.in.H(number(h.got+1), D)},
		{fmt.Sprintf("that of message %d", h.got-1), h.in.H(number(max(0, h.got-1)), D)},
		{"HMAC(K, CN | D)", mac(h.in.K, CN, D)},
		{"HMAC(K, D), without CN", mac(h.in.K, D)},
		{"HMAC(K, D | N), with N in place of CN", mac(h.in.K, D, h.in.N)},
		{"HMAC(K, LD | D | CN)", mac(h.in.K, in[:4], D, CN)},
		{"HMAC(CN, D), with CN as the key", mac(CN, D)},
		{"Hash(K | D | CN), which is no HMAC", h.in.Hash.Sum(h.in.K, D, CN)},
	} {
		if bytes.Equal(mistake.H, H) {
			return text + "; the one that came is " + mistake.what
		}
	}
	return text
}

// wrongErrorH is wrongH for an Error, whose H may follow any of the page's readings.
func (h *hmacConn) wrongErrorH(H []byte, ec byte, em []byte) string {
	i := number(h.got)
	text := fmt.Sprintf("the Error, message %d, has the H %x; with K %x and CN %x it would be",
		h.got, H, h.in.K, h.in.CN(i))
	for n, r := range wire.Readings {
		if n > 0 {
			text += ", or"
		}
		text += fmt.Sprintf(" HMAC(K, %s) %x", r, h.in.ErrorH(r, ec, em, i))
	}
	theirs := h.in
	theirs.N = h.out.N
	for _, mistake := range []struct {
		what string
		CN   []byte
	}{
		{"with the target's own N, not the suite's", theirs.CN(i)},
		{"with CN = Hash(K | N) + i instead of Hash(N | K) + i", wire.Add(h.in.Hash.Sum(h.in.K, h.in.N), i)},
	} {
		for _, signed := range [][]byte{nil, append([]byte{ec, byte(len(em))}, em...), em} {
			if bytes.Equal(h.in.Hash.HMAC(h.in.K, signed, mistake.CN), H) {
				return text + "; the one that came is made " + mistake.what
			}
		}
	}
	return text
}
