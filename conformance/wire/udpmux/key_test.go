package udpmux

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// "without NUL or line end": "22 and 15 bytes"
func TestLabels(t *testing.T) {
	if len(labelS) != 22 || len(labelT) != 15 {
		t.Errorf("labels have %d and %d bytes", len(labelS), len(labelT))
	}
}

// The page's examples.
func TestKeys(t *testing.T) {
	tests := []struct{ text, k, s, t string }{
		{"AAECAwQFBgcICQoLDA0ODw", "000102030405060708090a0b0c0d0e0f",
			"f95e7a8175f3969eda795847755f2fccbcf071d68c52bbe24925ad44b4ff90ba", "8b29225feb1f6e8c8a70484d36c941"},
		{"8OHSw7Sllod4aVpLPC0eDw", "f0e1d2c3b4a5968778695a4b3c2d1e0f",
			"7fbe806475eeae94f4b6df61613d0e9094df4f93667ecca929c8f72b4d7b8859", "4cb33ee7006fb0234a165676605665"},
		{"AAAAAAAAAAAAAAAAAAAAAA", "00000000000000000000000000000000",
			"c939e47dab3acc89eb29c5807fd035e635e2874e633e830d875ab2cd686b9ca6", "777272b0f547ccbc2c43a4955f2f96"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			k, fault := ReadK([]byte(test.text))
			s := DeriveS(k)
			token := DeriveT(s)
			if hex.EncodeToString(k[:]) != test.k || fault != None {
				t.Errorf("K is %x, %q, want %s", k, fault, test.k)
			}
			if hex.EncodeToString(s[:]) != test.s {
				t.Errorf("S is %x, want %s", s, test.s)
			}
			if hex.EncodeToString(token[:]) != test.t {
				t.Errorf("T is %x, want %s", token, test.t)
			}
			if text := WriteK(k); text != test.text {
				t.Errorf("K's text is %q, want %q", text, test.text)
			}
		})
	}
}

func TestReadKFaults(t *testing.T) {
	const good = "AAECAwQFBgcICQoLDA0ODw"
	tests := []struct {
		sentence string
		text     string
		fault    Fault
	}{
		{"length 0", "", BadLength},
		{"length 21", good[:21], BadLength},
		{"length 23", good + "A", BadLength},
		{"no padding", good + "==", BadLength},
		{"length before character", good + "-", BadLength},
		{"length before tail", "AAECAwQFBgcICQoLDA0OD", BadLength},
		{"length counts bytes", good[:21] + "é", BadLength},
		{"padding in place of characters", good[:20] + "==", BadCharacter},
		{"base64url: -", "-" + good[1:], BadCharacter},
		{"base64url: _", "_" + good[1:], BadCharacter},
		{"blank", " " + good[1:], BadCharacter},
		{"line end", good[:21] + "\n", BadCharacter},
		{"NUL", "\x00" + good[1:], BadCharacter},
		{"é in place of two characters", good[:20] + "é", BadCharacter},
		{"character before tail", "-" + good[1:21] + "B", BadCharacter},
		{"+ and /", "+/" + good[2:], None},
		{"tail: the lowest bit", good[:21] + "x", BadTail},
		{"tail: the highest of four bits", good[:21] + "I", BadTail},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			k, fault := ReadK([]byte(test.text))
			if fault != test.fault || fault != None && k != (K{}) {
				t.Errorf("ReadK(%q) = %x, %q, want %q", test.text, k, fault, test.fault)
			}
		})
	}
}

// Every byte value, first and last.
func TestReadKCharacters(t *testing.T) {
	const chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	rest := strings.Repeat("A", 21)
	for c := range 256 {
		known := strings.IndexByte(chars, byte(c)) >= 0
		first, last := BadCharacter, BadCharacter
		switch {
		case known && strings.IndexByte("AQgw", byte(c)) >= 0:
			first, last = None, None
		case known:
			first, last = None, BadTail
		}
		if _, fault := ReadK(append([]byte{byte(c)}, rest...)); fault != first {
			t.Errorf("%#x first: %q, want %q", c, fault, first)
		}
		if _, fault := ReadK(append([]byte(rest), byte(c))); fault != last {
			t.Errorf("%#x last: %q, want %q", c, fault, last)
		}
	}
}

func TestKIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := K(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "K"))
		text := WriteK(k)
		if want := base64.RawStdEncoding.EncodeToString(k[:]); text != want {
			t.Fatalf("K's text is %q, want %q", text, want)
		}
		if got, fault := ReadK([]byte(text)); got != k || fault != None {
			t.Fatalf("ReadK(%q) = %x, %q", text, got, fault)
		}
	})
}

// Among texts of the right length and characters a reader takes those, and only those, that a writer writes.
func TestKHasOneText(t *testing.T) {
	char := rapid.SampledFrom([]byte(alphabet))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(char, 22, 22).Draw(t, "text")
		k, fault := ReadK(text)
		want, err := base64.RawStdEncoding.Strict().DecodeString(string(text))
		if (fault == None) != (err == nil) || err == nil && k != K(want) {
			t.Fatalf("ReadK(%q) = %x, %q, want %x, %v", text, k, fault, want, err)
		}
	})
}
