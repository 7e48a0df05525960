// Package services has what stands behind a TCPMUX server: handlers that start a program, that connect to another
// address, and the small services that inetd has always had built in.
package services

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"time"

	"github.com/muxspec/muxspec/ref/tcpmux"
)

// Builtins are the handlers of the services that need no other program. tcpmux is TCPMUX itself: it takes another
// request.
var Builtins = map[string]tcpmux.Handler{
	"chargen": builtin(chargen),
	"daytime": builtin(daytime),
	"discard": builtin(discard),
	"echo":    builtin(echo),
	"tcpmux": func(_ context.Context, c net.Conn) error {
		if err := tcpmux.Accept(c); err != nil {
			return err
		}
		return tcpmux.ErrNextRequest
	},
}

// writeTime is the time for what is short.
const writeTime = 10 * time.Second

// builtin makes a handler of a service: a positive reply, the session, a clean end.
func builtin(serve func(c net.Conn) error) tcpmux.Handler {
	return func(_ context.Context, c net.Conn) error {
		if err := tcpmux.Accept(c); err != nil {
			return err
		}
		if err := serve(c); err != nil {
			return err
		}
		return tcpmux.Finish(c)
	}
}

// echo sends back what it gets (RFC 862).
func echo(c net.Conn) error {
	_, err := io.Copy(c, c)
	return err
}

// discard takes all and sends nothing (RFC 863).
func discard(c net.Conn) error {
	_, err := io.Copy(io.Discard, c)
	return err
}

// daytime sends the time as a line of text (RFC 867).
func daytime(c net.Conn) error {
	c.SetWriteDeadline(time.Now().Add(writeTime)) // replies that are not read may be in the way
	_, err := io.WriteString(c, time.Now().Format(time.RFC1123Z)+"\r\n")
	return err
}

// chargen sends lines of 72 of the 95 printable characters, each beginning one further, until the client ends it (RFC
// 864).
func chargen(c net.Conn) error {
	go io.Copy(io.Discard, c) // ends when c is closed
	for {
		if _, err := c.Write(chargenLines()); err != nil {
			return nil
		}
	}
}

var chargenLines = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	for first := range 95 {
		for i := range 72 {
			b.WriteByte(' ' + byte((first+i)%95))
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
})
