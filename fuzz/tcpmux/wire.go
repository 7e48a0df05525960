// Package tcpmux compares the two implementations of TCPMUX's wire format, ref/tcpmux and conformance/wire/tcpmux, with
// each other and with the golden vectors, and drives a server session against a model. What finds a difference is a
// property; each property runs with random input in go test and as a native fuzz target.
package tcpmux

import (
	"fmt"

	"github.com/google/go-cmp/cmp"

	wire "github.com/muxspec/muxspec/conformance/wire/tcpmux"
	ref "github.com/muxspec/muxspec/ref/tcpmux"
)

// fault gives the page's name for an error of the reference.
func fault(err error) wire.Fault {
	switch err {
	case nil:
		return wire.None
	case ref.ErrIncomplete:
		return wire.Incomplete
	case ref.ErrBadByte:
		return wire.BadByte
	case ref.ErrTooLong:
		return wire.TooLong
	case ref.ErrCutShort:
		return wire.CutShort
	case ref.ErrEmptyName:
		return wire.EmptyName
	case ref.ErrBadSign:
		return wire.BadSign
	}
	return wire.Fault("no fault of the page: " + err.Error())
}

// A read is what came of reading something, in a form that both implementations' results can be given.
type read struct {
	Fault                     wire.Fault
	N                         int
	Name, Sign, Explanation   string
	Names                     []string
	Refused                   bool
	Request, Reply, List, End bool // what was read
}

// readRequest reads b with both implementations; the error says where they differ.
func readRequest(b []byte, max int) (read, error) {
	name, n, err := ref.ParseRequest(b, max)
	got := read{Request: true, Fault: fault(err), N: n, Name: name}
	text, n, f := wire.ParseRequest(b, max)
	want := read{Request: true, Fault: f, N: n, Name: string(text)}
	return got, differ("request", b, got, want)
}

// readReply is readRequest for a reply.
func readReply(b []byte, max int) (read, error) {
	r, n, err := ref.ParseReply(b, max)
	got := read{Reply: true, Fault: fault(err), N: n, Explanation: r.Explanation}
	if err == nil {
		got.Sign = string(r.Sign)
	}
	sign, text, n, f := wire.ParseReply(b, max)
	want := read{Reply: true, Fault: f, N: n, Explanation: string(text)}
	if f == wire.None {
		want.Sign = string(sign)
	}
	return got, differ("reply", b, got, want)
}

// readList is readRequest for a list after which the connection has ended: the reference's client reads no other.
func readList(b []byte, max int) (read, error) {
	names, err := ref.ParseList(b, max)
	got := read{List: true, End: true, Names: names}
	if refused, ok := err.(ref.RefusedError); ok {
		got.Refused, got.Explanation = true, string(refused)
	} else {
		got.Fault = fault(err)
	}
	list, f := wire.ParseList(b, max, true)
	want := read{List: true, End: true, Fault: f, Refused: list.Refused, Explanation: string(list.Explanation)}
	for _, name := range list.Names {
		want.Names = append(want.Names, string(name))
	}
	return got, differ("list", b, got, want)
}

func differ(what string, b []byte, got, want read) error {
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("%s %q: - conformance/wire, + ref:\n%s", what, b, diff)
	}
	return nil
}

// write writes with both implementations what r says; the error says where they differ.
func write(r read, max int) ([]byte, wire.Fault, error) {
	prefix := []byte("prefix")
	var got, want []byte
	var err error
	var f wire.Fault
	switch {
	case r.Request:
		got, err = ref.AppendRequest(prefix, r.Name, max)
		want, f = wire.AppendRequest(prefix, []byte(r.Name), max)
	case r.Reply:
		got, err = ref.AppendReply(prefix, ref.Reply{Sign: r.Sign[0], Explanation: r.Explanation}, max)
		want, f = wire.AppendReply(prefix, r.Sign[0], []byte(r.Explanation), max)
	case r.List:
		var names [][]byte
		for _, name := range r.Names {
			names = append(names, []byte(name))
		}
		got, err = ref.AppendList(prefix, r.Names, max)
		want, f = wire.AppendList(prefix, names, max)
	}
	if fault(err) != f || string(got) != string(want) {
		return nil, f, fmt.Errorf("writing %+v with at most %d bytes: ref %q, %v; conformance/wire %q, %q",
			r, max, got, err, want, f)
	}
	return got[len(prefix):], f, nil
}
