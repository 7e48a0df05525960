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
	checks := map[Codec]func(*testing.T, Vector){
		Datagram: checkDatagram, Answer: checkAnswer, DatagramWriter: checkDatagramWriter, OneFrame: checkFrame, FrameWriter: checkFrameWriter,
		KeyText: checkKeyText, Token: checkToken, Connect: checkConnect, ConnectWriter: checkConnectWriter, Number: checkNumber,
		Colours: checkColours, Signal: checkSignal,
	}
	files, err := Load("udpmux")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, v := range file.Vectors {
			t.Run(v.ID, func(t *testing.T) { checks[file.Codec](t, v) })
		}
	}
}

// judged says whether the vector is valid, which it must agree about with the fault.
func judged(t *testing.T, v Vector, fault udpmux.Fault) bool {
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
func checkOutput(t *testing.T, v Vector, output []byte, fault udpmux.Fault) {
	t.Helper()
	if judged(t, v, fault) && !bytes.Equal(output, v.Output) {
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

func checkDatagram(t *testing.T, v Vector) {
	d, fault := udpmux.ReadClient(v.Input)
	if !judged(t, v, fault) {
		return
	}
	bits := map[string]uint8{"learn": udpmux.ModeLearn, "token": udpmux.ModeToken, "port": udpmux.ModePort}
	if string(d.Form) != v.Form || !bytes.Equal(d.P, v.P) || *v.On != (*v.Modes&bits[v.Form] != 0) {
		t.Errorf("read %+v", d)
	}
	if d.Form == udpmux.Token && !bytes.Equal(d.T[:], v.T) || d.Form == udpmux.Port && d.Port != *v.Port {
		t.Errorf("the header is %x, %d", d.T, d.Port)
	}
	again, fault := writeDatagram(v)
	checkAgain(t, again, fault, v.Input)
}

func writeDatagram(v Vector) ([]byte, udpmux.Fault) {
	switch v.Form {
	case "learn":
		return udpmux.WriteLearn(nil, v.P)
	case "token":
		return udpmux.WriteToken(nil, udpmux.T(v.T), v.P)
	}
	return udpmux.WritePort(nil, *v.Port, v.P)
}

func checkAnswer(t *testing.T, v Vector) {
	if judged(t, v, udpmux.ReadBackend(v.Input)) {
		again, fault := udpmux.WriteBackend(nil, v.Input)
		checkAgain(t, again, fault, v.Input)
	}
}

func checkDatagramWriter(t *testing.T, v Vector) {
	output, fault := writeDatagram(v)
	checkOutput(t, v, output, fault)
}

func checkFrame(t *testing.T, v Vector) {
	f, n, fault := udpmux.ReadFrame(v.Input, *v.Ended)
	if !judged(t, v, fault) {
		return
	}
	if diff := cmp.Diff(frameOf(*v.Frame), f); diff != "" || n != *v.Consumed {
		t.Errorf("%d bytes (-want +got):\n%s", n, diff)
	}
	again, fault := udpmux.WriteFrame(nil, f)
	checkAgain(t, again, fault, v.Input[:n])
}

func frameOf(v Frame) udpmux.Frame {
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
	return f
}

func checkFrameWriter(t *testing.T, v Vector) {
	output, fault := udpmux.WriteFrame(nil, frameOf(*v.Frame))
	checkOutput(t, v, output, fault)
}

func checkKeyText(t *testing.T, v Vector) {
	k, fault := udpmux.ReadK(v.Input)
	if !judged(t, v, fault) {
		return
	}
	s := udpmux.DeriveS(k)
	derived := udpmux.DeriveT(s)
	if !bytes.Equal(k[:], v.Key) || !bytes.Equal(s[:], v.S) || !bytes.Equal(derived[:], v.T) {
		t.Errorf("K is %x, S %x, T %x", k, s, derived)
	}
	checkAgain(t, []byte(udpmux.WriteK(k)), udpmux.None, v.Input)
}

func checkToken(t *testing.T, v Vector) {
	if got := udpmux.DeriveT(udpmux.S(v.S)); !bytes.Equal(got[:], v.T) {
		t.Errorf("T is %x", got)
	}
}

func checkConnect(t *testing.T, v Vector) {
	port, k, fault := udpmux.ReadConnect(v.Input, *v.Ended)
	if !judged(t, v, fault) {
		return
	}
	if port != *v.Port || !bytes.Equal(k[:], v.Key) {
		t.Errorf("read %d, %x", port, k)
	}
	if line := udpmux.WriteConnect(nil, uint64(port), k); !slices.Contains(v.Flags, "Zeros") && !bytes.Contains(v.Input, line[:len(line)-1]) {
		t.Errorf("%q is not in it", line)
	}
}

func checkConnectWriter(t *testing.T, v Vector) {
	n, err := strconv.ParseUint(v.Number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	checkOutput(t, v, udpmux.WriteConnect(nil, n, udpmux.K(v.Key)), udpmux.None)
}

func checkNumber(t *testing.T, v Vector) {
	n, port := udpmux.ReadN(v.Input)
	fault := udpmux.Fault(n)
	var again uint64
	switch {
	case n == udpmux.PlainN && v.Form == "learn":
		fault, again = udpmux.None, udpmux.WriteLearnN(port)
	case n == udpmux.TokenN && v.Form == "token":
		fault, again = udpmux.None, udpmux.WriteTokenN(port)
	}
	if !judged(t, v, fault) {
		return
	}
	if port != *v.Port {
		t.Errorf("the port is %d", port)
	}
	checkAgain(t, strconv.AppendUint(nil, again, 10), udpmux.None, bytes.TrimLeft(v.Input, "0"))
}

func checkColours(t *testing.T, v Vector) {
	if got := udpmux.WriteColours(v.Input, *v.Failed) + "\n"; got != string(v.Output) {
		t.Errorf("%q is printed", got)
	}
}

func checkSignal(t *testing.T, v Vector) {
	if udpmux.ReadColours(v.Input) != *v.Agent {
		t.Errorf("agent is not %t", *v.Agent)
	}
}

// udpFlagged are UDP mux's flags of which it can be seen whether a vector of these codecs should have them.
var udpFlagged = []struct {
	flag   string
	codecs []Codec
	should func(Vector) bool
}{
	{"Incomplete", []Codec{OneFrame, Connect}, func(v Vector) bool { return v.Result == Incomplete }},
	{"CutShort", []Codec{OneFrame}, func(v Vector) bool { return v.Fault == "cut short" }},
	{"Following", []Codec{OneFrame}, func(v Vector) bool { return v.Consumed != nil && *v.Consumed < len(v.Input) }},
	{"Early", []Codec{OneFrame}, func(v Vector) bool {
		return v.Result == Invalid && v.Fault != "cut short" && len(v.Input) < 2+int(v.Input[0])<<8+int(v.Input[1])
	}},
	{"ModeOff", []Codec{Datagram}, func(v Vector) bool { return v.On != nil && !*v.On }},
	{"Behind", []Codec{Connect}, func(v Vector) bool {
		_, behind, _ := bytes.Cut(v.Input, []byte("MOSH CONNECT "))
		_, behind, _ = bytes.Cut(behind, []byte("\n"))
		return v.Result != Incomplete && len(behind) > 0 && v.ID != "connect-later"
	}},
	{"Zeros", []Codec{Number}, func(v Vector) bool {
		return len(v.Input) > 1 && v.Input[0] == '0' && v.Fault != "not a number"
	}},
	{"Conversation", []Codec{OneFrame}, func(v Vector) bool {
		switch f := v.Frame; {
		case f == nil:
			return false
		case f.Type == 1:
			return *f.Version != 1
		case f.Type == 3:
			return *f.Modes == 0 || *f.Modes > 7 || *f.Port < 1024
		case f.Type == 5:
			return *f.Code < 1 || *f.Code > 7
		}
		return false
	}},
}

func TestUDPMuxFlagsHold(t *testing.T) {
	files, err := Load("udpmux")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range udpFlagged {
		for _, file := range files {
			if !slices.Contains(test.codecs, file.Codec) {
				continue
			}
			for _, v := range file.Vectors {
				if has := slices.Contains(v.Flags, test.flag); has != test.should(v) {
					t.Errorf("%s: that it has the flag %s is %t", v.ID, test.flag, has)
				}
			}
		}
	}
}

// TestUDPMuxFirstBytes wants each first byte with its mode on, and with its mode off.
func TestUDPMuxFirstBytes(t *testing.T) {
	files, err := Load("udpmux")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[2]byte]bool{}
	for _, file := range files {
		if file.Name != "first-bytes.json" {
			continue
		}
		for _, v := range file.Vectors {
			off := byte(0)
			if *v.Modes != 7 {
				off = 1
			}
			seen[[2]byte{v.Input[0], off}] = true
		}
	}
	if len(seen) != 2*256 {
		t.Errorf("%d cases", len(seen))
	}
}
