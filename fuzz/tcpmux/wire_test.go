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
			if err := checkRead(map[bool]vectors.Codec{true: vectors.Request, false: vectors.Reply}[r.Request], b,
				max); err != nil {
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

// load gives the vectors of a type, and fails where there is none.
func load[V vectors.Vector](tb testing.TB) []V {
	tb.Helper()
	files, err := vectors.Load("tcpmux")
	if err != nil {
		tb.Fatal(err)
	}
	all := vectors.Of[V](files)
	if len(all) == 0 {
		tb.Fatalf("no vectors are %T", *new(V))
	}
	return all
}

// TestReferenceVectors: the reference makes of each vector what the vector says. It is strict: what a reader may take
// or refuse, it refuses with the page's fault.
func TestReferenceVectors(t *testing.T) {
	for _, v := range load[*vectors.RequestVector](t) {
		checkVector(t, v, v.Max, read{Request: true, N: v.Consumed, Name: string(v.Name)})
	}
	for _, v := range load[*vectors.ReplyVector](t) {
		want := read{Reply: true, N: v.Consumed, Sign: string(v.Sign), Explanation: string(v.Explanation)}
		checkVector(t, v, v.Max, want)
	}
	for _, v := range load[*vectors.ListVector](t) {
		if !v.Ended {
			continue // the reference's client reads a list only once it has ended
		}
		want := read{List: true, Refused: v.Refused != nil && *v.Refused, Explanation: string(v.Explanation)}
		for _, name := range v.Names {
			want.Names = append(want.Names, string(name))
		}
		checkVector(t, v, v.Max, want)
	}
}

// checkVector reads a vector's input, of which want is what must come of it, but for the fault.
func checkVector(t *testing.T, v reader, max int, want read) {
	t.Run(v.Common().ID, func(t *testing.T) {
		codec := vectors.Request
		switch {
		case want.Reply:
			codec = vectors.Reply
		case want.List:
			codec = vectors.List
		}
		got, err := codecs[codec](v.Bytes(), max)
		if err != nil {
			t.Fatal(err)
		}
		want.End, want.Fault = got.End, wire.Fault(v.Came().Fault)
		if v.Came().Result == vectors.Incomplete {
			want.Fault = wire.Incomplete
		}
		if err := differ(v.Common().Comment, v.Bytes(), got, want); err != nil {
			t.Error(err)
		}
	})
}

// A reader is a vector of a request, a reply or a list to read.
type reader interface {
	vectors.Reading
	Came() *vectors.Outcome
}

func TestReferenceNameVectors(t *testing.T) {
	for _, v := range load[*vectors.NameVector](t) {
		if got := ref.Fold(string(v.A)) == ref.Fold(string(v.B)); got != v.Same {
			t.Errorf("%s: %q and %q: same is %v", v.ID, v.A, v.B, got)
		}
	}
}

func TestReferenceWriterVectors(t *testing.T) {
	for _, v := range load[*vectors.WriterVector](t) {
		r := read{Request: v.Writes == vectors.Request, Reply: v.Writes == vectors.Reply,
			List: v.Writes == vectors.List,
			Name: string(v.Name), Sign: string(v.Sign), Explanation: string(v.Explanation)}
		for _, name := range v.Names {
			r.Names = append(r.Names, string(name))
		}
		got, f, err := write(r, v.Max)
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
		} else if string(f) != v.Fault || v.Result == vectors.Valid && !bytes.Equal(got, v.Output) {
			t.Errorf("%s: %q with fault %q, the vector says %q with fault %q", v.ID, got, f, v.Output, v.Fault)
		}
	}
}
