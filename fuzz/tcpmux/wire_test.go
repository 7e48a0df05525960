package tcpmux

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	wire "github.com/muxspec/muxspec/conformance/wire/tcpmux"
	ref "github.com/muxspec/muxspec/ref/tcpmux"
	"github.com/muxspec/muxspec/vectors"
)

// tricky bytes: those that mean something somewhere, their neighbours, and some that do not.
var tricky = rapid.SampledFrom([]byte("\x00\r\n\r\n+-aAzZ@[`{ \t\x7f\x80\xc4\xe4\xff0HELP"))

var input = rapid.OneOf(rapid.SliceOfN(tricky, 0, 24), rapid.SliceOfN(rapid.Byte(), 0, 24))

// codecs are the things that can be read.
var codecs = map[vectors.Codec]func([]byte, int) (read, error){
	vectors.Request: readRequest,
	vectors.Reply:   readReply,
	vectors.List:    readList,
}

// checkRead: both implementations read the same; what was read is written again as the same bytes; a prefix of what is
// valid is incomplete, and of what is faulty no valid thing of the same length.
func checkRead(codec vectors.Codec, b []byte, max int) error {
	got, err := codecs[codec](b, max)
	if err != nil || got.Fault != wire.None || codec == vectors.List {
		return err
	}
	again, f, err := write(got, max)
	if err == nil && (f != wire.None || !bytes.Equal(again, b[:got.N])) {
		return differ("written again", again, got, read{Fault: f})
	}
	for n := range got.N {
		part, err := codecs[codec](b[:n], max)
		if err == nil && part.Fault != wire.Incomplete {
			return differ("prefix", b[:n], part, read{Fault: wire.Incomplete})
		}
		if err != nil {
			return err
		}
	}
	return err
}

func TestReadersAgree(t *testing.T) {
	for codec := range codecs {
		t.Run(string(codec), rapid.MakeCheck(func(t *rapid.T) {
			if err := checkRead(codec, input.Draw(t, "input"), rapid.IntRange(0, 12).Draw(t, "max")); err != nil {
				t.Fatal(err)
			}
		}))
	}
}

func TestWritersAgree(t *testing.T) {
	text := rapid.Map(input, func(b []byte) string { return string(b) })
	rapid.Check(t, func(t *rapid.T) {
		max := rapid.IntRange(0, 12).Draw(t, "max")
		r := rapid.SampledFrom([]read{{Request: true}, {Reply: true}, {List: true}}).Draw(t, "codec")
		r.Name, r.Explanation = text.Draw(t, "name"), text.Draw(t, "explanation")
		r.Sign = string([]byte{tricky.Draw(t, "sign")})
		r.Names = rapid.SliceOfN(text, 0, 3).Draw(t, "names")
		b, f, err := write(r, max)
		if err != nil {
			t.Fatal(err)
		}
		if f == wire.None && !r.List {
			if err := checkRead(map[bool]vectors.Codec{true: vectors.Request, false: vectors.Reply}[r.Request], b, max); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestNamesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := input.Draw(t, "a")
		b := rapid.OneOf(input, rapid.Just(bytes.ToUpper(a)), rapid.Just(bytes.ToLower(a)), rapid.Just(a)).Draw(t, "b")
		if same := ref.Fold(string(a)) == ref.Fold(string(b)); same != wire.SameName(a, b) {
			t.Fatalf("%q and %q: ref says %v", a, b, same)
		}
	})
}

// load gives the vectors, and fails where there is none.
func load(tb testing.TB, codecs ...vectors.Codec) (all []vectors.Vector, of []vectors.Codec) {
	tb.Helper()
	files, err := vectors.Load("tcpmux")
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range files {
		for _, codec := range codecs {
			if f.Codec != codec {
				continue
			}
			for _, v := range f.Vectors {
				all, of = append(all, v), append(of, codec)
			}
		}
	}
	if len(all) == 0 {
		tb.Fatalf("no vectors of %v", codecs)
	}
	return all, of
}

// TestReferenceVectors: the reference makes of each vector what the vector says. It is strict: what a reader may take or
// refuse, it refuses with the page's fault.
func TestReferenceVectors(t *testing.T) {
	all, of := load(t, vectors.Request, vectors.Reply, vectors.List)
	for i, v := range all {
		if of[i] == vectors.List && !*v.Ended {
			continue // the reference's client reads a list only once it has ended
		}
		t.Run(v.ID, func(t *testing.T) {
			got, err := codecs[of[i]](v.Input, *v.Max)
			if err != nil {
				t.Fatal(err)
			}
			want := read{Request: got.Request, Reply: got.Reply, List: got.List, End: got.End, Fault: wire.Fault(v.Fault)}
			switch {
			case v.Result == vectors.Incomplete:
				want.Fault = wire.Incomplete
			case v.Result == vectors.Valid:
				want.Name, want.Sign, want.Explanation = string(v.ServiceName), string(v.Sign), string(v.Explanation)
				if v.Consumed != nil {
					want.N = *v.Consumed
				}
				want.Refused = v.Refused != nil && *v.Refused
				for _, name := range v.Names {
					want.Names = append(want.Names, string(name))
				}
			}
			if err := differ(v.Comment, v.Input, got, want); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReferenceNameVectors(t *testing.T) {
	all, _ := load(t, vectors.Name)
	for _, v := range all {
		if got := ref.Fold(string(v.A)) == ref.Fold(string(v.B)); got != *v.Same {
			t.Errorf("%s: %q and %q: same is %v", v.ID, v.A, v.B, got)
		}
	}
}

func TestReferenceWriterVectors(t *testing.T) {
	all, _ := load(t, vectors.Writer)
	for _, v := range all {
		r := read{Request: v.Writes == vectors.Request, Reply: v.Writes == vectors.Reply, List: v.Writes == vectors.List,
			Name: string(v.ServiceName), Sign: string(v.Sign), Explanation: string(v.Explanation)}
		for _, name := range v.Names {
			r.Names = append(r.Names, string(name))
		}
		got, f, err := write(r, *v.Max)
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
		} else if string(f) != v.Fault || v.Result == vectors.Valid && !bytes.Equal(got, v.Output) {
			t.Errorf("%s: %q with fault %q, the vector says %q with fault %q", v.ID, got, f, v.Output, v.Fault)
		}
	}
}
