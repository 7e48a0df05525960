package udpmux

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
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

// ParseClient reads a client's datagram; P is a part of D. It fails with [ErrEmpty], [ErrShortHeader], [ErrReserved]
// or a fault of P.
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

// ParseBackend checks a backend's datagram (2.3). It fails with [ErrTooShort], [ErrTooLong] or [ErrWrongDirection].
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

const connectPrefix = "MOSH CONNECT "

// AppendConnect appends the line that tells mosh where the session is and what its key is, with its LF
// (docs/udpmux-agents.md, section 1). N is the external port or [TokenNumber] of it.
func AppendConnect(b []byte, N uint64, K [16]byte) []byte {
	b = append(strconv.AppendUint(append(b, connectPrefix...), N, 10), ' ')
	return append(AppendKey(b, K), '\n')
}

// ParseConnect reads a line of mosh-server's output. It fails with [ErrNotConnect], after which the next line may be
// tried, with [ErrBadNumber] or with [ErrBadKey].
func ParseConnect(line string) (port uint16, K [16]byte, err error) {
	rest, ok := strings.CutPrefix(strings.TrimRight(strings.TrimSuffix(line, "\n"), " \t\r"), connectPrefix)
	if !ok {
		return 0, K, ErrNotConnect
	}
	n := digits(rest)
	if n == 0 || n == len(rest) || rest[n] != ' ' {
		return 0, K, ErrBadNumber
	}
	K, err = ParseKey(rest[n+1:])
	if err != nil {
		return 0, K, fmt.Errorf("%w: %w", ErrBadKey, err)
	}
	N, err := strconv.ParseUint(rest[:n], 10, 16)
	if err != nil || N == 0 {
		return 0, [16]byte{}, ErrBadNumber
	}
	return uint16(N), K, nil
}

// digits is how many digits s begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// TokenNumber is N for token mode (section 2). For learn mode N is the port.
func TokenNumber(port uint16) uint64 { return tokenBase + uint64(port) }

// ParseNumber reads the client's last argument: [Token], or [Learn] for a plain port. It fails with [ErrNotNumber] or
// [ErrUnknownNumber].
func ParseNumber(text string) (mode Mode, port uint16, err error) {
	if text == "" || digits(text) != len(text) {
		return 0, 0, ErrNotNumber
	}
	N, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err == nil && 0 < N && N <= 65535:
		return Learn, uint16(N), nil
	case err == nil && len(text) == 11 && N > tokenBase && N <= tokenBase+65535:
		return Token, uint16(N - tokenBase), nil
	}
	return 0, 0, ErrUnknownNumber
}

// Colours is what the client agent answers to -c, where the real client printed output (section 3).
func Colours(output string) string {
	text := strings.TrimSuffix(output, "\n")
	if digits(text) != len(text) {
		text = ""
	}
	return "0" + cmp.Or(strings.TrimLeft(text, "0"), "0")
}

// HasAgent says whether -c's argument, as the session agent gets it, means that the client has the client agent.
func HasAgent(colours string) bool {
	return len(colours) >= 2 && colours[0] == '0' && digits(colours) == len(colours)
}
