// Package udpmux compares the two implementations of UDP mux's wire formats, ref/udpmux and conformance/wire/udpmux,
// with each other, and ref/udpmux's Mux with a model of the page that has no shortcuts, under users who roam and
// attackers who forge and replay. What finds a difference is a property; each property runs with random input in go
// test and as a native fuzz target.
package udpmux

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
	ref "github.com/muxspec/muxspec/ref/udpmux"
)

// fault gives the page's name for an error of the reference.
func fault(err error) wire.Fault {
	if err == nil {
		return wire.None
	}
	for _, f := range []struct {
		err   error
		fault wire.Fault
	}{
		{ref.ErrEmpty, wire.Empty},
		{ref.ErrShortHeader, wire.ShortHeader},
		{ref.ErrReserved, wire.Reserved},
		{ref.ErrTooShort, wire.TooShort},
		{ref.ErrTooLong, wire.TooLong},
		{ref.ErrWrongDirection, wire.WrongDirection},
		{ref.ErrBadPort, wire.BadPort},
		{ref.ErrBadKey, wire.BadKey}, // before what is wrong with the key
		{ref.ErrBadLength, wire.BadLength},
		{ref.ErrBadCharacter, wire.BadCharacter},
		{ref.ErrBadTail, wire.BadTail},
		{ref.ErrIncomplete, wire.Incomplete},
		{ref.ErrCutShort, wire.CutShort},
		{ref.ErrEmptyFrame, wire.EmptyFrame},
		{ref.ErrUnknownType, wire.UnknownType},
		{ref.ErrZeroKey, wire.ZeroKey},
		{ref.ErrBadText, wire.BadText},
		{ref.ErrNotConnect, wire.NotTheLine},
		{ref.ErrBadNumber, wire.BadNumber},
		{ref.ErrNotNumber, wire.Fault(wire.NotANumber)},
		{ref.ErrUnknownNumber, wire.Fault(wire.UnknownN)},
	} {
		if errors.Is(err, f.err) {
			return f.fault
		}
	}
	return wire.Fault("no fault of the page: " + err.Error())
}

// differ is the error that both are not the same.
func differ(what any, w, r any, wireFault wire.Fault, refErr error) error {
	if diff := cmp.Diff(w, r); diff != "" || fault(refErr) != wireFault {
		return fmt.Errorf("%x: conformance/wire %q; ref %v; - conformance/wire, + ref:\n%s",
			what, wireFault, refErr, diff)
	}
	return nil
}

// modes are the forms' modes.
var modes = map[wire.Form]ref.Mode{wire.Learn: ref.Learn, wire.Token: ref.Token, wire.Port: ref.Port}

// readClient: both read the same, and write it again as it was.
func readClient(b []byte) (wire.Datagram, wire.Fault, error) {
	d, f := wire.ReadClient(b)
	h, P, err := ref.ParseClient(b)
	want, got := d.P, P
	if err != nil {
		got = nil
	} else if err := differ(b, ref.Header{Mode: modes[d.Form], T: d.T, Port: d.Port}, h, f, err); err != nil {
		return d, f, err
	}
	if err := differ(b, want, got, f, err); err != nil || f != wire.None {
		return d, f, err
	}
	again, wroteFault, err := writeClient(d)
	if err == nil && (wroteFault != wire.None || !bytes.Equal(again, b)) {
		err = fmt.Errorf("%x is written again as %x, %q", b, again, wroteFault)
	}
	return d, f, err
}

// writeClient writes a datagram with both.
func writeClient(d wire.Datagram) (b []byte, f wire.Fault, err error) {
	prefix := []byte("prefix")
	switch d.Form {
	case wire.Learn:
		b, f = wire.WriteLearn(prefix, d.P)
	case wire.Token:
		b, f = wire.WriteToken(prefix, d.T, d.P)
	case wire.Port:
		b, f = wire.WritePort(prefix, d.Port, d.P)
	}
	got, refErr := ref.AppendClient([]byte("prefix"), ref.Header{Mode: modes[d.Form], T: d.T, Port: d.Port}, d.P)
	return b[len(prefix):], f, differ(d.P, b, got, f, refErr)
}

// readBackend reads a backend's datagram with both.
func readBackend(b []byte) error {
	return differ(b, nil, nil, wire.ReadBackend(b), ref.ParseBackend(b))
}

// asRef is a frame as the reference has it.
func asRef(f wire.Frame) ref.Frame {
	r := ref.Frame{Type: ref.FrameType(f.Type), Version: f.Version, Modes: ref.Mode(f.Modes),
		Port: f.Port, S: f.S, ID: f.ID, Code: byte(f.Code), Text: string(f.Text)}
	switch e := f.Entry.(type) {
	case wire.Session:
		r.Listing, r.Session = ref.ListSession,
			ref.Session{ID: e.ID, UID: e.UID, Modes: ref.Mode(e.Modes), Port: e.Port,
				Inode: e.Inode, Age: e.Age, Idle: e.Idle, ToBackend: e.ToBackend,
				ToClients: e.ToClients, Clients: e.Clients}
	case wire.Client:
		r.Listing, r.Peer = ref.ListPeer, ref.Peer(e)
	}
	return r
}

// readFrame reads the frame that b begins with; what was read is written again as it was.
func readFrame(b []byte, ended bool) (n int, f wire.Fault, err error) {
	w, n, f := wire.ReadFrame(b, ended)
	r, refN, refErr := ref.ParseFrame(b)
	if refErr == ref.ErrIncomplete && ended && len(b) > 0 { // a FrameReader says so, which readFrames compares
		refErr = ref.ErrCutShort
	}
	if err = differ(b, asRef(w), r, f, refErr); err == nil && n != refN {
		err = fmt.Errorf("%x: conformance/wire %d bytes, ref %d", b, n, refN)
	}
	if err != nil || f != wire.None {
		return n, f, err
	}
	again, wroteFault, err := writeFrame(w)
	if err == nil && (wroteFault != wire.None || !bytes.Equal(again, b[:n])) {
		err = fmt.Errorf("%x is written again as %x, %q", b[:n], again, wroteFault)
	}
	return n, f, err
}

// writeFrame writes a frame with both.
func writeFrame(f wire.Frame) ([]byte, wire.Fault, error) {
	b, fault := wire.WriteFrame([]byte("prefix"), f)
	got, err := ref.AppendFrame([]byte("prefix"), asRef(f))
	return b[len("prefix"):], fault, differ(f, b, got, fault, err)
}

// readFrames reads a stream's frames, each with both, and then with a FrameReader however the stream is cut.
func readFrames(b []byte) error {
	var frames []ref.Frame
	last := error(io.EOF)
	for rest := b; len(rest) > 0; {
		n, f, err := readFrame(rest, true)
		if err != nil {
			return err
		}
		r, _, parseErr := ref.ParseFrame(rest)
		if f != wire.None {
			if last = parseErr; f == wire.CutShort {
				last = ref.ErrCutShort
			}
			break
		}
		if _, f, err := readFrame(rest[:n-1], false); err != nil || f != wire.Incomplete {
			return fmt.Errorf("%x without its last byte: %q, %w", rest[:n], f, err)
		}
		frames, rest = append(frames, r), rest[n:]
	}
	for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b)),
		iotest.DataErrReader(bytes.NewReader(b))} {
		reader := ref.NewFrameReader(r)
		for _, want := range frames {
			if got, err := reader.Next(); err != nil || got != want {
				return fmt.Errorf("%x: the stream has %+v, %v, not %+v", b, got, err, want)
			}
		}
		if got, err := reader.Next(); err != last {
			return fmt.Errorf("%x: at the end the stream has %+v, %v, not %v", b, got, err, last)
		}
	}
	return nil
}
