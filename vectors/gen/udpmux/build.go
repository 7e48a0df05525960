package udpmux

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// What stands in the inputs is built here, without conformance/wire/udpmux, which is to read it.

// What the page's examples have.
const (
	exampleText = "AAECAwQFBgcICQoLDA0ODw"
	exampleK    = "000102030405060708090a0b0c0d0e0f"
	exampleS    = "f95e7a8175f3969eda795847755f2fccbcf071d68c52bbe24925ad44b4ff90ba"
	exampleT    = "8b29225feb1f6e8c8a70484d36c941"
)

// unhex gives the bytes of digits, which may have blanks between them.
func unhex(digits string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		panic(err)
	}
	return string(b)
}

func repeat(s string, times int) string { return strings.Repeat(s, times) }

// toClient is the direction's bit.
const toClient = 1 << 63

// mosh is a P of n bytes, as far as this protocol knows: the number, and what stands for ciphertext and tag.
func mosh(number uint64, n int) string {
	p := string(binary.BigEndian.AppendUint64(nil, number)) + repeat("ciphertext & tag", n/16+1)
	return p[:n]
}

// withFirst is p with another first byte.
func withFirst(p string, first byte) string { return one(first) + p[1:] }

// short is a field of 2 bytes.
func short(n int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(n))) }

// one is a string of one byte, which may be no character.
func one(b byte) string { return string([]byte{b}) }

// frame is one whose L is right.
func frame(kind byte, body string) string { return lengthened(1+len(body), kind, body) }

// lengthened is a frame that says L, right or not.
func lengthened(L int, kind byte, body string) string { return short(L) + one(kind) + body }

// example is the page's CONNECT line.
const example = "MOSH CONNECT 60000 " + exampleText + "\n"

// connecting is the example's line with another number.
func connecting(n string) string { return "MOSH CONNECT " + n + " " + exampleText + "\n" }

// registering is a REGISTER with the example's S.
func registering(modes byte, port int) string {
	return frame(register, one(modes)+short(port)+unhex(exampleS))
}

// refusing is an ERROR.
func refusing(code byte, text string) string { return frame(failure, one(code)+text) }

// The page's types.
const (
	hello, welcome, register, registered, failure, list, listed = 1, 2, 3, 4, 5, 6, 7
)

// everyByte holds each byte value once.
func everyByte() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}
