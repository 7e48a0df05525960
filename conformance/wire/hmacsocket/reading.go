package hmacsocket

import (
	"crypto/hmac"
	"encoding/binary"
	"math/big"
)

// A Reading is what an Error's H covers, of which the protocol's description can be read in three ways. (Section 3, 1.)
type Reading string

// The readings, in the page's words. The page follows the first; the others are what a target may be found to do.
const (
	CNOnly     Reading = "CN"
	WholeError Reading = "EC | LE | EM | CN"
	TextAndCN  Reading = "EM | CN"

	TheReading = CNOnly
)

// Readings are all readings, the page's first.
var Readings = []Reading{CNOnly, WholeError, TextAndCN}

// ErrorH gives the H of the Error that is message number i, as r has it. em must not be longer than 255 bytes.
func (d Direction) ErrorH(r Reading, ec byte, em []byte, i *big.Int) []byte {
	switch r {
	case WholeError:
		return d.Hash.HMAC(d.K, []byte{ec, byte(len(em))}, em, d.CN(i))
	case TextAndCN:
		return d.Hash.HMAC(d.K, em, d.CN(i))
	}
	return d.H(i, nil)
}

// AppendErrorAs appends an Error as r has it to b, be its text fit or not: em must only not be longer than 255 bytes.
func (d Direction) AppendErrorAs(b []byte, r Reading, ec byte, em []byte, i *big.Int) []byte {
	b = binary.BigEndian.AppendUint32(b, 0)
	b = append(b, d.ErrorH(r, ec, em, i)...)
	b = append(b, ec, byte(len(em)))
	return append(b, em...)
}

// ReadAnyError reads the Error that in begins with, as message number i, and tells which readings its H follows:
// CNOnly and TextAndCN come to the same where EM is empty. What follows none is WrongHMAC, a Chunk too.
func (d Direction) ReadAnyError(in []byte, i *big.Int) (m Message, n int, follows []Reading, fault Fault) {
	lh := d.Hash.Length
	switch {
	case len(in) < 4:
		return Message{}, 0, nil, Incomplete
	case binary.BigEndian.Uint32(in) != 0:
		return Message{}, 0, nil, WrongHMAC
	}
	if m, n, fault = readError(in, lh); fault != None {
		return Message{}, 0, nil, fault
	}
	for _, r := range Readings {
		if hmac.Equal(in[4:4+lh], d.ErrorH(r, m.EC, m.EM, i)) {
			follows = append(follows, r)
		}
	}
	if follows == nil {
		return Message{}, 0, nil, WrongHMAC
	}
	return m, n, follows, None
}
