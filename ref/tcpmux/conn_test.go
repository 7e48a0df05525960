package tcpmux

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// sockets gives the two ends of a TCP connection on loopback.
func sockets(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// pipe gives the two ends of a connection in memory, which cannot be looked into.
func pipe(t *testing.T) (a, b net.Conn) {
	t.Helper()
	a, b = net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// TestReadExactSplits: however a request is cut into writes, it is read whole, and what follows it is left unread.
func TestReadExactSplits(t *testing.T) {
	const request, after = "daytime\r\n", "\r\nand more"
	all := request + after
	for name, ends := range map[string]func(*testing.T) (net.Conn, net.Conn){"socket": sockets, "memory": pipe} {
		t.Run(name, func(t *testing.T) {
			for i := range all {
				for j := i; j <= len(all); j += 3 {
					readSplit(t, ends, request, after, []string{all[:i], all[i:j], all[j:]})
				}
			}
		})
	}
}

func readSplit(t *testing.T, ends func(*testing.T) (net.Conn, net.Conn), request, after string, parts []string) {
	t.Helper()
	client, server := ends(t)
	go func() {
		for _, part := range parts {
			io.WriteString(client, part)
		}
		client.Close()
	}()
	var name string
	err := readExact(server, make([]byte, 20+2), func(b []byte) (n int, err error) {
		name, n, err = ParseRequest(b, 20)
		return n, err
	})
	if err != nil || name+"\r\n" != request {
		t.Fatalf("parts %q: read %q, %v", parts, name, err)
	}
	rest, err := io.ReadAll(server)
	if err != nil || string(rest) != after {
		t.Fatalf("parts %q: after the request comes %q, %v; want %q", parts, rest, err, after)
	}
}

func TestReadExactEnds(t *testing.T) {
	for _, c := range []struct {
		in   string
		want error
	}{
		{"", io.EOF}, {"dayt", ErrCutShort}, {"daytime\r", ErrCutShort}, {"day\x00time\r\n", ErrBadByte},
		{"a\rb", ErrBadByte}, {"a\nb", ErrBadByte}, {"\r\n", ErrEmptyName}, {"123456789", ErrTooLong},
	} {
		for name, ends := range map[string]func(*testing.T) (net.Conn, net.Conn){"socket": sockets, "memory": pipe} {
			client, server := ends(t)
			go func() { io.WriteString(client, c.in); client.Close() }()
			err := readExact(server, make([]byte, 8+2), func(b []byte) (int, error) {
				_, n, err := ParseRequest(b, 8)
				return n, err
			})
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %q: %v, want %v", name, c.in, err, c.want)
			}
		}
	}
}

// TestClient: what the client makes of a server's bytes; it gives up on an endless reply.
func TestClient(t *testing.T) {
	endless := "+" + strings.Repeat("a", MaxExplanation+10)
	for i, c := range []struct {
		in   string
		want error
	}{
		{"+\r\n", nil}, {"+Go\r\n", nil}, {"-\r\n", RefusedError("")}, {"-no\x1b\r\n", RefusedError("no\x1b")},
		{"", ErrCutShort}, {"+Go", ErrCutShort}, {"Go\r\n", ErrBadSign}, {endless, ErrTooLong},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			go func() {
				io.ReadFull(server, make([]byte, len("name\r\n")))
				io.WriteString(server, c.in)
				server.Close()
			}()
			if _, err := Request(client, "name"); !errors.Is(err, c.want) {
				t.Errorf("case %d: %v, want %v", i, err, c.want)
			}
		})
	}
	for _, name := range []string{"", "a\r\nb", "a\x00", "a\n"} { // TCPMUX-48, -49: a send would wait for ever
		client, server := net.Pipe()
		if _, err := Request(client, name); err == nil {
			t.Errorf("%q was accepted as a name", name)
		}
		client.Close()
		server.Close()
	}
}

func TestTable(t *testing.T) {
	var table Table
	for _, c := range []struct {
		name string
		ok   bool
	}{
		{"echo", true}, {"ECHO", false}, {"help", false}, {"", false}, {"+x", false}, {"-x", false}, {"a b", true},
		{"a\x00b", false}, {"a\r\nb", false}, {"12345678", true}, {"123456789", false}, {"\xff", true},
	} {
		if err := table.Add(c.name, 8, func(context.Context, net.Conn) error { return nil }); (err == nil) != c.ok {
			t.Errorf("%q: %v", c.name, err)
		}
	}
}
