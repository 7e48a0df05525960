package udpmux

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// A Header is what comes before P in a client's datagram (section 2.2).
type Header struct {
	Mode Mode     // exactly one
	T    [15]byte // if Token
	Port uint16   // if Port
}

// AppendClient appends a client's datagram. It fails with [ErrBadPort] or a fault of P: [ErrTooShort], [ErrTooLong],
// [ErrWrongDirection].
//
//	P   or   0x01 | T, 15 bytes | P   or   port u16 >= 1024 | P
func AppendClient(b []byte, h Header, P []byte) ([]byte, error) {
	if h.Mode == Port && h.Port < MinPort {
		return b, ErrBadPort
	}
	if err := checkP(P, 0); err != nil {
		return b, err
	}
	switch h.Mode {
	case Token:
		b = append(append(b, 0x01), h.T[:]...)
	case Port:
		b = binary.BigEndian.AppendUint16(b, h.Port)
	}
	return append(b, P...), nil
}

// ParseClient reads a client's datagram; P is a part of D. It fails with [ErrEmpty], [ErrShortHeader], [ErrReserved] or
// a fault of P.
func ParseClient(D []byte) (h Header, P []byte, err error) {
	if len(D) == 0 {
		return h, nil, ErrEmpty
	}
	n := 0
	switch form := D[0]; {
	case form == 0:
		h.Mode = Learn
	case form == 1:
		h.Mode, n = Token, 16
	case form < MinPort>>8:
		return h, nil, ErrReserved
	default:
		h.Mode, n = Port, 2
	}
	if len(D) < n {
		return h, nil, ErrShortHeader
	}
	switch h.Mode {
	case Token:
		h.T = [15]byte(D[1:16])
	case Port:
		h.Port = binary.BigEndian.Uint16(D)
	}
	return h, D[n:], checkP(D[n:], 0)
}

// ParseBackend checks a backend's datagram. It fails with [ErrTooShort], [ErrTooLong] or [ErrWrongDirection] (section
// 2.3).
func ParseBackend(P []byte) error { return checkP(P, 0x80) }

// checkP: a client's P begins with 0x00, since no client counts to 2^56; a backend's only shows its direction.
func checkP(P []byte, direction byte) error {
	switch {
	case len(P) < MinP:
		return ErrTooShort
	case len(P) > MaxP:
		return ErrTooLong
	case P[0] != direction && (direction == 0 || P[0] < direction):
		return ErrWrongDirection
	}
	return nil
}

// Nonce is a client's P's number.
func Nonce(P []byte) uint64 { return binary.BigEndian.Uint64(P) }

// RegistrationKey is S of K (section 2.4).
func RegistrationKey(K [16]byte) (S [32]byte) {
	return [32]byte(derive(K[:], "udpmux registration v1"))
}

// TokenOf is T of S.
func TokenOf(S [32]byte) (T [15]byte) { return [15]byte(derive(S[:], "udpmux token v1")) }

func derive(key []byte, label string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(label))
	return h.Sum(nil)
}

// AppendKey appends K's text, 22 characters of base64.
func AppendKey(b []byte, K [16]byte) []byte { return base64.RawStdEncoding.AppendEncode(b, K[:]) }

// ParseKey reads K's text. It fails with [ErrBadLength], [ErrBadCharacter] or [ErrBadTail].
func ParseKey(text string) (K [16]byte, err error) {
	if len(text) != 22 {
		return K, ErrBadLength
	}
	n, err := base64.RawStdEncoding.Decode(K[:], []byte(text))
	switch {
	case err != nil || n < len(K): // base64 skips line ends
		return [16]byte{}, ErrBadCharacter
	case string(AppendKey(nil, K)) != text:
		return [16]byte{}, ErrBadTail
	}
	return K, nil
}
