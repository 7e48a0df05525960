package udpmux

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
	ref "github.com/muxspec/muxspec/ref/udpmux"
)

// readKey reads K's text with both, and derives with both.
func readKey(text []byte) error {
	w, f := wire.ReadK(text)
	r, err := ref.ParseKey(string(text))
	if err := differ(text, [16]byte(w), r, f, err); err != nil || f != wire.None {
		return err
	}
	if again, refAgain := wire.WriteK(w), ref.AppendKey(nil, r); again != string(text) || string(refAgain) != again {
		return fmt.Errorf("%q is written again as %q and %q", text, again, refAgain)
	}
	S := ref.RegistrationKey(r)
	return errors.Join(differ(text, [32]byte(wire.DeriveS(w)), S, f, nil),
		differ(text, [15]byte(wire.DeriveT(S)), ref.TokenOf(S), f, nil))
}

// readConnect reads a line with both.
func readConnect(line []byte) error {
	port, k, f := wire.ReadConnectLine(line)
	refPort, K, err := ref.ParseConnect(string(line))
	if err := errors.Join(differ(line, port, refPort, f, err), differ(line, [16]byte(k), K, f, err)); err != nil ||
		f != wire.None {
		return err
	}
	return writeConnect(uint64(port), k)
}

// writeConnect writes the line with both.
func writeConnect(n uint64, k wire.K) error {
	return differ(n, wire.WriteConnect([]byte("prefix"), n, k), ref.AppendConnect([]byte("prefix"), n, k),
		wire.None, nil)
}

// readNumber reads the client's last argument with both.
func readNumber(argument []byte) error {
	n, port := wire.ReadN(argument)
	mode, refPort, err := ref.ParseNumber(string(argument))
	want, f := ref.Mode(0), wire.Fault(n)
	switch n {
	case wire.PlainN:
		want, f = ref.Learn, wire.None
	case wire.TokenN:
		want, f = ref.Token, wire.None
		if again := strconv.FormatUint(ref.TokenNumber(port),
			10); again != string(argument) || wire.WriteTokenN(port) != ref.TokenNumber(port) {
			return fmt.Errorf("%q is written again as %s", argument, again)
		}
	}
	return errors.Join(differ(argument, want, mode, f, err), differ(argument, port, refPort, f, err))
}

// readColours answers -c with both, and reads any argument of it.
func readColours(b []byte) error {
	if w, r := wire.WriteColours(b, false), ref.Colours(string(b)); w != r || !ref.HasAgent(r) {
		return fmt.Errorf("%q is answered by %q and %q", b, w, r)
	}
	if w, r := wire.ReadColours(b), ref.HasAgent(string(b)); w != r {
		return fmt.Errorf("%q is the signal: conformance/wire %t, ref %t", b, w, r)
	}
	return nil
}

// readText reads b as everything that is text.
func readText(b []byte) error {
	err := errors.Join(readKey(b), readNumber(b), readColours(b))
	for line := range bytes.Lines(b) {
		err = errors.Join(err, readConnect(bytes.TrimSuffix(line, []byte("\n"))))
	}
	return errors.Join(err, readConnect(append([]byte("MOSH CONNECT "), bytes.ReplaceAll(b, []byte("\n"), nil)...)))
}
