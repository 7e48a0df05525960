package udpmux

import (
	"slices"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/conformance/wire/udpmux"
	"github.com/muxspec/muxspec/vectors"
)

func TestFlagsAreUsed(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for flag := range flags {
		if !slices.ContainsFunc(files, func(file vectors.File) bool { return file.Flags[flag].About != "" }) {
			t.Errorf("no vector has the flag %s", flag)
		}
	}
}

// outcomes are what the vectors of each codec show, and the form that some have.
var outcomes = map[vectors.Codec][]string{
	vectors.Datagram: {"valid learn", "valid token", "valid port", "invalid empty", "invalid short header",
		"invalid reserved", "invalid too short", "invalid too long", "invalid wrong direction"},
	vectors.Answer: {"valid", "invalid too short", "invalid too long", "invalid wrong direction"},
	vectors.DatagramWriter: {"valid learn", "valid token", "valid port", "invalid bad port port",
		"invalid too short learn", "invalid too short token", "invalid too short port",
		"invalid too long learn", "invalid too long token", "invalid too long port",
		"invalid wrong direction learn", "invalid wrong direction token", "invalid wrong direction port"},
	vectors.OneFrame: {"valid", "incomplete", "invalid cut short", "invalid empty frame", "invalid too long",
		"invalid unknown type", "invalid bad length", "invalid bad port", "invalid zero key", "invalid bad text"},
	vectors.FrameWriter: {"valid", "invalid unknown type", "invalid too long", "invalid bad port",
		"invalid zero key", "invalid bad text"},
	vectors.KeyText:       {"valid", "invalid bad length", "invalid bad character", "invalid bad tail"},
	vectors.Connect:       {"valid", "incomplete", "invalid not the line", "invalid bad number", "invalid bad key"},
	vectors.ConnectWriter: {"valid"},
	vectors.Number:        {"valid learn", "valid token", "invalid not a number", "invalid unknown"},
}

// TestEveryFault wants each outcome of a codec to be shown, and no other.
func TestEveryFault(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[vectors.Codec]map[string]bool{}
	for _, file := range files {
		for _, v := range file.Vectors {
			if v, ok := v.(vectors.Judged); ok {
				if shown[file.Codec] == nil {
					shown[file.Codec] = map[string]bool{}
				}
				words := []string{string(v.Came().Result), v.Came().Fault, formOf(v)}
				shown[file.Codec][strings.Join(strings.Fields(strings.Join(words, " ")), " ")] = true
			}
		}
	}
	for codec, all := range outcomes {
		for _, want := range all {
			if !shown[codec][want] {
				t.Errorf("no vector of %s is %s", codec, want)
			}
			delete(shown[codec], want)
		}
		if len(shown[codec]) > 0 {
			t.Errorf("%s has %v, too", codec, shown[codec])
		}
		delete(shown, codec)
	}
	if len(shown) > 0 {
		t.Errorf("codecs %v", shown)
	}
}

// formOf gives the form that a vector has, if any.
func formOf(v vectors.Vector) string {
	switch v := v.(type) {
	case *vectors.DatagramVector:
		return v.Form
	case *vectors.DatagramWriterVector:
		return v.Form
	case *vectors.NumberVector:
		return v.Form
	}
	return ""
}

func TestDisagreementIsAnError(t *testing.T) {
	p := mosh(1, 24)
	for name, vector := range map[string]func() (vectors.Vector, error){
		"datagram: fault": datagramRow{id: "a", form: learn, input: p, outcome: tooShort}.datagram,
		"datagram: form":  datagramRow{id: "a", form: token, input: p, outcome: valid}.datagram,
		"answer":          answerRow{id: "a", input: p, outcome: valid}.answer,
		"datagram-writer": datagramWriterRow{id: "a", form: learn, p: p, output: p[1:], outcome: valid}.datagramWriter,
		"frame":           frameRow{id: "a", input: hello1, outcome: incomplete}.frame,
		"frame-writer": frameWriterRow{id: "a", frame: udpmux.Frame{Type: udpmux.Hello, Version: 2}, output: hello1,
			outcome: valid}.frameWriter,
		"key: K": keyRow{id: "a", input: exampleText, k: exampleT, outcome: valid}.key,
		"key: T": keyRow{id: "a", input: exampleText, k: exampleK,
			s: exampleS, t: exampleK, outcome: valid}.key,
		"key: fault":         keyRow{id: "a", input: "A", outcome: badTail}.key,
		"token":              tokenRow{id: "a", s: exampleS, t: exampleK}.token,
		"connect: port":      connectRow{id: "a", input: example, port: 1, outcome: valid}.connect,
		"connect: fault":     connectRow{id: "a", input: "MOSH CONNECT x\n", outcome: badKey}.connect,
		"connect-writer":     connectWriterRow{id: "a", n: 1, k: exampleK, output: example}.connectWriter,
		"number: form":       numberRow{id: "a", input: "60000", form: token, port: 60000, outcome: valid}.number,
		"number: fault":      numberRow{id: "a", input: "x", outcome: unknownN}.number,
		"colours":            coloursRow{id: "a", input: "8\n", output: "8\n"}.colours,
		"colours: no signal": coloursRow{id: "a", input: "8\n", failed: true, output: "08\n"}.colours,
		"signal":             signalRow{id: "a", input: "8", agent: true}.signal,
	} {
		if _, err := vector(); err == nil {
			t.Errorf("%s: a wrong table is taken", name)
		}
	}
	v := badText.Vector()
	if err := badText.Check(udpmux.BadText); err != nil || v.Result != vectors.Invalid || v.Fault != "bad text" {
		t.Errorf("a right table: %+v, %v", v, err)
	}
}
