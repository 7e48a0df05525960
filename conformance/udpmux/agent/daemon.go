package agent

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

// A playedDaemon is the daemon that an agent meets: the suite.
type playedDaemon struct {
	path    string
	rec     *engine.Record
	arrived chan *net.UnixConn
	cur     *sockets.Conn // the connection at work
	left    time.Time     // when that was ended, or somebody came back to listen
	// forbidden: the socket's permissions let nobody connect.
	forbidden bool
	bytes     bool // what it sends is cut into single bytes

	mu       sync.Mutex
	listener *net.UnixListener // nil while nobody listens
	conns    []*net.UnixConn
	crowd    *crowd
}

// mostAgents is more connections than any scenario has waiting.
const mostAgents = 256

func newPlayedDaemon(path string, rec *engine.Record) (*playedDaemon, error) {
	d := &playedDaemon{path: path, rec: rec, arrived: make(chan *net.UnixConn, mostAgents)}
	return d, d.back()
}

// back listens, from the beginning or again.
func (d *playedDaemon) back() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener != nil {
		return nil
	}
	os.Remove(d.path)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: d.path})
	if err != nil {
		return err
	}
	d.listener = l
	go d.serve(l)
	return nil
}

func (d *playedDaemon) serve(l *net.UnixListener) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return
		}
		d.mu.Lock()
		d.conns = append(d.conns, c)
		d.mu.Unlock()
		select {
		case d.arrived <- c:
		default:
			c.Close()
		}
	}
}

// away ends all connections and listens no more; a dead daemon leaves its socket's file.
func (d *playedDaemon) away(dead bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener != nil {
		d.listener.SetUnlinkOnClose(!dead)
		d.listener.Close()
	}
	d.listener = nil
	d.crowd.end()
	for _, c := range d.conns {
		c.Close()
	}
	for d.conns = nil; len(d.arrived) > 0; {
		<-d.arrived
	}
}

// odd lets the socket be one for datagrams.
func (d *playedDaemon) odd(s *engine.Session) error {
	d.away(false)
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: d.path, Net: "unixgram"})
	if err == nil {
		s.Keep(c)
	}
	return err
}

// next waits for the agent's next connection, or until one of the other events has come.
func (d *playedDaemon) next(w proc.Wait, gone <-chan struct{}, started <-chan *standIn) (*standIn, error) {
	for {
		select {
		case c := <-d.arrived:
			d.rec.Note(". the agent connects to the daemon's socket")
			d.cur = &sockets.Conn{UnixConn: c, Name: "moshd ", Rec: d.rec, Bytes: d.bytes}
			return nil, nil
		case p := <-started:
			return p, errStarted
		case <-gone:
			return nil, engine.ErrEnded
		case <-w.Tick():
			if w.Over() {
				return nil, engine.ErrLimit
			}
		}
	}
}

// hangUp ends the connection at work, of which the agent could know since then, and not before.
func (d *playedDaemon) hangUp(since time.Time) {
	d.left = since
	d.cur.Close()
	d.rec.Note("moshd . ends the connection")
}

// errStarted: the agent has started its program.
var errStarted = errors.New("the agent has started its program")
