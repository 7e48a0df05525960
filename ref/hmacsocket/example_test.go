package hmacsocket_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"

	"github.com/muxspec/muxspec/ref/accept"
	"github.com/muxspec/muxspec/ref/hmacsocket"
)

// listen serves a free port of the loopback interface.
func listen(handle func(context.Context, net.Conn)) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go (&accept.Server{Handle: handle}).Serve(l)
	return l
}

// forward serves a free port and leads its connections to another listener.
func forward(key *hmacsocket.Key, server bool, to net.Listener) net.Listener {
	f := &hmacsocket.Forwarder{
		Endpoint: &hmacsocket.Endpoint{Key: key},
		Server:   server,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", to.Addr().String())
		},
	}
	return listen(func(ctx context.Context, c net.Conn) {
		if err := f.ServeConn(ctx, c); err != nil {
			log.Print(err)
		}
	})
}

// A process reaches a service through a client and a server that have the same key.
func ExampleForwarder() {
	key, err := hmacsocket.NewKey("sha256", []byte("better: 32 random bytes"))
	if err != nil {
		log.Fatal(err)
	}
	service := listen(func(_ context.Context, c net.Conn) { io.Copy(c, c) })
	defer service.Close()
	server := forward(key, true, service)
	defer server.Close()
	client := forward(key, false, server)
	defer client.Close()

	c, err := net.Dial("tcp", client.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "there and back")
	c.(*net.TCPConn).CloseWrite()
	answer, err := io.ReadAll(c)
	fmt.Printf("%s, %v\n", answer, err)
	// Output: there and back, <nil>
}

// Two endpoints with different keys exchange the Inits, and find out with the first message.
func ExampleEndpoint_Open() {
	result := make(chan error)
	l := listen(func(_ context.Context, c net.Conn) {
		key, _ := hmacsocket.NewKey("sha256", []byte("a key"))
		conn, err := (&hmacsocket.Endpoint{Key: key}).Open(c)
		if err == nil {
			_, err = conn.Read(make([]byte, 100))
			conn.Close() // tells the peer
		}
		result <- err
	})
	defer l.Close()

	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	key, _ := hmacsocket.NewKey("sha256", []byte("another key"))
	conn, err := (&hmacsocket.Endpoint{Key: key}).Open(c)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(conn, "hello")
	conn.CloseWrite()
	fmt.Println(<-result)
	conn.Close()
	// Output: wrong HMAC of the first message
}
