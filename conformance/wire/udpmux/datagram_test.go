package udpmux

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// mosh is a P of n bytes that begins with first; its bytes differ, so that one that is lost or moved is seen.
func mosh(first byte, n int) string {
	p := []byte{first}
	for i := 1; i < n; i++ {
		p = append(p, byte(i))
	}
	return string(p[:n])
}

// token is the T of the datagrams in the tables.
const token = "\x8b\x29\x22\x5f\xeb\x1f\x6e\x8c\x8a\x70\x48\x4d\x36\xc9\x41"

var readClientTests = []struct {
	sentence string
	in       string
	form     Form
	port     uint16
	p        string
	fault    Fault
}{
	{"1. no byte", "", "", 0, "", Empty},
	{"2. learn, P is D", mosh(0, 24), Learn, 0, mosh(0, 24), None},
	{"2. learn, 60 bytes", mosh(0, 60), Learn, 0, mosh(0, 60), None},
	{"3. token", "\x01" + token + mosh(0, 24), Token, 0, mosh(0, 24), None},
	{"3. fewer than 16 bytes: 1", "\x01", "", 0, "", ShortHeader},
	{"3. fewer than 16 bytes: 15", "\x01" + token[:14], "", 0, "", ShortHeader},
	{"3. 16 bytes, P has none", "\x01" + token, "", 0, "", TooShort},
	{"4. 0x02", "\x02" + token + mosh(0, 24), "", 0, "", Reserved},
	{"4. 0x03", "\x03" + token + mosh(0, 24), "", 0, "", Reserved},
	{"4. before 6.: 0x02 alone", "\x02", "", 0, "", Reserved},
	{"5. port: 1024", "\x04\x00" + mosh(0, 24), Port, 1024, mosh(0, 24), None},
	{"5. port: 33418", "\x82\x8a" + mosh(0, 24), Port, 33418, mosh(0, 24), None},
	{"5. port: 65535", "\xff\xff" + mosh(0, 24), Port, 65535, mosh(0, 24), None},
	{"5. fewer than 2 bytes", "\x04", "", 0, "", ShortHeader},
	{"5. fewer than 2 bytes: 0xff", "\xff", "", 0, "", ShortHeader},
	{"5. 2 bytes, P has none", "\x04\x00", "", 0, "", TooShort},
	{"6. learn", mosh(0, 23), "", 0, "", TooShort},
	{"6. learn: 1", "\x00", "", 0, "", TooShort},
	{"6. token", "\x01" + token + mosh(0, 23), "", 0, "", TooShort},
	{"6. port", "\x04\x00" + mosh(0, 23), "", 0, "", TooShort},
	{"6. before 8.", "\x01" + token + mosh(1, 23), "", 0, "", TooShort},
	{"7. not yet: learn", mosh(0, 2048), Learn, 0, mosh(0, 2048), None},
	{"7. not yet: token, at most 2064 bytes", "\x01" + token + mosh(0, 2048), Token, 0, mosh(0, 2048), None},
	{"7. not yet: port", "\x04\x00" + mosh(0, 2048), Port, 1024, mosh(0, 2048), None},
	{"7. learn", mosh(0, 2049), "", 0, "", TooLong},
	{"7. token, 2065 bytes", "\x01" + token + mosh(0, 2049), "", 0, "", TooLong},
	{"7. port", "\x04\x00" + mosh(0, 2049), "", 0, "", TooLong},
	{"7. before 8.", "\x01" + token + mosh(1, 2049), "", 0, "", TooLong},
	{"8. token: to the client", "\x01" + token + mosh(0x80, 24), "", 0, "", WrongDirection},
	{"8. token: a token again", "\x01" + token + mosh(0x01, 24), "", 0, "", WrongDirection},
	{"8. port: to the client", "\x04\x00" + mosh(0x80, 24), "", 0, "", WrongDirection},
	{"8. port: nonce of 2^62", "\x04\x00" + mosh(0x40, 24), "", 0, "", WrongDirection},
}

func TestReadClient(t *testing.T) {
	for _, test := range readClientTests {
		t.Run(test.sentence, func(t *testing.T) {
			got, fault := ReadClient([]byte(test.in))
			tok := ""
			if got.Form == Token {
				tok = string(got.T[:])
			}
			if got.Form != test.form || got.Port != test.port || string(got.P) != test.p || fault != test.fault {
				t.Errorf("%x: %+v, %q, want %q, %d, %x, %q", test.in, got, fault, test.form,
					test.port, test.p, test.fault)
			}
			if fault != None && (got.P != nil || got.T != T{}) || got.Form == Token && tok != token {
				t.Errorf("%x: %+v, %q", test.in, got, fault)
			}
		})
	}
}

// "the first byte tells the modes apart"
func TestReadClientFirstByte(t *testing.T) {
	for first := range 256 {
		d := append([]byte{byte(first)}, make([]byte, 63)...)
		want, wantFault := Port, None
		switch first {
		case 0:
			want = Learn
		case 1:
			want = Token
		case 2, 3:
			want, wantFault = "", Reserved
		}
		if got, fault := ReadClient(d); got.Form != want || fault != wantFault ||
			want == Port && got.Port != uint16(first)<<8 {
			t.Errorf("%#x: %q, %d, %q", first, got.Form, got.Port, fault)
		}
	}
}

func TestWriteClient(t *testing.T) {
	tests := []struct {
		sentence string
		port     uint16
		p        string
		fault    Fault // of all forms
		portOnly Fault // of form port, where that differs
	}{
		{"24 bytes", 1024, mosh(0, 24), None, None},
		{"2048 bytes", 65535, mosh(0, 2048), None, None},
		{"bad port", 1023, mosh(0, 24), None, BadPort},
		{"bad port: 0", 0, mosh(0, 24), None, BadPort},
		{"bad port before too short", 1023, "", TooShort, BadPort},
		{"too short: no byte", 1024, "", TooShort, None},
		{"too short before wrong direction", 1024, mosh(1, 23), TooShort, None},
		{"too long before wrong direction", 1024, mosh(1, 2049), TooLong, None},
		{"wrong direction", 1024, mosh(0x80, 24), WrongDirection, None},
		{"wrong direction: 1", 1024, mosh(1, 24), WrongDirection, None},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			got, fault := WriteLearn([]byte("before"), []byte(test.p))
			checkWritten(t, got, fault, test.p, test.fault)
			got, fault = WriteToken([]byte("before"), T([]byte(token)), []byte(test.p))
			checkWritten(t, got, fault, "\x01"+token+test.p, test.fault)
			want := test.fault
			if test.portOnly != None {
				want = test.portOnly
			}
			got, fault = WritePort([]byte("before"), test.port, []byte(test.p))
			checkWritten(t, got, fault, string([]byte{byte(test.port >> 8), byte(test.port)})+test.p, want)
		})
	}
}

// checkWritten wants b, which was "before", unchanged with a fault.
func checkWritten(t *testing.T, got []byte, fault Fault, want string, wantFault Fault) {
	t.Helper()
	if wantFault != None {
		want = ""
	}
	if string(got) != "before"+want || fault != wantFault {
		t.Errorf("got %x, %q, want %x, %q", got, fault, "before"+want, wantFault)
	}
}

func TestBackend(t *testing.T) {
	tests := []struct {
		sentence string
		p        string
		fault    Fault
	}{
		{"24 bytes", mosh(0x80, 24), None},
		{"2048 bytes", mosh(0x80, 2048), None},
		{"bit 7 alone counts", mosh(0xff, 24), None},
		{"too short: no byte", "", TooShort},
		{"too short", mosh(0x80, 23), TooShort},
		{"too short before wrong direction", mosh(0, 23), TooShort},
		{"too long", mosh(0x80, 2049), TooLong},
		{"too long before wrong direction", mosh(0, 2049), TooLong},
		{"wrong direction", mosh(0, 24), WrongDirection},
		{"wrong direction: 0x7f", mosh(0x7f, 24), WrongDirection},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			if fault := ReadBackend([]byte(test.p)); fault != test.fault {
				t.Errorf("ReadBackend(%x) is %q, want %q", test.p, fault, test.fault)
			}
			got, fault := WriteBackend([]byte("before"), []byte(test.p))
			checkWritten(t, got, fault, test.p, test.fault)
		})
	}
}

func TestP(t *testing.T) {
	rest := strings.Repeat("x", 16)
	tests := []struct {
		sentence  string
		p         string
		direction Direction
		nonce     uint64
		fault     Fault
	}{
		{"to the server, from 0", "\x00\x00\x00\x00\x00\x00\x00\x00" + rest, ToServer, 0, None},
		{"to the client, from 0", "\x80\x00\x00\x00\x00\x00\x00\x00" + rest, ToClient, 0, None},
		{"big endian", "\x01\x02\x03\x04\x05\x06\x07\x08" + rest, ToServer, 0x0102030405060708, None},
		{"the lower 63 bits", "\xff\xff\xff\xff\xff\xff\xff\xfe" + rest, ToClient, 1<<63 - 2, None},
		{"too short", "\x80\x00\x00\x00\x00\x00\x00\x01" + rest[1:], 0, 0, TooShort},
		{"too long", "\x80\x00\x00\x00\x00\x00\x00\x01" + strings.Repeat("x", 2041), 0, 0, TooLong},
	}
	for _, test := range tests {
		t.Run(test.sentence, func(t *testing.T) {
			direction, nonce, fault := ReadP([]byte(test.p))
			if direction != test.direction || nonce != test.nonce || fault != test.fault {
				t.Errorf("ReadP(%x) = %d, %d, %q", test.p, direction, nonce, fault)
			}
			got, fault := WriteP([]byte("before"), test.direction, test.nonce, []byte(test.p[8:]))
			checkWritten(t, got, fault, test.p, test.fault)
		})
	}
}

// What is written is read back, by the other side's reader too where it is not to be.
func TestDatagramsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nonce := rapid.Uint64Range(0, 1<<56-1).Draw(t, "nonce")
		rest := rapid.SliceOfN(rapid.Byte(), 16, 2040).Draw(t, "rest")
		tok := T(rapid.SliceOfN(rapid.Byte(), 15, 15).Draw(t, "T"))
		port := rapid.Uint16Min(1024).Draw(t, "port")
		p, fault := WriteP(nil, ToServer, nonce, rest)
		direction, gotNonce, readFault := ReadP(p)
		if fault != None || readFault != None || direction != ToServer || gotNonce != nonce ||
			!bytes.Equal(p[8:], rest) {
			t.Fatalf("%x, %q: %d, %d, %q", p, fault, direction, gotNonce, readFault)
		}
		if ReadBackend(p) != WrongDirection {
			t.Fatalf("%x comes from a backend", p)
		}
		d, fault := WriteLearn(nil, p)
		checkReadBack(t, d, fault, Datagram{Form: Learn, P: p})
		d, fault = WriteToken(nil, tok, p)
		checkReadBack(t, d, fault, Datagram{Form: Token, T: tok, P: p})
		d, fault = WritePort(nil, port, p)
		checkReadBack(t, d, fault, Datagram{Form: Port, Port: port, P: p})
	})
}

func checkReadBack(t *rapid.T, d []byte, fault Fault, want Datagram) {
	got, readFault := ReadClient(d)
	same := got.Form == want.Form && got.T == want.T && got.Port == want.Port && bytes.Equal(got.P, want.P)
	if fault != None || readFault != None || !same || cap(got.P) != len(got.P) {
		t.Fatalf("%x, %q: %+v, %q, want %+v", d, fault, got, readFault, want)
	}
}
