package hmacsocket

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestReadInit(t *testing.T) {
	n32, n64 := strings.Repeat("5a", 32), strings.Repeat("a5", 64)
	for _, test := range []struct {
		sentence, hash, in string
		ended              bool
		ml                 uint32
		n                  int
		fault              Fault
	}{
		{"the example", "sha256", exampleInit, false, exampleML, 38, None},
		{"LH of a longer hash", "sha512", "0040 00000001" + n64, false, 1, 70, None},
		{"two hashes of the same LH cannot be told apart", "blake3", exampleInit, false, exampleML, 38, None},
		{"1 or more: the most", "sha256", "0020 ffffffff" + n32, false, 1<<32 - 1, 38, None},
		{"6. the bytes after it belong to what follows", "sha256", "0020 00000001" + n32 + "00", false, 1, 38, None},
		{"6. complete where the input ends", "sha256", "0020 00000001" + n32, true, 1, 38, None},

		{"1. fewer than 2 bytes: 0", "sha256", "", false, 0, 0, Incomplete},
		{"1. fewer than 2 bytes: 1", "sha256", "00", false, 0, 0, Incomplete},
		{"1. fewer than 2 bytes, though the first is wrong", "sha256", "ff", false, 0, 0, Incomplete},
		{"2. the first field is not the reader's LH", "sha256", "0040", false, 0, 0, HashLength},
		{"2. the first field is not the reader's LH: 0", "sha256", "0000", false, 0, 0, HashLength},
		{"2. the first field is not the reader's LH: swapped", "sha256", "2000", false, 0, 0, HashLength},
		{"2. the first field is not the reader's LH: high byte", "sha256", "0120", false, 0, 0, HashLength},
		{"2. the first field is not the reader's LH: shorter", "sha512", exampleInit, false, 0, 0, HashLength},
		{"2. before 4.", "sha256", "0040 00000000" + n64, false, 0, 0, HashLength},
		{"2. before the end", "sha256", "0021", true, 0, 0, HashLength},
		{"3. fewer than 6 bytes: 2", "sha256", "0020", false, 0, 0, Incomplete},
		{"3. fewer than 6 bytes: 5", "sha256", "0020 000000", false, 0, 0, Incomplete},
		{"4. ML is 0", "sha256", "0020 00000000", false, 0, 0, ZeroLimit},
		{"4. ML is 0: with N", "sha256", "0020 00000000" + n32, false, 0, 0, ZeroLimit},
		{"4. before the end", "sha256", "0020 00000000", true, 0, 0, ZeroLimit},
		{"5. fewer than 6 + LH bytes: 6", "sha256", "0020 00000001", false, 0, 0, Incomplete},
		{"5. fewer than 6 + LH bytes: one", "sha256", "0020 00000001" + n32[2:], false, 0, 0, Incomplete},
		{"cut short: no byte", "sha256", "", true, 0, 0, CutShort},
		{"cut short: within LH", "sha256", "00", true, 0, 0, CutShort},
		{"cut short: within ML", "sha256", "0020 000000", true, 0, 0, CutShort},
		{"cut short: within N", "sha256", "0020 00000001" + n32[2:], true, 0, 0, CutShort},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			in := fromHex(t, test.in)
			want := Init{}
			if test.fault == None {
				want = Init{ML: test.ml, N: in[6:test.n]}
			}
			init, n, fault := named(t, test.hash).ReadInit(in, test.ended)
			if !reflect.DeepEqual(init, want) || n != test.n || fault != test.fault {
				t.Errorf("got %+v, %d, %q", init, n, fault)
			}
		})
	}
}

func TestInitPrefixes(t *testing.T) {
	for _, h := range Hashes {
		whole, fault := h.AppendInit(nil, Init{ML: 1, N: steps(h.Length)})
		if fault != None {
			t.Fatalf("%s: %q", h.Name, fault)
		}
		for n := range whole {
			if init, _, fault := h.ReadInit(whole[:n], false); fault != Incomplete || init.N != nil {
				t.Errorf("%s: %d bytes give %+v, %q", h.Name, n, init, fault)
			}
			if _, _, fault := h.ReadInit(whole[:n], true); fault != CutShort {
				t.Errorf("%s: %d bytes and the end give %q", h.Name, n, fault)
			}
		}
	}
}

func TestAppendInit(t *testing.T) {
	h := named(t, "sha256")
	for _, test := range []struct {
		sentence string
		init     Init
		want     string
		fault    Fault
	}{
		{"the example", Init{exampleML, steps(32)}, exampleInit, None},
		{"ML is 0", Init{0, steps(32)}, "", ZeroLimit},
		{"an N that is not LH bytes long: shorter", Init{1, steps(31)}, "", HashLength},
		{"an N that is not LH bytes long: longer", Init{1, steps(33)}, "", HashLength},
		{"an N that is not LH bytes long: none", Init{1, nil}, "", HashLength},
		{"in that order", Init{0, nil}, "", HashLength},
	} {
		got, fault := h.AppendInit([]byte("before"), test.init)
		if want := append([]byte("before"), fromHex(t, test.want)...); !bytes.Equal(got, want) || fault != test.fault {
			t.Errorf("%s: %x, %q", test.sentence, got, fault)
		}
	}
}
