package accept_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/muxspec/muxspec/ref/accept"
	"github.com/muxspec/muxspec/ref/hmacsocket"
)

// forwarder serves one side of an HMACSocket that leads to address.
func forwarder(t *testing.T, server bool, address string) (*accept.Server, net.Listener) {
	t.Helper()
	key, err := hmacsocket.NewKey("sha256", []byte("secret"))
	must(t, err)
	f := &hmacsocket.Forwarder{
		Endpoint: &hmacsocket.Endpoint{Key: key},
		Server:   server,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		},
	}
	s := &accept.Server{Handle: func(ctx context.Context, c net.Conn) { f.ServeConn(ctx, c) }}
	l, _ := serve(t, s)
	return s, l
}

// Many sessions that end in all ways leave no goroutine; serve checks that.
func TestForwarderLeavesNothing(t *testing.T) {
	leavesNothing(t)
	service, _ := serve(t, &accept.Server{Handle: echo})
	_, server := forwarder(t, true, service.Addr().String())
	_, client := forwarder(t, false, server.Addr().String())
	for i := range 200 {
		c := dial(t, client)
		if i%4 > 0 {
			answers(t, c)
		}
		switch i % 3 {
		case 0:
			c.(*net.TCPConn).SetLinger(0)
		case 1:
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c)
		}
		c.Close()
	}
}

// Shutdown ends what is stuck, too: a service or a process that does not read, with all buffers full.
func TestForwarderStuck(t *testing.T) {
	stuck := func(ctx context.Context, c net.Conn) { <-ctx.Done() }
	leavesNothing(t)
	service, _ := serve(t, &accept.Server{Handle: stuck})
	s, server := forwarder(t, true, service.Addr().String())
	cl, client := forwarder(t, false, server.Addr().String())
	c := dial(t, client)
	c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
	io.Copy(c, endless{})
	for _, one := range []*accept.Server{s, cl} {
		ended := make(chan struct{})
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			one.Shutdown(ctx)
			close(ended)
		}()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Fatal("it does not end")
		}
	}
}

// endless has any number of zero bytes.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }
