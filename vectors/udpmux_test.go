package vectors

import (
	"bytes"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// TestUDPMux compares the vectors with conformance/wire/udpmux.
func TestUDPMux(t *testing.T) {
	files, err := Load("udpmux")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, v := range file.Vectors {
			t.Run(v.Common().ID, func(t *testing.T) { checkUDPMux(t, v) })
		}
	}
}

func checkUDPMux(t *testing.T, v Vector) {
	switch v := v.(type) {
	case *DatagramVector:
		checkDatagram(t, v)
	case *AnswerVector:
		checkAnswer(t, v)
	case *DatagramWriterVector:
		checkDatagramWriter(t, v)
	case *FrameVector:
		checkFrame(t, v)
	case *FrameWriterVector:
		checkFrameWriter(t, v)
	case *KeyVector:
		checkKeyText(t, v)
	case *TokenVector:
		checkToken(t, v)
	case *ConnectVector:
		checkConnect(t, v)
	case *ConnectWriterVector:
		checkConnectWriter(t, v)
	case *NumberVector:
		checkNumber(t, v)
	case *ColoursVector:
		checkColours(t, v)
	case *SignalVector:
		checkSignal(t, v)
	default:
		t.Errorf("%T is not checked", v)
	}
}

// judged says whether the vector is valid, which it must agree about with the fault.
func judged(t *testing.T, v *Outcome, fault udpmux.Fault) bool {
	t.Helper()
	want := udpmux.Fault(v.Fault)
	if v.Result == Incomplete {
		want = udpmux.Incomplete
	}
	if fault != want || (v.Result == Valid) != (fault == udpmux.None) {
		t.Errorf("%s: fault is %q", v.Result, fault)
		return false
	}
	return v.Result == Valid
}

// checkOutput wants a valid vector's bytes.
func checkOutput(t *testing.T, v *Outcome, output, want []byte, fault udpmux.Fault) {
	t.Helper()
	if judged(t, v, fault) && !bytes.Equal(output, want) {
		t.Errorf("output is %x", output)
	}
}

// checkAgain wants what a writer made of what was read to be what was read.
func checkAgain(t *testing.T, got []byte, fault udpmux.Fault, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) || fault != udpmux.None {
		t.Errorf("written again it is %x, fault %q", got, fault)
	}
}

func checkDatagram(t *testing.T, v *DatagramVector) {
	d, fault := udpmux.ReadClient(v.Input)
	if !judged(t, &v.Outcome, fault) {
		return
	}
	bits := map[string]uint8{"learn": udpmux.ModeLearn, "token": udpmux.ModeToken, "port": udpmux.ModePort}
	if string(d.Form) != v.Form || !bytes.Equal(d.P, v.P) || *v.On != (v.Modes&bits[v.Form] != 0) {
		t.Errorf("read %+v", d)
	}
	if d.Form == udpmux.Token && !bytes.Equal(d.T[:], v.T) || d.Form == udpmux.Port && d.Port != *v.Port {
		t.Errorf("the header is %x, %d", d.T, d.Port)
	}
	again, fault := writeDatagram(v.Header)
	checkAgain(t, again, fault, v.Input)
}

func writeDatagram(v Header) ([]byte, udpmux.Fault) {
	switch v.Form {
	case "learn":
		return udpmux.WriteLearn(nil, v.P)
	case "token":
		return udpmux.WriteToken(nil, udpmux.T(v.T), v.P)
	}
	return udpmux.WritePort(nil, *v.Port, v.P)
}

func checkAnswer(t *testing.T, v *AnswerVector) {
	if judged(t, &v.Outcome, udpmux.ReadBackend(v.Input)) {
		again, fault := udpmux.WriteBackend(nil, v.Input)
		checkAgain(t, again, fault, v.Input)
	}
}

func checkDatagramWriter(t *testing.T, v *DatagramWriterVector) {
	output, fault := writeDatagram(v.Header)
	checkOutput(t, &v.Outcome, output, v.Output, fault)
}

func checkFrame(t *testing.T, v *FrameVector) {
	f, n, fault := udpmux.ReadFrame(v.Input, v.Ended)
	if !judged(t, &v.Outcome, fault) {
		return
	}
	if diff := cmp.Diff(frameOf(v.Frame), f); diff != "" || n != v.Consumed {
		t.Errorf("%d bytes (-want +got):\n%s", n, diff)
	}
	again, fault := udpmux.WriteFrame(nil, f)
	checkAgain(t, again, fault, v.Input[:n])
}

func frameOf(v *Frame) udpmux.Frame {
	f := udpmux.Frame{Type: udpmux.Type(v.Type), Text: v.Text}
	if v.Version != nil {
		f.Version = *v.Version
	}
	if v.Modes != nil {
		f.Modes = *v.Modes
	}
	if v.Port != nil {
		f.Port = *v.Port
	}
	copy(f.S[:], v.S)
	if v.ID != nil {
		f.ID = *v.ID
	}
	if v.Code != nil {
		f.Code = udpmux.Code(*v.Code)
	}
	if v.Session != nil {
		f.Entry = udpmux.Session(*v.Session)
	} else if c := v.Client; c != nil {
		f.Entry = udpmux.Client{Address: [16]byte(c.Address), Port: c.Port, Source: [4]byte(c.Source),
			SourcePort: c.SourcePort}
	}
	return f
}

func checkFrameWriter(t *testing.T, v *FrameWriterVector) {
	output, fault := udpmux.WriteFrame(nil, frameOf(&v.Frame))
	checkOutput(t, &v.Outcome, output, v.Output, fault)
}

func checkKeyText(t *testing.T, v *KeyVector) {
	k, fault := udpmux.ReadK(v.Input)
	if !judged(t, &v.Outcome, fault) {
		return
	}
	s := udpmux.DeriveS(k)
	derived := udpmux.DeriveT(s)
	if !bytes.Equal(k[:], v.Key) || !bytes.Equal(s[:], v.S) || !bytes.Equal(derived[:], v.T) {
		t.Errorf("K is %x, S %x, T %x", k, s, derived)
	}
	checkAgain(t, []byte(udpmux.WriteK(k)), udpmux.None, v.Input)
}

func checkToken(t *testing.T, v *TokenVector) {
	if got := udpmux.DeriveT(udpmux.S(v.S)); !bytes.Equal(got[:], v.T) {
		t.Errorf("T is %x", got)
	}
}

func checkConnect(t *testing.T, v *ConnectVector) {
	port, k, fault := udpmux.ReadConnect(v.Input, v.Ended)
	if !judged(t, &v.Outcome, fault) {
		return
	}
	if port != v.Port || !bytes.Equal(k[:], v.Key) {
		t.Errorf("read %d, %x", port, k)
	}
	line := udpmux.WriteConnect(nil, uint64(port), k)
	if !slices.Contains(v.Flags, "Zeros") && !bytes.Contains(v.Input, line[:len(line)-1]) {
		t.Errorf("%q is not in it", line)
	}
}

func checkConnectWriter(t *testing.T, v *ConnectWriterVector) {
	n, err := strconv.ParseUint(v.Number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	checkOutput(t, &v.Outcome, udpmux.WriteConnect(nil, n, udpmux.K(v.Key)), v.Output, udpmux.None)
}

func checkNumber(t *testing.T, v *NumberVector) {
	n, port := udpmux.ReadN(v.Input)
	fault := udpmux.Fault(n)
	var again uint64
	switch {
	case n == udpmux.PlainN && v.Form == "learn":
		fault, again = udpmux.None, udpmux.WriteLearnN(port)
	case n == udpmux.TokenN && v.Form == "token":
		fault, again = udpmux.None, udpmux.WriteTokenN(port)
	}
	if !judged(t, &v.Outcome, fault) {
		return
	}
	if port != v.Port {
		t.Errorf("the port is %d", port)
	}
	checkAgain(t, strconv.AppendUint(nil, again, 10), udpmux.None, bytes.TrimLeft(v.Input, "0"))
}

func checkColours(t *testing.T, v *ColoursVector) {
	if got := udpmux.WriteColours(v.Input, v.Failed) + "\n"; got != string(v.Output) {
		t.Errorf("%q is printed", got)
	}
}

func checkSignal(t *testing.T, v *SignalVector) {
	if udpmux.ReadColours(v.Input) != v.Agent {
		t.Errorf("agent is not %t", v.Agent)
	}
}
