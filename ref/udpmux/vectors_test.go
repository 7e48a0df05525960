package udpmux

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/muxspec/muxspec/vectors"
)

// faults are the page's names.
var faults = map[string]error{
	"empty": ErrEmpty, "short header": ErrShortHeader, "reserved": ErrReserved, "too short": ErrTooShort, "too long": ErrTooLong,
	"wrong direction": ErrWrongDirection, "bad port": ErrBadPort, "bad length": ErrBadLength, "bad character": ErrBadCharacter, "bad tail": ErrBadTail,
	"empty frame": ErrEmptyFrame, "unknown type": ErrUnknownType, "zero key": ErrZeroKey, "bad text": ErrBadText, "cut short": ErrCutShort,
	"not the line": ErrNotConnect, "bad number": ErrBadNumber, "bad key": ErrBadKey, "not a number": ErrNotNumber, "unknown": ErrUnknownNumber,
}

// TestVectors: all golden vectors of this protocol.
func TestVectors(t *testing.T) {
	t.Parallel()
	checks := map[vectors.Codec]func(*testing.T, vectors.Vector){
		vectors.Datagram: datagramVector, vectors.Answer: answerVector, vectors.DatagramWriter: datagramWriterVector,
		vectors.OneFrame: frameVector, vectors.FrameWriter: frameWriterVector, vectors.KeyText: keyVector, vectors.Token: tokenVector,
		vectors.Connect: connectVector, vectors.ConnectWriter: connectWriterVector, vectors.Number: numberVector,
		vectors.Colours: coloursVector, vectors.Signal: signalVector,
	}
	files, err := vectors.Load("udpmux")
	if err != nil {
		t.Fatal(err)
	}
	run := make(map[vectors.Codec]int)
	for _, f := range files {
		if checks[f.Codec] == nil {
			t.Fatalf("%s: codec %s is not known here", f.Name, f.Codec)
		}
		for _, v := range f.Vectors {
			run[f.Codec]++
			t.Run(v.ID, func(t *testing.T) { checks[f.Codec](t, v) })
		}
	}
	for codec := range checks {
		if run[codec] == 0 {
			t.Errorf("no vectors of %s", codec)
		}
	}
	t.Log(run)
}

// agrees says whether the vector is valid, and checks that the error agrees.
func agrees(t *testing.T, v vectors.Vector, err error) bool {
	t.Helper()
	want := faults[v.Fault]
	if v.Result == vectors.Incomplete {
		want = ErrIncomplete
	}
	if v.Result == vectors.Invalid && want == nil || want == nil && err != nil || !errors.Is(err, want) {
		t.Errorf("%v, want %s %s", err, v.Result, v.Fault)
		return false
	}
	return v.Result == vectors.Valid
}

func headerOf(v vectors.Vector) Header {
	h := Header{Mode: map[string]Mode{"learn": Learn, "token": Token, "port": Port}[v.Form]}
	copy(h.T[:], v.T)
	if v.Port != nil {
		h.Port = *v.Port
	}
	return h
}

func datagramVector(t *testing.T, v vectors.Vector) {
	h, P, err := ParseClient(v.Input)
	if agrees(t, v, err) {
		if h != headerOf(v) || !bytes.Equal(P, v.P) {
			t.Errorf("%+v, %x", h, P)
		}
		if again, err := AppendClient(nil, h, P); !bytes.Equal(again, v.Input) || err != nil {
			t.Errorf("written again it is %x, %v", again, err)
		}
	}
}

func answerVector(t *testing.T, v vectors.Vector) {
	agrees(t, v, ParseBackend(v.Input))
}

func datagramWriterVector(t *testing.T, v vectors.Vector) {
	got, err := AppendClient([]byte("prefix"), headerOf(v), v.P)
	checkWritten(t, v, got, err)
}

// checkWritten also checks that a refusal leaves the prefix as it was.
func checkWritten(t *testing.T, v vectors.Vector, got []byte, err error) {
	t.Helper()
	if agrees(t, v, err); string(got) != "prefix"+string(v.Output) {
		t.Errorf("%x", got)
	}
}

func frameOf(v vectors.Frame) Frame {
	f := Frame{Type: FrameType(v.Type), Text: string(v.Text)}
	if v.Version != nil {
		f.Version = *v.Version
	}
	if v.Modes != nil {
		f.Modes = Mode(*v.Modes)
	}
	if v.Port != nil {
		f.Port = *v.Port
	}
	copy(f.S[:], v.S)
	if v.ID != nil {
		f.ID = *v.ID
	}
	if v.Code != nil {
		f.Code = *v.Code
	}
	return f
}

// frameVector reads the frame at once, and from a stream that comes byte by byte and then ends.
func frameVector(t *testing.T, v vectors.Vector) {
	if v.Fault != "cut short" {
		f, n, err := ParseFrame(v.Input)
		if agrees(t, v, err) {
			if diff := cmp.Diff(frameOf(*v.Frame), f); diff != "" || n != *v.Consumed {
				t.Errorf("%d bytes (-want +got):\n%s", n, diff)
			}
			if again, err := AppendFrame(nil, f); !bytes.Equal(again, v.Input[:n]) || err != nil {
				t.Errorf("written again it is %x, %v", again, err)
			}
		}
	} else if _, _, err := ParseFrame(v.Input); err != ErrIncomplete {
		t.Errorf("while more may come: %v", err)
	}
	for _, r := range []io.Reader{bytes.NewReader(v.Input), iotest.OneByteReader(bytes.NewReader(v.Input))} {
		f, err := NewFrameReader(r).Next()
		want := faults[v.Fault]
		if v.Result == vectors.Incomplete {
			if want = ErrCutShort; len(v.Input) == 0 {
				want = io.EOF
			}
		}
		if err != want || err == nil && f != frameOf(*v.Frame) {
			t.Errorf("stream: %+v, %v", f, err)
		}
	}
}

func frameWriterVector(t *testing.T, v vectors.Vector) {
	got, err := AppendFrame([]byte("prefix"), frameOf(*v.Frame))
	checkWritten(t, v, got, err)
}

func keyVector(t *testing.T, v vectors.Vector) {
	K, err := ParseKey(string(v.Input))
	if !agrees(t, v, err) {
		return
	}
	S := RegistrationKey(K)
	T := TokenOf(S)
	if !bytes.Equal(K[:], v.Key) || !bytes.Equal(S[:], v.S) || !bytes.Equal(T[:], v.T) {
		t.Errorf("%x, %x, %x", K, S, T)
	}
	if again := AppendKey(nil, K); !bytes.Equal(again, v.Input) {
		t.Errorf("written again it is %s", again)
	}
}

func tokenVector(t *testing.T, v vectors.Vector) {
	if T := TokenOf([32]byte(v.S)); !bytes.Equal(T[:], v.T) {
		t.Errorf("%x", T)
	}
}

// connectVector reads line by line, like the agent, which accepts a last line without LF once the output has ended.
func connectVector(t *testing.T, v vectors.Vector) {
	var port uint16
	var K [16]byte
	var err error = ErrIncomplete
	if *v.Ended {
		err = ErrNotConnect
	}
	for line := range strings.Lines(string(v.Input)) {
		if !strings.HasSuffix(line, "\n") && !*v.Ended {
			break
		}
		var lineErr error
		if port, K, lineErr = ParseConnect(line); !errors.Is(lineErr, ErrNotConnect) {
			err = lineErr
			break
		}
	}
	if agrees(t, v, err) && (port != *v.Port || !bytes.Equal(K[:], v.Key)) {
		t.Errorf("%d, %x", port, K)
	}
}

func connectWriterVector(t *testing.T, v vectors.Vector) {
	N, err := strconv.ParseUint(v.Number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	checkWritten(t, v, AppendConnect([]byte("prefix"), N, [16]byte(v.Key)), nil)
}

func numberVector(t *testing.T, v vectors.Vector) {
	mode, port, err := ParseNumber(string(v.Input))
	if !agrees(t, v, err) {
		return
	}
	if mode != headerOf(v).Mode || port != *v.Port {
		t.Errorf("%s, %d", mode, port)
	}
	if mode == Token && strconv.FormatUint(TokenNumber(port), 10) != string(v.Input) {
		t.Errorf("written again it is %d", TokenNumber(port))
	}
}

// coloursVector leaves out a real client that failed: Colours is not called then.
func coloursVector(t *testing.T, v vectors.Vector) {
	if got := Colours(string(v.Input)) + "\n"; !*v.Failed && got != string(v.Output) {
		t.Errorf("%q", got)
	}
}

func signalVector(t *testing.T, v vectors.Vector) {
	if HasAgent(string(v.Input)) != *v.Agent {
		t.Errorf("not %t", *v.Agent)
	}
}
