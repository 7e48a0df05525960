package udpmux

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/vectors"
)

func keyVector(t *testing.T, v *vectors.KeyVector) {
	K, err := ParseKey(string(v.Input))
	if !agrees(t, &v.Outcome, err) {
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

func tokenVector(t *testing.T, v *vectors.TokenVector) {
	if T := TokenOf([32]byte(v.S)); !bytes.Equal(T[:], v.T) {
		t.Errorf("%x", T)
	}
}

// connectVector reads line by line, as the agent does, which looks at a last line without LF when the output has ended.
func connectVector(t *testing.T, v *vectors.ConnectVector) {
	var port uint16
	var K [16]byte
	var err error = ErrIncomplete
	if v.Ended {
		err = ErrNotConnect
	}
	for line := range strings.Lines(string(v.Input)) {
		if !strings.HasSuffix(line, "\n") && !v.Ended {
			break
		}
		var lineErr error
		if port, K, lineErr = ParseConnect(line); !errors.Is(lineErr, ErrNotConnect) {
			err = lineErr
			break
		}
	}
	if agrees(t, &v.Outcome, err) && (port != v.Port || !bytes.Equal(K[:], v.Key)) {
		t.Errorf("%d, %x", port, K)
	}
}

func connectWriterVector(t *testing.T, v *vectors.ConnectWriterVector) {
	N, err := strconv.ParseUint(v.Number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	checkWritten(t, &v.Outcome, v.Output, AppendConnect([]byte("prefix"), N, [16]byte(v.Key)), nil)
}

func numberVector(t *testing.T, v *vectors.NumberVector) {
	mode, port, err := ParseNumber(string(v.Input))
	if !agrees(t, &v.Outcome, err) {
		return
	}
	if mode != modes[v.Form] || port != v.Port {
		t.Errorf("%s, %d", mode, port)
	}
	if mode == Token && strconv.FormatUint(TokenNumber(port), 10) != string(v.Input) {
		t.Errorf("written again it is %d", TokenNumber(port))
	}
}

// coloursVector leaves out a real client that failed: then Colours is not asked.
func coloursVector(t *testing.T, v *vectors.ColoursVector) {
	if got := Colours(string(v.Input)) + "\n"; !v.Failed && got != string(v.Output) {
		t.Errorf("%q", got)
	}
}

func signalVector(t *testing.T, v *vectors.SignalVector) {
	if HasAgent(string(v.Input)) != v.Agent {
		t.Errorf("not %t", v.Agent)
	}
}
