package hmacsocket

import (
	"slices"
	"testing"

	"github.com/muxspec/muxspec/conformance/wire/hmacsocket"
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

// TestEveryFault wants each fault of a codec to be shown with each kind of input that can have it.
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
				shown[file.Codec][string(v.Came().Result)+v.Came().Fault] = true
			}
		}
	}
	for codec, all := range map[vectors.Codec][]string{
		vectors.Init:          {"valid", "incomplete", "invalidcut short", "invalidhash length", "invalidzero limit"},
		vectors.OneMessage:    {"valid", "incomplete", "invalidcut short", "invalidwrong HMAC", "invalidtoo long"},
		vectors.Stream:        {"valid", "incomplete", "invalidcut short", "invalidwrong HMAC", "invalidtoo long"},
		vectors.InitWriter:    {"valid", "invalidhash length", "invalidzero limit"},
		vectors.MessageWriter: {"valid", "invalidempty", "invalidtoo long", "invalidbad text"},
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
	}
}

func TestDisagreementIsAnError(t *testing.T) {
	for name, vector := range map[string]func() (vectors.Vector, error){
		"init":    initRow{id: "a", hash: "sha256", input: initExample, outcome: incomplete}.init,
		"message": row{id: "a", party: secret, i: "0", ml: wide, input: flip(hello, -1), outcome: valid}.message,
		"stream": streamRow{row{id: "a", party: secret, i: "0", ml: wide, input: hello, ended: true,
			outcome: valid}, 2}.stream,
		"counter": counterRow{id: "a", base: zeros("\x01"), i: "1", cn: zeros("\x03")}.counter,
		"init-writer": initWriterRow{id: "a", hash: "sha256", ml: 1,
			n: steps(0, 32), output: initExample, outcome: valid}.initWriter,
		"message-writer": writerRow{id: "a", party: secret, i: "0", ml: wide,
			message: chunkOf("jello"), output: hello, outcome: valid}.writer,
	} {
		if _, err := vector(); err == nil {
			t.Errorf("%s: a wrong table is taken", name)
		}
	}
	v := wrongHMAC.Vector()
	err := wrongHMAC.Check(hmacsocket.WrongHMAC)
	if err != nil || v.Result != vectors.Invalid || v.Fault != "wrong HMAC" {
		t.Errorf("a right table: %+v, %v", v, err)
	}
}
