package hmacsocket

import (
	"errors"
	"net"
	"testing"
	"time"
)

// A firsts is an endpoint whose peers send a first Chunk less a byte.
type firsts struct {
	*testing.T
	net.Listener
	*Endpoint
	proven chan bool  // of peers that sent another Chunk first: whether that came
	failed chan error // why reading has failed
}

func (f *firsts) connect(proves bool) {
	c, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() })
	go func() {
		peer, err := (&Endpoint{Key: f.Key}).Open(c)
		if err != nil {
			return
		}
		if proves {
			peer.Write([]byte("first"))
		}
		b, _ := peer.out.seq.AppendChunk(nil, make([]byte, MaxData), MaxData)
		c.Write(b[:len(b)-1])
	}()
	accepted, err := f.Accept()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { accepted.Close() })
	go f.read(accepted, proves)
}

func (f *firsts) read(c net.Conn, proves bool) {
	conn, err := f.Open(c)
	b := make([]byte, 10)
	if err == nil && proves {
		n, _ := conn.Read(b)
		f.proven <- string(b[:n]) == "first"
	}
	if err == nil {
		_, err = conn.Read(b)
	}
	f.failed <- err
}

// Incomplete first Chunks share a memory of their own; peers that have shown to have the key have no part in it.
func TestMemoryOfFirstChunks(t *testing.T) {
	key, err := NewKey("sha256", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const most = firstMemory / MaxData
	f := &firsts{t, l, &Endpoint{Key: key}, make(chan bool), make(chan error, 3*most)}
	f.connect(true)
	if !<-f.proven {
		t.Fatal("the first Chunk does not come")
	}
	for range 3 * most {
		f.connect(false)
	}
	for range 2 * most {
		select {
		case err := <-f.failed:
			if !errors.Is(err, errFirstMemory) {
				t.Errorf("a connection ended: %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("more memory is taken")
		}
	}
	if len(f.failed) > 1 { // a message is more than MaxData
		t.Errorf("%d connections too many have ended", len(f.failed))
	}
}
