package hmacsocket

import (
	"bytes"
	"math/big"
	"reflect"
	"strings"
	"testing"
)

func TestAppendChunk(t *testing.T) {
	d := example(t)
	for _, test := range []struct {
		sentence, data string
		ml             uint32
		fault          Fault
	}{
		{"1 byte", "x", 1, None},
		{"as much as ML", "hello", 5, None},
		{"a Chunk without D", "", 5, Empty},
		{"more D than ML", "hello!", 5, TooLong},
		{"more D than ML: 1", "he", 1, TooLong},
	} {
		got, fault := d.AppendChunk([]byte("before"), []byte(test.data), test.ml, zero)
		if fault != test.fault || (fault != None) != (string(got) == "before") {
			t.Errorf("%s: %q, %q", test.sentence, got, fault)
		}
	}
}

func TestAppendError(t *testing.T) {
	d := example(t)
	for _, test := range []struct {
		sentence, em string
		fault        Fault
	}{
		{"no text", "", None},
		{"255 bytes", strings.Repeat("x", 255), None},
		{"UTF-8", "nö", None},
		{"not valid UTF-8", "n\xf6", BadText},
		{"not valid UTF-8: a surrogate", "\xed\xa0\x80", BadText},
		{"not valid UTF-8: more bytes than needed", "\xc0\x80", BadText},
		{"NUL", "n\x00", BadText},
		{"longer than 255 bytes", strings.Repeat("x", 256), TooLong},
		{"bad text, then too long", strings.Repeat("x", 300) + "\x00", BadText},
	} {
		got, fault := d.AppendError([]byte("before"), 0x20, []byte(test.em), zero)
		if fault != test.fault || (fault != None) != (string(got) == "before") {
			t.Errorf("%s: %q, %q", test.sentence, got, fault)
		}
		if fault != None {
			continue
		}
		m, n, fault := d.ReadMessage(got[6:], 1, zero, true)
		if string(m.EM) != test.em || m.EC != 0x20 || m.Unfit || n != len(got)-6 || fault != None {
			t.Errorf("%s: read again it is %+v, %d, %q", test.sentence, m, n, fault)
		}
	}
}

func TestReadAnyError(t *testing.T) {
	d := example(t)
	i := big.NewInt(7)
	for _, test := range []struct {
		em      string
		written Reading
		follows []Reading
	}{
		{"no", CNOnly, []Reading{CNOnly}},
		{"no", WholeError, []Reading{WholeError}},
		{"no", TextAndCN, []Reading{TextAndCN}},
		{"", CNOnly, []Reading{CNOnly, TextAndCN}},
		{"", WholeError, []Reading{WholeError}},
		{"\xff\x00", TextAndCN, []Reading{TextAndCN}},
	} {
		in := d.AppendErrorAs(nil, test.written, 0x10, []byte(test.em), i)
		want := Message{Kind: Error, EC: 0x10, EM: []byte(test.em), Unfit: strings.Contains(test.em, "\x00")}
		m, n, follows, fault := d.ReadAnyError(append(bytes.Clone(in), "more"...), i)
		if !reflect.DeepEqual(m, want) || n != len(in) || !reflect.DeepEqual(follows, test.follows) || fault != None {
			t.Errorf("%q as %s: %+v, %d, %q, %q", test.em, test.written, m, n, follows, fault)
		}
		_, _, fault = d.ReadMessage(in, 1, i, true)
		if own := fault == None; own != (test.follows[0] == TheReading) {
			t.Errorf("%q as %s: a reader's fault is %q", test.em, test.written, fault)
		}
		for short := range in {
			if _, _, _, fault := d.ReadAnyError(in[:short], i); fault != Incomplete {
				t.Errorf("%q as %s: %d bytes give %q", test.em, test.written, short, fault)
			}
		}
		if _, _, follows, fault := d.ReadAnyError(in, big.NewInt(8)); fault != WrongHMAC || follows != nil {
			t.Errorf("%q as %s: another number gives %q, %q", test.em, test.written, follows, fault)
		}
	}
	hello, _ := d.AppendChunk(nil, []byte("hello"), 9, i)
	if _, _, follows, fault := d.ReadAnyError(hello, i); fault != WrongHMAC || follows != nil {
		t.Errorf("a Chunk gives %q, %q", follows, fault)
	}
}

// The reason for the page's choice: with TextAndCN what is an Error and what is a Chunk is LD's alone to say.
func TestTextAndCNConfusesErrorsAndChunks(t *testing.T) {
	d := example(t)
	if !bytes.Equal(d.ErrorH(TextAndCN, 0x20, []byte("no"), zero), d.H(zero, []byte("no"))) {
		t.Error("the H of an Error as EM | CN is not that of the Chunk of its EM")
	}
	if bytes.Equal(d.ErrorH(TheReading, 0x20, []byte("no"), zero), d.H(zero, []byte("no"))) {
		t.Error("the page's reading has the same H")
	}
}
