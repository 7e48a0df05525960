package vectors

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// TestHMACSocket compares the vectors with conformance/wire/hmacsocket, at the limit that they state and, where the
// limit has no part in it, at the largest.
func TestHMACSocket(t *testing.T) {
	files, err := Load("hmacsocket")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, v := range file.Vectors {
			t.Run(v.Common().ID, func(t *testing.T) { checkHMACSocket(t, v) })
		}
	}
}

func checkHMACSocket(t *testing.T, v Vector) {
	switch v := v.(type) {
	case *InitVector:
		checkInit(t, v)
	case *InitWriterVector:
		checkInitWriter(t, v)
	case *CounterVector:
		checkCounter(t, v)
	case *MessageVector:
		atLimits(t, v, v.ML, checkMessage)
	case *StreamVector:
		atLimits(t, v, v.ML, checkStream)
	case *MessageWriterVector:
		atLimits(t, v, v.ML, checkMessageWriter)
	default:
		t.Errorf("%T is not checked", v)
	}
}

// atLimits checks a vector at its own limit and, unless that has a part in it, at the largest.
func atLimits[V Vector](t *testing.T, v V, ml uint32, check func(*testing.T, V, uint32)) {
	check(t, v, ml)
	if slices.Contains(v.Common().Flags, "Limit") {
		return
	}
	if ml < 1<<20 {
		t.Errorf("ml is %d, but there is no flag Limit", ml)
	}
	check(t, v, math.MaxUint32)
}

func hashOf(t *testing.T, name string) hmacsocket.Hash {
	t.Helper()
	hash, ok := hmacsocket.HashNamed(name)
	if !ok {
		t.Fatalf("there is no hash %q", name)
	}
	return hash
}

func numberOf(t *testing.T, digits string) *big.Int {
	t.Helper()
	i, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		t.Fatalf("i is %q", digits)
	}
	return i
}

// direction also wants N to be of the hash's length.
func direction(t *testing.T, hash string, key, n Hex) hmacsocket.Direction {
	t.Helper()
	d := hmacsocket.Direction{Hash: hashOf(t, hash), K: key, N: n}
	if len(n) != d.Hash.Length || len(key) == 0 {
		t.Fatalf("N has %d bytes, K %d", len(n), len(key))
	}
	return d
}

// known gives a vector's direction, and the number.
func (v Direction) known(t *testing.T) (hmacsocket.Direction, *big.Int) {
	t.Helper()
	return direction(t, v.Hash, v.Key, v.N), numberOf(t, v.I)
}

// checkOutcome says whether the vector is valid, which it must agree about with the fault.
func checkOutcome(t *testing.T, v *Outcome, fault hmacsocket.Fault) bool {
	t.Helper()
	want := hmacsocket.Fault(v.Fault)
	if v.Result == Incomplete {
		want = hmacsocket.Incomplete
	}
	if fault != want || (v.Result == Valid) != (fault == hmacsocket.None) {
		t.Errorf("%s: fault is %q", v.Result, fault)
		return false
	}
	return v.Result == Valid
}

func checkInit(t *testing.T, v *InitVector) {
	init, n, fault := hashOf(t, v.Hash).ReadInit(v.Input, v.Ended)
	if !checkOutcome(t, &v.Outcome, fault) {
		return
	}
	if init.ML != v.ML || !bytes.Equal(init.N, v.N) || n != v.Consumed {
		t.Errorf("read %+v, %d bytes", init, n)
	}
	again, fault := hashOf(t, v.Hash).AppendInit(nil, init)
	if !bytes.Equal(again, v.Input[:n]) || fault != hmacsocket.None {
		t.Errorf("written again it is %x, fault %q", again, fault)
	}
}

func checkInitWriter(t *testing.T, v *InitWriterVector) {
	output, fault := hashOf(t, v.Hash).AppendInit(nil, hmacsocket.Init{ML: v.ML, N: v.N})
	if checkOutcome(t, &v.Outcome, fault) && !bytes.Equal(output, v.Output) {
		t.Errorf("output is %x", output)
	}
}

func checkCounter(t *testing.T, v *CounterVector) {
	if got := hmacsocket.Add(v.Base, numberOf(t, v.I)); !bytes.Equal(got, v.CN) {
		t.Errorf("the sum is %x", got)
	}
	if v.Hash == "" {
		return
	}
	if got := direction(t, v.Hash, v.Key, v.N).Base(); !bytes.Equal(got, v.Base) {
		t.Errorf("the base is %x", got)
	}
}

func checkMessage(t *testing.T, v *MessageVector, ml uint32) {
	d, i := v.known(t)
	if got := d.CN(i); !bytes.Equal(got, v.CN) {
		t.Errorf("CN is %x", got)
	}
	m, n, fault := d.ReadMessage(v.Input, ml, i, v.Ended)
	if !checkOutcome(t, &v.Outcome, fault) {
		return
	}
	if diff := cmp.Diff(*v.Message, messageOf(m)); diff != "" || n != *v.Consumed {
		t.Errorf("%d bytes (-want +got):\n%s", n, diff)
	}
	if again, can := rewritten(d, m, ml, i); can && !bytes.Equal(again, v.Input[:n]) {
		t.Errorf("written again it is %x", again)
	}
}

func messageOf(m hmacsocket.Message) Message {
	switch m.Kind {
	case hmacsocket.Chunk:
		return Message{Kind: Chunk, Data: m.D}
	case hmacsocket.Error:
		return Message{Kind: Error, EC: Hex{m.EC}, EM: m.EM, Shown: new(!m.Unfit)}
	}
	return Message{Kind: End}
}

// rewritten gives the bytes of a message that was read, if a writer can write it.
func rewritten(d hmacsocket.Direction, m hmacsocket.Message, ml uint32, i *big.Int) (b []byte, can bool) {
	fault := hmacsocket.BadText
	switch {
	case m.Kind == hmacsocket.Chunk:
		b, fault = d.AppendChunk(nil, m.D, ml, i)
	case m.Kind == hmacsocket.Error && !m.Unfit:
		b, fault = d.AppendError(nil, m.EC, m.EM, i)
	}
	return b, fault == hmacsocket.None
}

func checkStream(t *testing.T, v *StreamVector, ml uint32) {
	d, i := v.known(t)
	messages, n, fault := d.ReadStream(v.Input, ml, i, v.Ended)
	checkOutcome(t, &v.Outcome, fault)
	var again []byte
	all := []Message{}
	for _, m := range messages {
		all = append(all, messageOf(m))
		b, can := rewritten(d, m, ml, i)
		if !can { // an Error of which the text cannot be written: it is the last message
			b = d.AppendErrorAs(nil, hmacsocket.TheReading, m.EC, m.EM, i)
		}
		again = append(again, b...)
		i.Add(i, big.NewInt(1))
	}
	if diff := cmp.Diff(v.Messages, all); diff != "" || n != v.Consumed {
		t.Errorf("%d bytes (-want +got):\n%s", n, diff)
	}
	if !bytes.Equal(again, v.Input[:n]) {
		t.Errorf("written again it is %x", again)
	}
}

func checkMessageWriter(t *testing.T, v *MessageWriterVector, ml uint32) {
	d, i := v.known(t)
	if got := d.CN(i); !bytes.Equal(got, v.CN) {
		t.Errorf("CN is %x", got)
	}
	var output []byte
	var fault hmacsocket.Fault
	if v.Message.Kind == Chunk {
		output, fault = d.AppendChunk(nil, v.Message.Data, ml, i)
	} else {
		output, fault = d.AppendError(nil, v.Message.EC[0], v.Message.EM, i)
	}
	if checkOutcome(t, &v.Outcome, fault) && !bytes.Equal(output, v.Output) {
		t.Errorf("output is %x", output)
	}
}
