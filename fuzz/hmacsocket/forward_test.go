package hmacsocket

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/big"
	"net"
	"testing"
	"testing/synctest"
	"time"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
	ref "github.com/muxspec/muxspec/ref/hmacsocket"
)

// A forwarded connection goes through a Forwarder. It knows what both sides did, and so what both have to see.
type forwarded struct {
	peer, plain *line
	out         wire.Direction // the Forwarder's, to the peer
	in          wire.Direction
	number      int64 // of the peer's next message
	stop        context.CancelFunc
	done        bool

	toPlain, toPeer      []byte // data that has to arrive
	peerEnded, plainOver bool   // a clean end
	partial              bool   // the peer has sent a part of a message
	// failed says that the connection is over, and that no side may take it for whole. The peer is told this code, if
	// it is not 0 and our direction to it was open.
	failed bool
	told   byte
}

// openForwarded begins one; server says which side the Forwarder is called from.
func openForwarded(hash string, server bool) *forwarded {
	h, _ := wire.HashNamed(hash)
	key, err := ref.NewKey(hash, []byte(secret))
	if err != nil {
		panic(err)
	}
	w := &forwarded{peer: newLine(), plain: newLine()}
	first, second := w.peer, w.plain
	if !server {
		first, second = second, first
	}
	f := &ref.Forwarder{Endpoint: &ref.Endpoint{Key: key}, Server: server,
		Dial: func(context.Context) (net.Conn, error) { return second, nil }}
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	go func() {
		f.ServeConn(ctx, first)
		w.done = true
	}()
	synctest.Wait()
	N := bytes.Repeat([]byte{7}, h.Length)
	own, _, _ := w.peer.sent()
	w.out = wire.Direction{Hash: h, K: []byte(secret), N: N}
	w.in = wire.Direction{Hash: h, K: []byte(secret), N: own[6:]}
	w.peer.feed(initOf(h, ref.MaxData, N))
	synctest.Wait()
	return w
}

// moves are what the peer and the plain side do, each with the number that comes with it. One that cannot be done any
// more does nothing.
var moves = []func(w *forwarded, n byte){
	(*forwarded).chunk,
	(*forwarded).data,
	(*forwarded).endOfPeer,
	(*forwarded).endOfPlain,
	func(w *forwarded, n byte) { // the peer's reset
		if !w.peerEnded {
			w.peer.end(errReset)
			w.failed = true
		}
	},
	func(w *forwarded, n byte) { // the plain side's
		if !w.plainOver {
			w.plain.end(errReset)
			w.failed = true
		}
	},
	(*forwarded).wrong,
	func(w *forwarded, n byte) { // an Error
		if !w.peerEnded && !w.partial {
			b, _ := w.in.AppendError(nil, n, []byte("no"), big.NewInt(w.number))
			w.peer.feed(b)
			w.failed = true
		}
	},
	func(w *forwarded, n byte) { // a part of a Chunk
		if !w.peerEnded && !w.partial {
			b, _ := w.in.AppendChunk(nil, []byte("never whole"), ref.MaxData, big.NewInt(w.number))
			w.peer.feed(b[:1+int(n)%(len(b)-1)])
			w.partial = true
		}
	},
}

func (w *forwarded) chunk(n byte) {
	if w.peerEnded || w.partial {
		return
	}
	D := bytes.Repeat([]byte{n}, 1+int(n))
	b, _ := w.in.AppendChunk(nil, D, ref.MaxData, big.NewInt(w.number))
	w.number++
	w.peer.feed(b)
	w.toPlain = append(w.toPlain, D...)
}

func (w *forwarded) data(n byte) {
	if !w.plainOver {
		b := bytes.Repeat([]byte{n}, 1+int(n))
		w.plain.feed(b)
		w.toPeer = append(w.toPeer, b...)
	}
}

func (w *forwarded) endOfPeer(byte) {
	if !w.peerEnded {
		w.peer.end(io.EOF)
		w.peerEnded, w.failed = true, w.partial
	}
}

func (w *forwarded) endOfPlain(byte) {
	if !w.plainOver {
		w.plain.end(io.EOF)
		w.plainOver = true
	}
}

// wrong is a Chunk with a wrong H, or one that is too long. The peer ends then, as if it had got the Error: a Forwarder
// that has to wait for that holds a mutex, so that time would stand still in a bubble.
func (w *forwarded) wrong(n byte) {
	if w.peerEnded || w.partial {
		return
	}
	b, _ := w.in.AppendChunk(nil, []byte("hello"), ref.MaxData, big.NewInt(w.number))
	if w.told = ref.HMACFailure; n%2 == 0 {
		b, w.told = []byte{0xff, 0xff, 0xff, 0xff}, ref.DataTooLong
	} else {
		b[4+int(n)%w.in.Hash.Length] ^= 1
	}
	w.peer.feed(b)
	w.peer.end(io.EOF)
	w.failed = true
}

// check says where one of the sides does not see what it has to.
func (w *forwarded) check() error {
	got, plainEnded, plainClosed := w.plain.sent()
	sent, peerEnded, peerClosed := w.peer.sent()
	messages, _, fault := w.out.ReadStream(sent[6+w.out.Hash.Length:], ref.MaxData, new(big.Int), false)
	var back []byte
	var EC byte
	for _, m := range messages {
		if back = append(back, m.D...); m.Kind == wire.Error {
			EC = m.EC
		}
	}
	told := w.told
	if w.plainOver { // our direction to the peer had ended
		told = 0
	}
	over := w.failed || w.peerEnded && w.plainOver
	switch {
	case !bytes.Equal(got, w.toPlain):
		return fmt.Errorf("the plain side got %q, not %q", got, w.toPlain)
	case !bytes.Equal(back, w.toPeer) || fault != wire.None && fault != wire.Incomplete:
		return fmt.Errorf("the peer got %q (%s), not %q", back, fault, w.toPeer)
	case EC != told:
		return fmt.Errorf("the peer was told %#x, not %#x", EC, told)
	case w.done != over || plainClosed != over || peerClosed != over:
		return fmt.Errorf("over: %v; closed: plain side %v, peer %v, want %v", w.done, plainClosed, peerClosed, over)
	case !over && (plainEnded != w.peerEnded || peerEnded != w.plainOver):
		return fmt.Errorf("ended: plain side %v, want %v; peer %v, want %v", plainEnded, w.peerEnded, peerEnded,
			w.plainOver)
	case w.plain.abrupt != w.failed:
		return fmt.Errorf("the plain side saw a reset: %v, want %v", w.plain.abrupt, w.failed)
	case w.peer.abrupt != (w.failed && told == 0):
		return fmt.Errorf("the peer saw a reset: %v, want %v", w.peer.abrupt, w.failed && told == 0)
	}
	return nil
}

// playForwarded plays moves until the connection is over.
func playForwarded(hash string, server bool, choices []byte) (err error) {
	w := openForwarded(hash, server)
	defer func() {
		w.stop()
		w.peer.end(io.EOF)
		w.plain.end(io.EOF)
		time.Sleep(time.Minute)
	}()
	for i := 0; i+1 < len(choices) && err == nil && !w.done; i += 2 {
		moves[int(choices[i])%len(moves)](w, choices[i+1])
		synctest.Wait()
		if err = w.check(); err != nil {
			err = fmt.Errorf("after %d moves of % x: %w", i/2+1, choices, err)
		}
	}
	return err
}

// FuzzForward fuzzes what a peer and a plain side do, and checks what each sees of the other: data, ends, resets and
// Errors.
func FuzzForward(f *testing.F) {
	for first := range moves {
		for second := range moves {
			f.Add(byte(first+second), first%2 == 0, []byte{0, 9, 1, 200, byte(first), 5, byte(second), 8, 0, 3, 1, 3})
		}
	}
	f.Fuzz(func(t *testing.T, number byte, server bool, choices []byte) {
		if len(choices) > 64 {
			t.Skip("too much to be quick")
		}
		var err error
		synctest.Test(t, func(*testing.T) { err = playForwarded(hashOf(number), server, choices) })
		if err != nil {
			t.Error(err)
		}
	})
}
