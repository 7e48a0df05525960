package tcpmux

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	wire "github.com/muxspec/muxspec/conformance/wire/tcpmux"
	ref "github.com/muxspec/muxspec/ref/tcpmux"
)

const (
	maxName = 8
	timeout = 10 * time.Second
)

// serviceNames are the session's services: echo; once, which says a word and ends; own, whose service sends the reply;
// again, after which another request is read.
var serviceNames = []string{"again", "eCho", "once", "own"}

func handlers() *ref.Table {
	t := new(ref.Table)
	for name, h := range map[string]ref.Handler{
		"eCho": func(_ context.Context, c net.Conn) error { ref.Accept(c); _, err := io.Copy(c, c); return err },
		"once": func(_ context.Context, c net.Conn) error {
			ref.Accept(c)
			_, err := io.WriteString(c, "word")
			return err
		},
		"own":   func(_ context.Context, c net.Conn) error { _, err := io.WriteString(c, "+mine\r\nword"); return err },
		"again": func(_ context.Context, c net.Conn) error { ref.Accept(c); return ref.ErrNextRequest },
	} {
		if err := t.Add(name, maxName, h); err != nil {
			panic(err)
		}
	}
	return t
}

// A model says, literally after the page, what a client has to have got for what it has sent.
type model struct {
	in      []byte // sent, and not yet understood
	want    []byte // expected; a reply is only its sign and CR LF, since the explanation is free
	echo    bool
	over    bool
	elapsed time.Duration // since the request was waited for
}

// send tells the model what the client sends.
func (m *model) send(b []byte) {
	if m.over {
		return
	}
	m.in = append(m.in, b...)
	for !m.over {
		if m.echo {
			m.want, m.in = append(m.want, m.in...), nil
			return
		}
		name, n, fault := wire.ParseRequest(m.in, maxName)
		if fault == wire.Incomplete {
			return
		}
		m.in = m.in[n:]
		m.answer(name, fault)
	}
}

// answer tells the model that a request is whole, or wrong.
func (m *model) answer(name []byte, fault wire.Fault) {
	m.over = true
	is := func(s string) bool { return fault == wire.None && wire.SameName(name, []byte(s)) }
	switch {
	case is("HELP"):
		for _, s := range serviceNames {
			m.want = append(m.want, s+"\r\n"...)
		}
	case is("echo"):
		m.want = append(m.want, "+\r\n"...)
		m.echo, m.over = true, false
	case is("again"):
		m.want = append(m.want, "+\r\n"...)
		m.over, m.elapsed = false, 0
	case is("once"), is("own"):
		m.want = append(m.want, "+\r\nword"...)
	default:
		m.want = append(m.want, "-\r\n"...)
	}
}

// wait tells the model that time passes.
func (m *model) wait(d time.Duration) {
	if m.elapsed += d; !m.echo && m.elapsed >= timeout {
		m.over = true
	}
}

// A step is what a client does: it sends, or waits.
type step struct {
	Send []byte
	Wait time.Duration
}

var (
	line = rapid.Custom(func(t *rapid.T) []byte { return append(word.Draw(t, "word"), "\r\n"...) })
	word = rapid.OneOf(rapid.SampledFrom([][]byte{[]byte("HELP"), []byte("echo"), []byte("ONCE"), []byte("own"),
		[]byte("Again"), []byte("none")}), rapid.SliceOfN(tricky, 0, 10))
	steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return step{Wait: time.Duration(rapid.IntRange(1, 6).Draw(t, "seconds")) * time.Second}
		case 1:
			return step{Send: rapid.SliceOfN(tricky, 1, 6).Draw(t, "bytes")}
		case 2:
			return step{Send: word.Draw(t, "word")}
		case 3:
			return step{Send: []byte("again\r\n")}
		default:
			return step{Send: line.Draw(t, "line")}
		}
	}), 1, 12)
)

// checkSession: whatever a client does, the server has sent, at each moment, what the model says, and has closed when
// it says.
func checkSession(t *testing.T, r *rapid.T) {
	todo := steps.Draw(r, "steps")
	var err error
	// A failure within the bubble could not end the property, so it comes out as an error.
	synctest.Test(t, func(*testing.T) { err = session(todo) })
	if err != nil {
		r.Fatal(err)
	}
}

func TestSession(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) { checkSession(t, r) })
}

// session plays the steps and compares with the model after each.
func session(todo []step) error {
	client, server := net.Pipe()
	s := ref.NewServer(&ref.Config{Services: handlers(), RequestTimeout: timeout, MaxName: maxName},
		slog.New(slog.DiscardHandler))
	var mu sync.Mutex
	var got bytes.Buffer
	closed := false
	go s.ServeConn(server)
	go func() {
		b := make([]byte, 256)
		for {
			n, err := client.Read(b)
			mu.Lock()
			got.Write(b[:n])
			closed = err != nil
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	defer client.Close()
	var m model
	for i, do := range todo {
		if do.Wait == 0 {
			go client.Write(do.Send) // waits for a server that does not read; ends with the connection
			m.send(do.Send)
		} else {
			time.Sleep(do.Wait)
			m.wait(do.Wait)
		}
		synctest.Wait()
		mu.Lock()
		have, over := plain(got.Bytes(), m.want), closed
		mu.Unlock()
		if !bytes.Equal(have, m.want) {
			return fmt.Errorf("step %d: got %q, expected %q", i, have, m.want)
		}
		if over != m.over {
			return fmt.Errorf("step %d: connection closed: %v, expected: %v (sent so far: %q)", i, over, m.over, have)
		}
	}
	return nil
}

// plain takes the explanations out of the replies in b, as far as want has replies at their places.
func plain(b, want []byte) []byte {
	var out []byte
	for len(b) > 0 && len(out) < len(want) {
		if bytes.HasPrefix(want[len(out):], []byte("+\r\n")) || bytes.HasPrefix(want[len(out):], []byte("-\r\n")) {
			if sign, _, n, fault := wire.ParseReply(b, 80); fault == wire.None {
				out = append(out, sign, '\r', '\n')
				b = b[n:]
				continue
			}
		}
		out = append(out, b[0])
		b = b[1:]
	}
	return append(out, b...)
}
