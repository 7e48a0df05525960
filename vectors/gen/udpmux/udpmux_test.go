package udpmux

import (
	"slices"
	"testing"

	"github.com/muxspec/muxspec/conformance/wire/udpmux"
	"github.com/muxspec/muxspec/vectors"
	"github.com/muxspec/muxspec/vectors/gen/table"
)

func TestNotesAreUsed(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for flag := range notes {
		if !slices.ContainsFunc(files, func(file vectors.File) bool { return file.Notes[flag] != "" }) {
			t.Errorf("no vector has the flag %s", flag)
		}
	}
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
			if shown[file.Codec] == nil {
				shown[file.Codec] = map[string]bool{}
			}
			shown[file.Codec][string(v.Result)+v.Fault+v.Form] = true
		}
	}
	for codec, all := range map[vectors.Codec][]string{
		vectors.Datagram: {"validlearn", "validtoken", "validport", "invalidempty", "invalidshort header", "invalidreserved",
			"invalidtoo short",
			"invalidtoo long", "invalidwrong direction"},
		vectors.Answer: {"valid", "invalidtoo short", "invalidtoo long", "invalidwrong direction"},
		vectors.DatagramWriter: {"validlearn", "validtoken", "validport", "invalidbad portport",
			"invalidtoo shortlearn", "invalidtoo shorttoken", "invalidtoo shortport",
			"invalidtoo longlearn", "invalidtoo longtoken", "invalidtoo longport",
			"invalidwrong directionlearn", "invalidwrong directiontoken", "invalidwrong directionport"},
		vectors.OneFrame: {"valid", "incomplete", "invalidcut short", "invalidempty frame", "invalidtoo long", "invalidunknown type",
			"invalidbad length",
			"invalidbad port", "invalidzero key", "invalidbad text"},
		vectors.FrameWriter:   {"valid", "invalidunknown type", "invalidtoo long", "invalidbad port", "invalidzero key", "invalidbad text"},
		vectors.KeyText:       {"valid", "invalidbad length", "invalidbad character", "invalidbad tail"},
		vectors.Token:         {""},
		vectors.Connect:       {"valid", "incomplete", "invalidnot the line", "invalidbad number", "invalidbad key"},
		vectors.ConnectWriter: {"valid"},
		vectors.Number:        {"validlearn", "validtoken", "invalidnot a number", "invalidunknown"},
		vectors.Colours:       {""},
		vectors.Signal:        {""},
	} {
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
		"key: K":             keyRow{id: "a", input: exampleText, k: exampleT, outcome: valid}.key,
		"key: T":             keyRow{id: "a", input: exampleText, k: exampleK, s: exampleS, t: exampleK, outcome: valid}.key,
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
	v := table.Base("a", "", "", "")
	if err := badText.Set(&v, udpmux.BadText); err != nil || v.Result != vectors.Invalid || v.Fault != "bad text" {
		t.Errorf("a right table: %+v, %v", v, err)
	}
}
