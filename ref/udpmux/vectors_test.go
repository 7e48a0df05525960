package udpmux

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/muxspec/muxspec/vectors"
)

// faults are the page's names.
var faults = map[string]error{
	"empty": ErrEmpty, "short header": ErrShortHeader, "reserved": ErrReserved, "too short": ErrTooShort,
	"too long":        ErrTooLong,
	"wrong direction": ErrWrongDirection, "bad port": ErrBadPort, "bad length": ErrBadLength,
	"bad character": ErrBadCharacter, "bad tail": ErrBadTail,
	"empty frame": ErrEmptyFrame, "unknown type": ErrUnknownType, "zero key": ErrZeroKey, "bad text": ErrBadText,
	"cut short":    ErrCutShort,
	"not the line": ErrNotConnect, "bad number": ErrBadNumber, "bad key": ErrBadKey, "not a number": ErrNotNumber,
	"unknown": ErrUnknownNumber,
}

// TestVectors: all golden vectors of this protocol.
func TestVectors(t *testing.T) {
	t.Parallel()
	files, err := vectors.Load("udpmux")
	if err != nil {
		t.Fatal(err)
	}
	run := make(map[vectors.Codec]int)
	for _, f := range files {
		for _, v := range f.Vectors {
			run[f.Codec]++
			t.Run(v.Common().ID, func(t *testing.T) { checkVector(t, v) })
		}
	}
	if len(run) != 12 {
		t.Errorf("the vectors are of %d codecs", len(run))
	}
	t.Log(run)
}

func checkVector(t *testing.T, v vectors.Vector) {
	switch v := v.(type) {
	case *vectors.DatagramVector:
		datagramVector(t, v)
	case *vectors.AnswerVector:
		answerVector(t, v)
	case *vectors.DatagramWriterVector:
		datagramWriterVector(t, v)
	case *vectors.FrameVector:
		frameVector(t, v)
	case *vectors.FrameWriterVector:
		frameWriterVector(t, v)
	case *vectors.KeyVector:
		keyVector(t, v)
	case *vectors.TokenVector:
		tokenVector(t, v)
	case *vectors.ConnectVector:
		connectVector(t, v)
	case *vectors.ConnectWriterVector:
		connectWriterVector(t, v)
	case *vectors.NumberVector:
		numberVector(t, v)
	case *vectors.ColoursVector:
		coloursVector(t, v)
	case *vectors.SignalVector:
		signalVector(t, v)
	default:
		t.Fatalf("%T is not known here", v)
	}
}

// agrees says whether the vector is valid, which it must agree about with the error.
func agrees(t *testing.T, v *vectors.Outcome, err error) bool {
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

// modes are those of the forms.
var modes = map[string]Mode{"learn": Learn, "token": Token, "port": Port}

func headerOf(v vectors.Header) Header {
	h := Header{Mode: modes[v.Form]}
	copy(h.T[:], v.T)
	if v.Port != nil {
		h.Port = *v.Port
	}
	return h
}

func datagramVector(t *testing.T, v *vectors.DatagramVector) {
	h, P, err := ParseClient(v.Input)
	if agrees(t, &v.Outcome, err) {
		if h != headerOf(v.Header) || !bytes.Equal(P, v.P) {
			t.Errorf("%+v, %x", h, P)
		}
		if again, err := AppendClient(nil, h, P); !bytes.Equal(again, v.Input) || err != nil {
			t.Errorf("written again it is %x, %v", again, err)
		}
	}
}

func answerVector(t *testing.T, v *vectors.AnswerVector) {
	agrees(t, &v.Outcome, ParseBackend(v.Input))
}

func datagramWriterVector(t *testing.T, v *vectors.DatagramWriterVector) {
	got, err := AppendClient([]byte("prefix"), headerOf(v.Header), v.P)
	checkWritten(t, &v.Outcome, v.Output, got, err)
}

// checkWritten also wants what was refused to leave the prefix as it was.
func checkWritten(t *testing.T, v *vectors.Outcome, want vectors.Hex, got []byte, err error) {
	t.Helper()
	if agrees(t, v, err); string(got) != "prefix"+string(want) {
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
	switch {
	case v.Session != nil:
		s := v.Session
		f.Listing, f.Session = ListSession,
			Session{s.ID, s.UID, Mode(s.Modes), s.Port, s.Inode, s.Age, s.Idle, s.ToBackend,
				s.ToClients, s.Clients}
	case v.Client != nil:
		c := v.Client
		f.Listing, f.Peer = ListPeer, Peer{[16]byte(c.Address), c.Port, [4]byte(c.Source), c.SourcePort}
	}
	return f
}

// frameVector reads the frame at once, and from a stream that comes byte by byte; the stream's end is always there.
func frameVector(t *testing.T, v *vectors.FrameVector) {
	if v.Fault != "cut short" {
		f, n, err := ParseFrame(v.Input)
		if agrees(t, &v.Outcome, err) {
			if diff := cmp.Diff(frameOf(*v.Frame), f); diff != "" || n != v.Consumed {
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

func frameWriterVector(t *testing.T, v *vectors.FrameWriterVector) {
	got, err := AppendFrame([]byte("prefix"), frameOf(v.Frame))
	checkWritten(t, &v.Outcome, v.Output, got, err)
}
