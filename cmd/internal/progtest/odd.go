package progtest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// An oddServer serves a single connection: it reads a request, says its text, and then, depending on its kind, closes
// or resets the connection, repeats the text for ever, or keeps the connection until the client ends it.
type oddServer struct {
	address  string
	listener net.Listener
	got      bytes.Buffer
	err      error
	done     sync.WaitGroup
}

func startOddServer(kind, text string) (*oddServer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &oddServer{address: l.Addr().String(), listener: l}
	s.done.Go(func() {
		c, err := l.Accept()
		if err == nil {
			defer c.Close()
			c.SetDeadline(time.Now().Add(Patience))
			err = s.serve(c.(*net.TCPConn), kind, text)
		}
		s.err = err
	})
	return s, nil
}

func (s *oddServer) serve(c *net.TCPConn, kind, text string) error {
	for b := make([]byte, 1); !bytes.HasSuffix(s.got.Bytes(), []byte("\r\n")); {
		if _, err := c.Read(b); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		s.got.Write(b)
	}
	_, err := io.WriteString(c, text)
	switch {
	case err != nil:
		return err
	case kind == "close":
		err = c.CloseWrite()
	case kind == "keep":
	case kind == "endless":
		for err == nil {
			_, err = io.WriteString(c, text)
		}
		return nil // the client had enough
	case kind == "reset":
		return c.SetLinger(0)
	default:
		return fmt.Errorf("an odd server cannot be %q", kind)
	}
	io.Copy(&s.got, c) // a client that is not content may reset the connection
	return err
}

// received waits for the end of the connection and returns what the client sent.
func (s *oddServer) received() (string, error) {
	s.done.Wait()
	return s.got.String(), s.err
}

func (s *oddServer) stop() {
	s.listener.Close()
	s.done.Wait()
}
