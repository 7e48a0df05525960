package hmacsocket

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
	"github.com/muxspec/muxspec/vectors"
)

// farthest is the greatest number of a message that is counted to here; ref/hmacsocket's own tests begin with greater ones.
const farthest = 1 << 17

// load gives the vectors, and fails where there is none.
func load(tb testing.TB, codecs ...vectors.Codec) (all []vectors.Vector) {
	tb.Helper()
	files, err := vectors.Load("hmacsocket")
	if err != nil {
		tb.Fatal(err)
	}
	for _, codec := range codecs {
		before := len(all)
		for _, f := range files {
			if f.Codec == codec {
				all = append(all, f.Vectors...)
			}
		}
		if len(all) == before {
			tb.Fatalf("no vectors of %v", codec)
		}
	}
	return all
}

// number is a vector's I; ok tells whether it can be counted to.
func number(v vectors.Vector) (i int, ok bool) {
	i, err := strconv.Atoi(v.I)
	return i, err == nil && i <= farthest
}

func directionOf(v vectors.Vector) direction { return newDirection(v.Hash, v.Key, v.N) }

func messageOf(m vectors.Message) message {
	got := message{Kind: wire.Kind(m.Kind), D: string(m.Data), EM: string(m.EM)}
	if len(m.EC) > 0 {
		got.EC = m.EC[0]
	}
	if m.Shown != nil && !*m.Shown {
		got.EM = ""
	}
	return got
}

// checks make of a vector what the reference makes of it, which is strict: what a reader may take or refuse, it refuses with the page's
// fault. The vectors of each codec have to be used.
var checks = map[vectors.Codec]func(t *testing.T, v vectors.Vector) (any, error){
	vectors.Init:          checkInitVector,
	vectors.OneMessage:    checkMessageVector,
	vectors.Stream:        checkStreamVector,
	vectors.Counter:       checkCounterVector,
	vectors.InitWriter:    checkInitWriterVector,
	vectors.MessageWriter: checkMessageWriterVector,
}

func TestReferenceVectors(t *testing.T) {
	files, err := vectors.Load("hmacsocket")
	if err != nil {
		t.Fatal(err)
	}
	run := make(map[vectors.Codec]int)
	for _, f := range files {
		if checks[f.Codec] == nil {
			t.Fatalf("%s: codec %s is not known here", f.Name, f.Codec)
		}
		for _, v := range f.Vectors {
			if _, ok := number(v); v.I != "" && !ok || f.Codec == vectors.Counter && v.Hash == "" {
				continue
			}
			run[f.Codec]++
			t.Run(v.ID, func(t *testing.T) {
				if got, err := checks[f.Codec](t, v); err != nil {
					t.Errorf("%s: got %+v, %v", v.Comment, got, err)
				}
			})
		}
	}
	for codec := range checks {
		if run[codec] == 0 {
			t.Errorf("no vectors of %s", codec)
		}
	}
	t.Log(run)
}

// result says whether a fault is the vector's result.
func result(v vectors.Vector, f wire.Fault) error {
	want := wire.Fault(v.Fault)
	if v.Result == vectors.Incomplete {
		want = wire.Incomplete
	}
	if f != want {
		return fmt.Errorf("%q, the vector says %s %q", f, v.Result, v.Fault)
	}
	return nil
}

func checkInitVector(t *testing.T, v vectors.Vector) (any, error) {
	hash, _ := wire.HashNamed(v.Hash)
	init, n, f, err := readInit(hash, v.Input)
	if f == wire.Incomplete && *v.Ended {
		f = wire.CutShort
	}
	if err == nil {
		err = result(v, f)
	}
	if err == nil && f == wire.None && (init.ML != *v.ML || !bytes.Equal(init.N, v.N) || n != *v.Consumed) {
		err = fmt.Errorf("%d bytes", n)
	}
	if err == nil {
		err = openWith(t, v.Hash, v.Input, *v.Ended)
	}
	return init, err
}

func checkMessageVector(t *testing.T, v vectors.Vector) (any, error) {
	d := directionOf(v)
	i, _ := number(v)
	m, n, f, err := d.read(d.sequence(i), v.Input, *v.ML, i, *v.Ended)
	if err == nil {
		err = result(v, f)
	}
	if err == nil && f == wire.None && (m != messageOf(*v.Message) || n != *v.Consumed) {
		err = fmt.Errorf("%d bytes; the vector has %+v", n, *v.Message)
	}
	return m, err
}

func checkStreamVector(t *testing.T, v vectors.Vector) (any, error) {
	i, _ := number(v)
	all, n, f, err := directionOf(v).readAll(v.Input, *v.ML, i, *v.Ended)
	if err == nil {
		err = result(v, f)
	}
	var want []message
	for _, m := range v.Messages {
		want = append(want, messageOf(m))
	}
	if err == nil && (n != *v.Consumed || fmt.Sprint(all) != fmt.Sprint(want)) {
		err = fmt.Errorf("%d bytes; the vector has %+v", n, want)
	}
	return all, err
}

// checkCounterVector: the reference does not show CN, but the H of an Error is made with nothing else.
func checkCounterVector(t *testing.T, v vectors.Vector) (any, error) {
	d := directionOf(v)
	i, _ := number(v)
	got, err := d.sequence(i).AppendError(nil, 0, "")
	if err == nil && !bytes.Equal(got[4:4+d.Hash.Length], d.Hash.HMAC(d.K, v.CN)) {
		err = fmt.Errorf("not the HMAC of %x", v.CN)
	}
	return got, err
}

// written says whether what was written is the vector's output.
func written(v vectors.Vector, got []byte, f wire.Fault, err error) (any, error) {
	if err == nil {
		err = result(v, f)
	}
	if err == nil && f == wire.None && !bytes.Equal(got, v.Output) {
		err = fmt.Errorf("the vector says %x", v.Output)
	}
	return got, err
}

func checkInitWriterVector(t *testing.T, v vectors.Vector) (any, error) {
	hash, _ := wire.HashNamed(v.Hash)
	got, f, err := writeInit(hash, wire.Init{ML: *v.ML, N: v.N})
	return written(v, got, f, err)
}

func checkMessageWriterVector(t *testing.T, v vectors.Vector) (any, error) {
	d := directionOf(v)
	i, _ := number(v)
	got, f, err := d.write(d.sequence(i), messageOf(*v.Message), *v.ML, i)
	return written(v, got, f, err)
}
