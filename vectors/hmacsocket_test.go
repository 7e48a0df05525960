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

// TestHMACSocket compares the vectors with conformance/wire/hmacsocket, at the limit that they state and, where the limit
// has no part in it, at the largest.
func TestHMACSocket(t *testing.T) {
	checks := map[Codec]func(*testing.T, Vector, uint32){
		OneMessage: checkMessage, Stream: checkStream, MessageWriter: checkMessageWriter,
	}
	files, err := Load("hmacsocket")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, v := range file.Vectors {
			t.Run(v.ID, func(t *testing.T) {
				switch file.Codec {
				case Init:
					checkInit(t, v)
				case InitWriter:
					checkInitWriter(t, v)
				case Counter:
					checkCounter(t, v)
				default:
					checks[file.Codec](t, v, *v.ML)
					if slices.Contains(v.Flags, "Limit") {
						return
					}
					if *v.ML < 1<<20 {
						t.Errorf("ml is %d, but there is no flag Limit", *v.ML)
					}
					checks[file.Codec](t, v, math.MaxUint32)
				}
			})
		}
	}
}

func hashOf(t *testing.T, v Vector) hmacsocket.Hash {
	t.Helper()
	hash, ok := hmacsocket.HashNamed(v.Hash)
	if !ok {
		t.Fatalf("there is no hash %q", v.Hash)
	}
	return hash
}

func numberOf(t *testing.T, v Vector) *big.Int {
	t.Helper()
	i, ok := new(big.Int).SetString(v.I, 10)
	if !ok {
		t.Fatalf("i is %q", v.I)
	}
	return i
}

// direction also wants N to be of the hash's length.
func direction(t *testing.T, v Vector) hmacsocket.Direction {
	t.Helper()
	d := hmacsocket.Direction{Hash: hashOf(t, v), K: v.Key, N: v.N}
	if len(v.N) != d.Hash.Length || len(v.Key) == 0 {
		t.Fatalf("N has %d bytes, K %d", len(v.N), len(v.Key))
	}
	return d
}

// checkOutcome says whether the vector is valid, which it must agree about with the fault.
func checkOutcome(t *testing.T, v Vector, fault hmacsocket.Fault) bool {
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

func checkInit(t *testing.T, v Vector) {
	init, n, fault := hashOf(t, v).ReadInit(v.Input, *v.Ended)
	if !checkOutcome(t, v, fault) {
		return
	}
	if init.ML != *v.ML || !bytes.Equal(init.N, v.N) || n != *v.Consumed {
		t.Errorf("read %+v, %d bytes", init, n)
	}
	again, fault := hashOf(t, v).AppendInit(nil, init)
	if !bytes.Equal(again, v.Input[:n]) || fault != hmacsocket.None {
		t.Errorf("written again it is %x, fault %q", again, fault)
	}
}

func checkInitWriter(t *testing.T, v Vector) {
	output, fault := hashOf(t, v).AppendInit(nil, hmacsocket.Init{ML: *v.ML, N: v.N})
	if checkOutcome(t, v, fault) && !bytes.Equal(output, v.Output) {
		t.Errorf("output is %x", output)
	}
}

func checkCounter(t *testing.T, v Vector) {
	if got := hmacsocket.Add(v.Base, numberOf(t, v)); !bytes.Equal(got, v.CN) {
		t.Errorf("the sum is %x", got)
	}
	if v.Hash == "" {
		return
	}
	if got := direction(t, v).Base(); !bytes.Equal(got, v.Base) {
		t.Errorf("the base is %x", got)
	}
}

func checkMessage(t *testing.T, v Vector, ml uint32) {
	d, i := direction(t, v), numberOf(t, v)
	if got := d.CN(i); !bytes.Equal(got, v.CN) {
		t.Errorf("CN is %x", got)
	}
	m, n, fault := d.ReadMessage(v.Input, ml, i, *v.Ended)
	if !checkOutcome(t, v, fault) {
		return
	}
	if diff := cmp.Diff(*v.Message, messageOf(m)); diff != "" || n != *v.Consumed {
		t.Errorf("%d bytes (-want +got):\n%s", n, diff)
	}
	if again, can := rewritten(d, m, ml, i); can && !slices.Contains(v.Flags, "Changed") && !bytes.Equal(again, v.Input[:n]) {
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

func checkStream(t *testing.T, v Vector, ml uint32) {
	d, i := direction(t, v), numberOf(t, v)
	messages, n, fault := d.ReadStream(v.Input, ml, i, *v.Ended)
	checkOutcome(t, v, fault)
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
	if diff := cmp.Diff(v.Messages, all); diff != "" || n != *v.Consumed {
		t.Errorf("%d bytes (-want +got):\n%s", n, diff)
	}
	if !bytes.Equal(again, v.Input[:n]) {
		t.Errorf("written again it is %x", again)
	}
}

func checkMessageWriter(t *testing.T, v Vector, ml uint32) {
	d, i := direction(t, v), numberOf(t, v)
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
	if checkOutcome(t, v, fault) && !bytes.Equal(output, v.Output) {
		t.Errorf("output is %x", output)
	}
}
