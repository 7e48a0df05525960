package tcpmux

import (
	"fmt"
	"io"
	"net"
)

// Request asks for the service name on a new connection c. After a positive reply it returns the explanation, and none
// of the service's bytes on c has been read (TCPMUX-51). A negative reply is a [RefusedError]; an impossible name is
// refused before anything is sent (TCPMUX-48, -49). Deadlines and closing are the caller's.
//
// What is sent before Request has returned may be lost: several servers drop what comes with the request (TCPMUX-60).
func Request(c net.Conn, name string) (explanation string, err error) {
	if err := request(c, name); err != nil {
		return "", err
	}
	var reply Reply
	err = readExact(c, make([]byte, 1+MaxExplanation+2), func(b []byte) (n int, err error) {
		reply, n, err = ParseReply(b, MaxExplanation)
		return n, err
	})
	switch {
	case err == io.EOF:
		return "", fmt.Errorf("no reply: %w", ErrCutShort)
	case err != nil:
		return "", fmt.Errorf("reading the reply: %w", err)
	case reply.Sign == Negative:
		return "", RefusedError(reply.Explanation)
	}
	return reply.Explanation, nil
}

// List asks for the names of the services that the server at the other end of the new connection c supports, in the
// server's order. Deadlines and closing are the caller's.
func List(c net.Conn) (names []string, err error) {
	if err := request(c, Help); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(c, MaxList+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the list: %w", err)
	case len(b) > MaxList:
		return nil, fmt.Errorf("the list: %w", ErrTooLong)
	case len(b) == 0:
		return nil, fmt.Errorf("no list: %w", ErrCutShort)
	}
	return ParseList(b, MaxExplanation)
}

func request(c net.Conn, name string) error {
	b, err := AppendRequest(nil, name, len(name))
	if err != nil {
		return err
	}
	if _, err := c.Write(b); err != nil {
		return fmt.Errorf("sending the request: %w", err)
	}
	return nil
}
