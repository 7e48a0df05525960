package hmacsocket

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
	"github.com/muxspec/muxspec/vectors"
)

// farthest is the greatest number of a message that is counted to here; ref/hmacsocket's own tests begin with greater
// ones.
const farthest = 1 << 17

// load gives the vectors of a type, and fails where there is none.
func load[V vectors.Vector](tb testing.TB) []V {
	tb.Helper()
	files, err := vectors.Load("hmacsocket")
	if err != nil {
		tb.Fatal(err)
	}
	all := vectors.Of[V](files)
	if len(all) == 0 {
		tb.Fatalf("no vectors are %T", *new(V))
	}
	return all
}

// number is a vector's I; ok tells whether it can be counted to.
func number(digits string) (i int, ok bool) {
	i, err := strconv.Atoi(digits)
	return i, err == nil && i <= farthest
}

func directionOf(v vectors.Direction) direction { return newDirection(v.Hash, v.Key, v.N) }

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

// TestReferenceVectors: the reference makes of each vector what the vector says. It is strict: what a reader may take
// or refuse, it refuses with the page's fault.
func TestReferenceVectors(t *testing.T) {
	for _, v := range load[*vectors.InitVector](t) {
		one(t, v, func(t *testing.T) (any, error) { return checkInitVector(t, v) })
	}
	for _, v := range load[*vectors.MessageVector](t) {
		numbered(t, v, v.I, checkMessageVector)
	}
	for _, v := range load[*vectors.StreamVector](t) {
		numbered(t, v, v.I, checkStreamVector)
	}
	for _, v := range load[*vectors.CounterVector](t) {
		if v.Hash != "" {
			numbered(t, v, v.I, checkCounterVector)
		}
	}
	for _, v := range load[*vectors.InitWriterVector](t) {
		one(t, v, func(*testing.T) (any, error) { return checkInitWriterVector(v) })
	}
	for _, v := range load[*vectors.MessageWriterVector](t) {
		numbered(t, v, v.I, checkMessageWriterVector)
	}
}

// one checks one vector.
func one(t *testing.T, v vectors.Vector, check func(*testing.T) (any, error)) {
	t.Run(v.Common().ID, func(t *testing.T) {
		if got, err := check(t); err != nil {
			t.Errorf("%s: got %+v, %v", v.Common().Comment, got, err)
		}
	})
}

// numbered checks a vector whose number can be counted to.
func numbered[V vectors.Vector](t *testing.T, v V, digits string, check func(v V, i int) (any, error)) {
	if i, ok := number(digits); ok {
		one(t, v, func(*testing.T) (any, error) { return check(v, i) })
	}
}

// result says whether a fault is the vector's result.
func result(v vectors.Outcome, f wire.Fault) error {
	want := wire.Fault(v.Fault)
	if v.Result == vectors.Incomplete {
		want = wire.Incomplete
	}
	if f != want {
		return fmt.Errorf("%q, the vector says %s %q", f, v.Result, v.Fault)
	}
	return nil
}

func checkInitVector(t *testing.T, v *vectors.InitVector) (any, error) {
	hash, _ := wire.HashNamed(v.Hash)
	init, n, f, err := readInit(hash, v.Input)
	if f == wire.Incomplete && v.Ended {
		f = wire.CutShort
	}
	if err == nil {
		err = result(v.Outcome, f)
	}
	if err == nil && f == wire.None && (init.ML != v.ML || !bytes.Equal(init.N, v.N) || n != v.Consumed) {
		err = fmt.Errorf("%d bytes", n)
	}
	if err == nil {
		err = openWith(t, v.Hash, v.Input, v.Ended)
	}
	return init, err
}

func checkMessageVector(v *vectors.MessageVector, i int) (any, error) {
	d := directionOf(v.Direction)
	m, n, f, err := d.read(d.sequence(i), v.Input, v.ML, i, v.Ended)
	if err == nil {
		err = result(v.Outcome, f)
	}
	if err == nil && f == wire.None && (m != messageOf(*v.Message) || n != *v.Consumed) {
		err = fmt.Errorf("%d bytes; the vector has %+v", n, *v.Message)
	}
	return m, err
}

func checkStreamVector(v *vectors.StreamVector, i int) (any, error) {
	all, n, f, err := directionOf(v.Direction).readAll(v.Input, v.ML, i, v.Ended)
	if err == nil {
		err = result(v.Outcome, f)
	}
	var want []message
	for _, m := range v.Messages {
		want = append(want, messageOf(m))
	}
	if err == nil && (n != v.Consumed || fmt.Sprint(all) != fmt.Sprint(want)) {
		err = fmt.Errorf("%d bytes; the vector has %+v", n, want)
	}
	return all, err
}

// checkCounterVector: the reference does not show CN, but the H of an Error is made with nothing else.
func checkCounterVector(v *vectors.CounterVector, i int) (any, error) {
	d := newDirection(v.Hash, v.Key, v.N)
	got, err := d.sequence(i).AppendError(nil, 0, "")
	if err == nil && !bytes.Equal(got[4:4+d.Hash.Length], d.Hash.HMAC(d.K, v.CN)) {
		err = fmt.Errorf("not the HMAC of %x", v.CN)
	}
	return got, err
}

// written says whether what was written is the vector's output.
func written(v vectors.Outcome, output, got []byte, f wire.Fault, err error) (any, error) {
	if err == nil {
		err = result(v, f)
	}
	if err == nil && f == wire.None && !bytes.Equal(got, output) {
		err = fmt.Errorf("the vector says %x", output)
	}
	return got, err
}

func checkInitWriterVector(v *vectors.InitWriterVector) (any, error) {
	hash, _ := wire.HashNamed(v.Hash)
	got, f, err := writeInit(hash, wire.Init{ML: v.ML, N: v.N})
	return written(v.Outcome, v.Output, got, f, err)
}

func checkMessageWriterVector(v *vectors.MessageWriterVector, i int) (any, error) {
	d := directionOf(v.Direction)
	got, f, err := d.write(d.sequence(i), messageOf(v.Message), v.ML, i)
	return written(v.Outcome, v.Output, got, f, err)
}
