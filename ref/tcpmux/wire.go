package tcpmux

// A Reply answers a request. Sign is [Positive] or [Negative], Explanation may be empty.
type Reply struct {
	Sign        byte
	Explanation string
}

// AppendRequest appends the request for name, of at most max bytes, to b, or says why it cannot be a name.
//
//	name (1 … max bytes without NUL, CR, LF) CR LF
func AppendRequest(b []byte, name string, max int) ([]byte, error) {
	if name == "" {
		return b, ErrEmptyName
	}
	return appendLine(b, name, max)
}

// ParseRequest reads the request at the beginning of b, which takes n bytes.
func ParseRequest(b []byte, max int) (name string, n int, err error) {
	if n, err = parseLine(b, max); err != nil {
		return "", 0, err
	}
	if n == len("\r\n") {
		return "", 0, ErrEmptyName
	}
	return string(b[:n-2]), n, nil
}

// AppendReply appends r, whose explanation has at most max bytes, to b.
//
//	sign ('+' or '-') explanation (0 … max bytes without NUL, CR, LF) CR LF
func AppendReply(b []byte, r Reply, max int) ([]byte, error) {
	if r.Sign != Positive && r.Sign != Negative {
		return b, ErrBadSign
	}
	out, err := appendLine(append(b, r.Sign), r.Explanation, max)
	if err != nil {
		return b, err
	}
	return out, nil
}

// ParseReply reads the reply at the beginning of b, which takes n bytes.
func ParseReply(b []byte, max int) (r Reply, n int, err error) {
	if len(b) == 0 {
		return Reply{}, 0, ErrIncomplete
	}
	if b[0] != Positive && b[0] != Negative {
		return Reply{}, 0, ErrBadSign
	}
	if n, err = parseLine(b[1:], max); err != nil {
		return Reply{}, 0, err
	}
	return Reply{b[0], string(b[1 : n-1])}, 1 + n, nil
}

// AppendList appends the answer to HELP that lists names, each of at most max bytes, to b.
//
//	name CR LF name CR LF …, then the connection ends
func AppendList(b []byte, names []string, max int) (out []byte, err error) {
	out = b
	for i, name := range names {
		if i == 0 && name != "" && (name[0] == Positive || name[0] == Negative) {
			return b, ErrBadSign // a reader would take it for an introduction or a refusal
		}
		if out, err = AppendRequest(out, name, max); err != nil {
			return b, err
		}
	}
	return out, nil
}

// ParseList reads the answer to HELP: all that came until the connection ended. An introduction in the first line is
// left out; a refusal there is a [RefusedError].
func ParseList(b []byte, max int) (names []string, err error) {
	for first := true; len(b) > 0; first = false {
		var name string
		var r Reply
		var n int
		if first && (b[0] == Positive || b[0] == Negative) {
			if r, n, err = ParseReply(b, max); r.Sign == Negative {
				return nil, RefusedError(r.Explanation)
			}
		} else if name, n, err = ParseRequest(b, max); err == nil {
			names = append(names, name)
		}
		if err == ErrIncomplete {
			return nil, ErrCutShort // no more will come
		} else if err != nil {
			return nil, err
		}
		b = b[n:]
	}
	return names, nil
}

// appendLine is parseLine's inverse.
func appendLine(b []byte, text string, max int) ([]byte, error) {
	out := append(append(b, text...), "\r\n"...)
	n, err := parseLine(out[len(b):], max)
	if err == nil && n != len(text)+2 {
		err = ErrBadByte // CR LF within the text
	}
	if err != nil {
		return b, err
	}
	return out, nil
}

// parseLine finds the first line of b, whose text is b[:n-2]. The first fault in byte order decides (docs/tcpmux.md,
// section 1.1); with [ErrIncomplete], more bytes are needed.
func parseLine(b []byte, max int) (n int, err error) {
	for i, c := range b {
		switch {
		case c == '\r' && i+1 == len(b):
			return 0, ErrIncomplete
		case c == '\r' && b[i+1] == '\n':
			return i + 2, nil
		case c == '\r' || c == '\n' || c == 0:
			return 0, ErrBadByte
		case i >= max:
			return 0, ErrTooLong
		}
	}
	return 0, ErrIncomplete
}

// Fold gives the form in which names of the same service are equal: A to Z as a to z, all other bytes as they are
// (TCPMUX-8, -9, -31).
func Fold(name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}
