package hmacsocket

import (
	"crypto/rand"
	"io"
	"net"

	ref "github.com/muxspec/muxspec/ref/hmacsocket"
)

// A naive is what stands for a [ref.Conn] without any memory of N's: it is secure if the messages alone make it so.
type naive struct {
	net.Conn
	ML, peerML uint32
	in, out    *ref.Sequence
	buf, D     []byte
	err        error
}

func openNaive(key *ref.Key, ML uint32, c net.Conn) (*naive, error) {
	n := &naive{Conn: c, ML: ML}
	own := make([]byte, key.LH)
	rand.Read(own)
	b, err := ref.AppendInit(nil, ref.Init{ML: ML, N: own}, key.LH)
	if err == nil {
		_, err = c.Write(b)
	}
	peer, length := ref.Init{}, 0
	for ; err == nil; err = n.more() {
		if peer, length, err = ref.ParseInit(n.buf, key.LH); err != ref.ErrIncomplete {
			break
		}
	}
	if err == io.EOF {
		err = ref.ErrCutShort
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	n.peerML, n.out, n.in = peer.ML, key.Sequence(peer.N), key.Sequence(own)
	n.buf = n.buf[length:]
	return n, nil
}

func (n *naive) more() error {
	b := make([]byte, 4096)
	got, err := n.Conn.Read(b)
	if n.buf = append(n.buf, b[:got]...); err == io.EOF && len(n.buf) > 0 {
		return ref.ErrCutShort
	}
	return err
}

func (n *naive) Read(b []byte) (int, error) {
	for len(n.D) == 0 && n.err == nil {
		D, length, err := n.in.Parse(n.buf, n.ML)
		switch err {
		case nil:
			n.D, n.buf = D, n.buf[length:]
		case ref.ErrIncomplete:
			n.err = n.more()
		default:
			n.err = err
		}
	}
	if len(n.D) == 0 {
		return 0, n.err
	}
	got := copy(b, n.D)
	n.D = n.D[got:]
	return got, nil
}

func (n *naive) Write(b []byte) (sent int, err error) {
	for len(b) > sent && err == nil {
		D := b[sent : sent+int(min(uint32(len(b)-sent), n.peerML))]
		var m []byte
		if m, err = n.out.AppendChunk(nil, D, n.peerML); err == nil {
			_, err = n.Conn.Write(m)
			sent += len(D)
		}
	}
	return sent, err
}

func (n *naive) ReadFrom(r io.Reader) (int64, error) { return io.Copy(struct{ io.Writer }{n}, r) }
func (n *naive) WriteTo(w io.Writer) (int64, error)  { return io.Copy(w, struct{ io.Reader }{n}) }
func (n *naive) CloseWrite() error                   { return n.Conn.(*line).CloseWrite() }
