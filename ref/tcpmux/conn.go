package tcpmux

import (
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// readExact fills buf from c until parse, given what is there, takes n bytes or fails. It consumes no byte after those
// n: whoever gets the connection next finds the rest in its queue. parse must decide on len(buf) bytes. The end of the
// connection is [io.EOF] before the first byte and [ErrCutShort] after it.
func readExact(c net.Conn, buf []byte, parse func([]byte) (n int, err error)) error {
	sc, socket := c.(syscall.Conn)
	for have := 0; ; {
		var seen int
		var err error
		if socket {
			seen, err = peek(sc, buf[have:])
		} else { // without a queue to look into, only single bytes are sure not to be too many
			seen, err = c.Read(buf[have : have+1])
		}
		switch {
		case seen > 0: // an error that came along will come again
		case err == io.EOF && have > 0:
			return ErrCutShort
		case err != nil:
			return err
		}
		n, fault := parse(buf[:have+seen])
		if fault != nil && fault != ErrIncomplete {
			return fault
		}
		if fault == nil {
			seen = n - have
		}
		if socket { // a look leaves the bytes in the queue, and the next look would not wait
			if _, err := io.ReadFull(c, buf[have:have+seen]); err != nil {
				return err
			}
		}
		if fault == nil {
			return nil
		}
		have += seen
	}
}

// peek waits for input and copies it into b without consuming it; [io.EOF] if none will come.
func peek(c syscall.Conn, b []byte) (n int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	waitErr := raw.Read(func(fd uintptr) bool {
		n, _, err = unix.Recvfrom(int(fd), b, unix.MSG_PEEK)
		return err != unix.EAGAIN
	})
	switch {
	case waitErr != nil:
		return 0, waitErr
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// send sends a reply.
func send(c net.Conn, sign byte, explanation string) error {
	b, err := AppendReply(nil, Reply{sign, explanation}, MaxExplanation)
	if err == nil {
		err = write(c, b)
	}
	return err
}

// write sends what is not a service's, in bounded time: a client may send requests and read nothing.
func write(c net.Conn, b []byte) error {
	c.SetWriteDeadline(time.Now().Add(writeTime))
	defer c.SetWriteDeadline(time.Time{})
	_, err := c.Write(b)
	return err
}

// Accept sends a positive reply.
func Accept(c net.Conn) error { return send(c, Positive, "Go") }

// Refuse sends a negative reply and finishes the connection.
func Refuse(c net.Conn, explanation string) error {
	if err := send(c, Negative, explanation); err != nil {
		return err
	}
	return Finish(c)
}

// Finish ends the server's direction and takes what the client still sends, within limits: closing with unread input
// makes TCP send a reset, which can destroy what was sent before it (TCPMUX-23). It is no error if the client has gone.
// Closing is the caller's.
func Finish(c net.Conn) error {
	half, ok := c.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	if half.CloseWrite() != nil {
		return nil
	}
	c.SetReadDeadline(time.Now().Add(drainTime))
	io.CopyN(io.Discard, c, drainBytes) // however this ends, the reply has had its time
	return nil
}
