package udpmux

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
)

// K is the session's key, S the registration key, T the token. (Section 2.4.)
type (
	K [16]byte
	S [32]byte
	T [15]byte
)

// The labels are ASCII, without NUL or line end. (Section 2.4.)
const (
	labelS = "udpmux registration v1" // 22 bytes
	labelT = "udpmux token v1"        // 15 bytes
)

// DeriveS is S = HMAC-SHA256(K, "udpmux registration v1"). (Section 2.4.)
func DeriveS(k K) S {
	return S(hmacSHA256(k[:], labelS))
}

// DeriveT is T = HMAC-SHA256(S, "udpmux token v1")[0:15]. (Section 2.4.)
func DeriveT(s S) T {
	return T(hmacSHA256(s[:], labelT)[0:15])
}

func hmacSHA256(key []byte, message string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(message))
	return mac.Sum(nil)
}

// alphabet has base64's characters in the order of their values, 0 … 63.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// ReadK reads K's text: 22 characters of base64, without padding. Its length counts bytes. (Section 2.4.)
func ReadK(text []byte) (K, Fault) {
	if len(text) != 22 {
		return K{}, BadLength
	}
	var bits []byte // 6 for each character, 132 in all: K's 128, then 4 that are 0
	for _, c := range text {
		value := strings.IndexByte(alphabet, c)
		if value < 0 {
			return K{}, BadCharacter
		}
		for i := 5; i >= 0; i-- {
			bits = append(bits, byte(value>>i&1))
		}
	}
	if strings.IndexByte("AQgw", text[21]) < 0 { // "whose low four bits are 0"
		return K{}, BadTail
	}
	var k K
	for i := range k {
		for _, bit := range bits[8*i : 8*i+8] {
			k[i] = k[i]<<1 | bit
		}
	}
	return k, None
}

// WriteK is K's text. (Section 2.4.)
func WriteK(k K) string {
	var bits []byte
	for _, c := range k {
		for i := 7; i >= 0; i-- {
			bits = append(bits, c>>i&1)
		}
	}
	bits = append(bits, 0, 0, 0, 0)
	var text []byte
	for ; len(bits) > 0; bits = bits[6:] {
		value := 0
		for _, bit := range bits[:6] {
			value = value<<1 | int(bit)
		}
		text = append(text, alphabet[value])
	}
	return string(text)
}
