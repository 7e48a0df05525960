package hmacsocket

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"sync"
	"time"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
	ref "github.com/muxspec/muxspec/ref/hmacsocket"
)

// A peer is a connection of an honest endpoint with its application, and what the middle did to it.
type peer struct {
	name     string
	server   bool
	endpoint *ref.Endpoint
	line     *line
	born     time.Time
	own      []byte // N of its Init

	mu      sync.Mutex
	conn    transport
	openErr error
	got     []byte // delivered to the application
	readErr error  // why nothing more is; io.EOF is the clean end

	wrote              []byte // what the application has transmitted
	writeEnded, closed bool   // by the application

	fed       []byte // by the middle
	fedEnd    error
	frames    int        // messages among fed, or what was to pass for some
	initSeen  bool       // the peer's Init is whole
	initFault wire.Fault // why it is refused, if the endpoint's memory is
	late      bool       // time was up before
}

// A transport is a [ref.Conn], or what stands for it.
type transport interface {
	io.ReadWriteCloser
	io.ReaderFrom
	io.WriterTo
	CloseWrite() error
}

// run is the application: it reads with pieces of a size (0: it uses WriteTo), and closes after what is not a clean
// end.
func (p *peer) run(open func(net.Conn) (transport, error), size int) {
	conn, err := open(p.line)
	p.mu.Lock()
	p.conn, p.openErr = conn, err
	p.mu.Unlock()
	if err != nil {
		return
	}
	if size == 0 {
		if _, err = conn.WriteTo(p); err == nil {
			err = io.EOF
		}
	}
	for b := make([]byte, size); err == nil; {
		var n int
		n, err = conn.Read(b)
		p.Write(b[:n])
	}
	p.mu.Lock()
	p.readErr = err
	p.mu.Unlock()
	if err != io.EOF {
		conn.Close()
	}
}

// Write takes what is delivered.
func (p *peer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, b...)
	return len(b), nil
}

// state is what has become of the peer.
func (p *peer) state() (conn transport, got []byte, end string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.openErr != nil {
		return nil, nil, "not opened: " + describe(p.openErr)
	}
	return p.conn, bytes.Clone(p.got), describe(p.readErr)
}

func describe(err error) string {
	var failure *ref.PeerError
	switch {
	case err == nil:
		return ""
	case err == io.EOF:
		return "end"
	case errors.As(err, &failure):
		return fmt.Sprintf("Error %#02x %q", failure.Code, failure.Text)
	case errors.Is(err, errReset), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
		return err.Error()
	}
	return string(fault(err))
}

// expect is what has to have become of the peer, literally after the page.
func (s *session) expect(p *peer) (got []byte, end string) {
	init, n, f := s.hash.ReadInit(p.fed, p.fedEnd == io.EOF)
	if f == wire.None {
		f = p.initFault
	}
	switch {
	case p.late:
		return nil, "not opened: " + os.ErrDeadlineExceeded.Error()
	case f == wire.Incomplete && p.fedEnd != nil:
		return nil, "not opened: " + p.fedEnd.Error()
	case f == wire.Incomplete:
		return nil, ""
	case f != wire.None:
		return nil, "not opened: " + string(f)
	case init.ML == 0:
		panic("an Init with ML 0 was read")
	}
	messages, _, f := s.direction(p.own).ReadStream(p.fed[n:], s.limit(), new(big.Int), p.fedEnd == io.EOF)
	for _, m := range messages {
		got = append(got, m.D...)
		if m.Kind == wire.Error {
			if m.Unfit {
				m.EM = nil
			}
			return got, fmt.Sprintf("Error %#02x %q", m.EC, m.EM)
		}
	}
	switch {
	case f == wire.None:
		return got, "end"
	case f != wire.Incomplete:
		return got, string(f)
	case p.fedEnd != nil:
		return got, p.fedEnd.Error()
	}
	return got, ""
}

// checkState compares the peer with what is expected. What its application has closed itself may have got less.
func (s *session) checkState(p *peer) error {
	_, got, end := p.state()
	wantGot, wantEnd := s.expect(p)
	if p.closed && (end == net.ErrClosed.Error() || end == "not opened: "+net.ErrClosed.Error()) &&
		bytes.HasPrefix(wantGot, got) {
		return nil
	}
	if !bytes.Equal(got, wantGot) || end != wantEnd {
		return fmt.Errorf("%s: got %q, then %q; expected %q, then %q; fed %x, %v",
			p.name, got, end, wantGot, wantEnd, p.fed, p.fedEnd)
	}
	return nil
}

// checkSent: what the peer has sent is an Init, and then what its application wrote; an Error where it is due, and
// nowhere else.
func (s *session) checkSent(p *peer) error {
	out, _, _ := p.line.sent()
	init, n, f := s.hash.ReadInit(out, false)
	if f != wire.None || init.ML != s.limit() {
		return fmt.Errorf("%s sent the Init %x: %q", p.name, out, f)
	}
	conn, got, end := p.state()
	if conn == nil {
		if len(out) != n {
			return fmt.Errorf("%s sent %x after its Init, and no good one has come", p.name, out[n:])
		}
		return nil
	}
	theirs, _, _ := s.hash.ReadInit(p.fed, false)
	messages, used, f := s.direction(theirs.N).ReadStream(out[n:], theirs.ML, new(big.Int), true)
	var data []byte
	var EC, wantEC byte
	for _, m := range messages {
		data = append(data, m.D...)
		if m.Kind == wire.Error {
			if EC = m.EC; m.Unfit || len(m.EM) == 0 {
				return fmt.Errorf("%s sent an Error with text %q", p.name, m.EM)
			}
		}
	}
	if f != wire.None || used != len(out)-n || !bytes.Equal(data, p.wrote) {
		return fmt.Errorf("%s sent %x, that is %q, then %q; its application wrote %q",
			p.name, out[n:], data, f, p.wrote)
	}
	switch last := s.refused(p); {
	case s.plan.Memory == none: // it knows no Errors
	case p.writeEnded || s.plan.ClientFirst && len(got) == 0:
	case end == string(wire.TooLong):
		wantEC = wire.CodeTooLong
	case end == string(wire.WrongHMAC) && binary.BigEndian.Uint32(last) != 0:
		wantEC = wire.CodeWrongHMAC
	}
	if EC != wantEC {
		return fmt.Errorf("%s has sent the Error %#02x, not %#02x, after %q", p.name, EC, wantEC, end)
	}
	return nil
}

// refused is what the peer was fed after the last message that was right.
func (s *session) refused(p *peer) []byte {
	n := 6 + s.hash.Length
	_, used, _ := s.direction(p.own).ReadStream(p.fed[n:], s.limit(), new(big.Int), p.fedEnd == io.EOF)
	return p.fed[n+used:]
}
