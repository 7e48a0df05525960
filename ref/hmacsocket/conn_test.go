package hmacsocket

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net"
	"testing"
	"time"
)

func testKey(t testing.TB, hash string) *Key {
	t.Helper()
	k, err := NewKey(hash, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// tcpPair gives the two ends of a TCP connection.
func tcpPair(t testing.TB) (a, b net.Conn) {
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

// pair gives the two ends of a connection after its Inits.
func pair(t testing.TB, hash string) (a, b *Conn) {
	t.Helper()
	x, y := tcpPair(t)
	opened := make(chan *Conn)
	go func() {
		c, err := (&Endpoint{Key: testKey(t, hash)}).Open(x)
		if err != nil {
			t.Error(err)
		}
		opened <- c
	}()
	b, err := (&Endpoint{Key: testKey(t, hash)}).Open(y)
	if err != nil {
		t.Fatal(err)
	}
	return <-opened, b
}

// TestBothWays: much data passes both ways at once, with each hash, and the end of each direction follows it.
func TestBothWays(t *testing.T) {
	for _, hash := range HashNames() {
		t.Run(hash, func(t *testing.T) {
			a, b := pair(t, hash)
			data := make([]byte, 3<<20+17)
			rand.Read(data)
			for _, c := range []*Conn{a, b} {
				go func() {
					if _, err := c.ReadFrom(bytes.NewReader(data)); err != nil {
						t.Error(err)
					}
					c.CloseWrite()
				}()
			}
			other := make(chan []byte)
			go func() {
				got, err := io.ReadAll(a)
				if err != nil {
					t.Error(err)
				}
				other <- got
			}()
			got, err := io.ReadAll(b)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes of %d, %v", len(got), len(data), err)
			}
			if got := <-other; !bytes.Equal(got, data) {
				t.Errorf("%d bytes of %d", len(got), len(data))
			}
		})
	}
}

// TestRefusedMessage: a message with a wrong HMAC gives nothing, and the Error that Close sends reaches the peer's
// reader.
func TestRefusedMessage(t *testing.T) {
	a, b := pair(t, "sha256")
	a.out.seq.next() // as if a message had been lost
	if _, err := a.Write([]byte("data")); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Read(make([]byte, 8)); n != 0 || err != ErrFirstHMAC {
		t.Fatalf("%d, %v", n, err)
	}
	go b.Close()
	_, err := a.Read(make([]byte, 8))
	if e, ok := err.(*PeerError); !ok || e.Code != HMACFailure || e.Text == "" {
		t.Fatalf("%v", err)
	}
	if _, again := a.Read(make([]byte, 8)); again != err {
		t.Errorf("then %v", again)
	}
	a.Close()
}

// TestReflection: an endpoint refuses its own N, and each N that it knows.
func TestReflection(t *testing.T) {
	e := &Endpoint{Key: testKey(t, "sha256")}
	open := func(N func(own []byte) []byte) error {
		a, b := tcpPair(t)
		result := make(chan error)
		go func() {
			c, err := e.Open(a)
			if err == nil {
				c.Close()
			}
			result <- err
		}()
		init := make([]byte, 38)
		if _, err := io.ReadFull(b, init); err != nil {
			t.Fatal(err)
		}
		out, err := AppendInit(nil, Init{1, N(init[6:])}, 32)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(out)
		return <-result
	}
	fresh := bytes.Repeat([]byte{7}, 32)
	if err := open(func([]byte) []byte { return fresh }); err != nil {
		t.Errorf("a fresh N: %v", err)
	}
	if err := open(func([]byte) []byte { return fresh }); err != ErrKnownNonce {
		t.Errorf("an N that came before: %v", err)
	}
	if err := open(func(own []byte) []byte { return own }); err != ErrKnownNonce {
		t.Errorf("its own N: %v", err)
	}
	if len(e.nonces.sent) != 0 {
		t.Errorf("%d N's of connections that are over", len(e.nonces.sent))
	}
}

// TestInitTimeout: a peer that sends no Init is dropped.
func TestInitTimeout(t *testing.T) {
	a, _ := tcpPair(t)
	e := &Endpoint{Key: testKey(t, "sha256"), InitTimeout: time.Millisecond}
	if _, err := e.Open(a); err == nil {
		t.Error("opened")
	}
}

// TestForwarder: a pair of forwarders carries both directions, and an end is passed on.
func TestForwarder(t *testing.T) {
	process, plain := tcpPair(t)
	hmacClient, hmacServer := tcpPair(t)
	backend, service := tcpPair(t)
	dial := func(c net.Conn) func(context.Context) (net.Conn, error) {
		return func(context.Context) (net.Conn, error) { return c, nil }
	}
	done := make(chan error)
	serve := func(server bool, c, onward net.Conn) {
		f := &Forwarder{Endpoint: &Endpoint{Key: testKey(t, "blake3")}, Server: server, Dial: dial(onward)}
		done <- f.ServeConn(t.Context(), c)
	}
	go serve(false, plain, hmacClient)
	go serve(true, hmacServer, backend)
	go io.Copy(service, service)
	go func() {
		io.WriteString(process, "there and back")
		process.(*net.TCPConn).CloseWrite()
	}()
	if got := make([]byte, 14); true {
		if _, err := io.ReadFull(process, got); err != nil || string(got) != "there and back" {
			t.Errorf("%q, %v", got, err)
		}
	}
	service.Close()
	if _, err := process.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
