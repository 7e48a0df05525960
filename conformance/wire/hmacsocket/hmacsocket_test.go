package hmacsocket

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
)

// fromHex reads digits between which blanks may stand, as the page's examples have them.
func fromHex(t *testing.T, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// steps gives the n bytes 0x00, 0x01, …
func steps(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// named gives a hash that there is.
func named(t *testing.T, name string) Hash {
	t.Helper()
	h, ok := HashNamed(name)
	if !ok {
		t.Fatalf("there is no hash %s", name)
	}
	return h
}

// example is the direction of section 1.4, exampleInit the Init and exampleMessages the messages there.
func example(t *testing.T) Direction {
	return Direction{Hash: named(t, "sha256"), K: []byte("secret"), N: steps(32)}
}

const (
	exampleInit     = "0020 00100000 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	exampleMessages = "" +
		"00000005 65f9e873341f85ddb1e4ab2f804289c0ee85e057d46319f8276b7764dfa69eea 68656c6c6f" +
		"00000005 03557726e8b1166a3d19308869ebbc3d936c86f58aa8a7e41dc6508f41978475 776f726c64" +
		"00000000 8a055c48274b273e15f337149429d06adef99f3744c26638f4c92a075fe4013e 20 02 6e6f"
	exampleML = 1 << 20
)

func TestHashes(t *testing.T) {
	// The published hashes of "abc".
	for name, want := range map[string]string{
		"sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha512": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
			"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
		"sha512-256":  "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
		"blake2b-256": "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
		"blake3":      "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
	} {
		h := named(t, name)
		if got := h.Sum([]byte("ab"), nil, []byte("c")); hex.EncodeToString(got) != want {
			t.Errorf("%s of abc is %x", name, got)
		}
	}
	for _, h := range Hashes {
		if got := h.new(); got.Size() != h.Length || got.BlockSize() != h.Block {
			t.Errorf("%s has an output of %d and a block of %d bytes", h.Name, got.Size(), got.BlockSize())
		}
	}
	if len(Hashes) != 5 {
		t.Errorf("the page has 5 hashes, not %d", len(Hashes))
	}
	if h, ok := HashNamed("md5"); ok {
		t.Errorf("there is a hash %s", h.Name)
	}
}

func TestHMAC(t *testing.T) {
	// RFC 4231, test cases 1, 2 and 6.
	for _, test := range []struct{ key, text, want string }{
		{strings.Repeat("\x0b", 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{strings.Repeat("\xaa", 131), "Test Using Larger Than Block-Size Key - Hash Key First",
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	} {
		if got := named(t, "sha256").HMAC([]byte(test.key), []byte(test.text)); hex.EncodeToString(got) != test.want {
			t.Errorf("HMAC(%q, %q) = %x", test.key, test.text, got)
		}
	}
	for _, h := range Hashes {
		for _, length := range []int{1, 63, 64, 65, 127, 128, 129, 5000} {
			key := bytes.Repeat([]byte("k\x00\n\xff"), length)[:length]
			standard := hmac.New(h.new, key)
			standard.Write([]byte("text"))
			if got := h.HMAC(key, []byte("te"), []byte("xt")); !bytes.Equal(got, standard.Sum(nil)) {
				t.Errorf("%s: HMAC with a key of %d bytes is %x", h.Name, length, got)
			}
		}
	}
}

func TestAdd(t *testing.T) {
	for _, test := range []struct{ sentence, base, i, want string }{
		{"the first is number 0", "00fe", "0", "00fe"},
		{"the sum", "00fe", "1", "00ff"},
		{"big endian", "0102", "256", "0202"},
		{"carries to the byte before it", "00ff", "1", "0100"},
		{"carries from each byte", "00ffff", "1", "010000"},
		{"carries once only", "00feff", "1", "00ff00"},
		{"wraps to zero at the top", "ffff", "1", "0000"},
		{"wraps at the top: after zero", "ffff", "3", "0002"},
		{"wraps at the top: i alone", "0001", "65535", "0000"},
		{"wraps at the top: i is longer", "0001", "65536", "0001"},
		{"wraps at the top: i is far longer", "0001", "1208925819614629174706178", "0003"},
		{"i has more than one byte", "00000000ffffffff", "18446744069414584321", "0000000000000000"},
	} {
		i, _ := new(big.Int).SetString(test.i, 10)
		if got := Add(fromHex(t, test.base), i); hex.EncodeToString(got) != test.want {
			t.Errorf("%s: %s + %s = %x, want %s", test.sentence, test.base, test.i, got, test.want)
		}
		if i.String() != test.i {
			t.Errorf("Add made %s of i", i)
		}
	}
}

// TestAddCounts goes through all sums of two bytes one by one.
func TestAddCounts(t *testing.T) {
	for base := range 1 << 16 {
		in := []byte{byte(base >> 8), byte(base)}
		got := Add(in, big.NewInt(255))
		if want := (base + 255) & 0xFFFF; int(got[0])<<8|int(got[1]) != want {
			t.Fatalf("%x + 255 = %x", in, got)
		}
	}
}

func TestExampleCN(t *testing.T) {
	d := example(t)
	if got := d.Base(); hex.EncodeToString(got) != "033cb491f12968cfd4d9cb74d599ffdccd3c4215a00a49b84330a7642cfd9daf" {
		t.Errorf("Hash(N | K) is %x", got)
	}
	for i, end := range []string{"2cfd9daf", "2cfd9db0"} {
		if got := hex.EncodeToString(d.CN(big.NewInt(int64(i)))); !strings.HasSuffix(got, end) {
			t.Errorf("CN(%d) is %s", i, got)
		}
	}
}
