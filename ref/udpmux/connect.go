package udpmux

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

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
