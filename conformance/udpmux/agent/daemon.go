package agent

import (
	"errors"
	"net"
	"os"
	"path/filepath"
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
	left    time.Time     // when that ended, or somebody listened again
	// forbidden: the socket's permissions keep everybody from connecting.
	forbidden bool
	hidden    string // the folder of the socket, if nobody may search it
	bytes     bool   // what it sends is cut into single bytes

	mu       sync.Mutex
	listener *net.UnixListener // nil while nobody listens
	conns    []*net.UnixConn
	crowd    *crowd
}

// mostAgents is more connections than wait in any scenario.
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

// away ends all connections and stops listening; a dead daemon leaves its socket's file.
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

// odd makes the socket one for datagrams.
func (d *playedDaemon) odd(s *engine.Session) error {
	d.away(false)
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: d.path, Net: "unixgram"})
	if err == nil {
		s.Keep(c)
	}
	return err
}

// noDaemonOfHost: there is no daemon where an agent looks first.
func noDaemonOfHost() error {
	if _, err := os.Stat("/run/moshd/moshd.sock"); err == nil {
		return engine.Unsupported("this machine has a daemon of its own")
	}
	return nil
}

// personal puts the daemon where a user's own daemon is.
func personal(a *part) error {
	a.env = append(a.env, "MOSHD_SOCKET=")
	if err := noDaemonOfHost(); err != nil {
		return err
	}
	return os.Symlink(a.daemon.path, filepath.Join(a.dir, "moshd.sock")) // in $XDG_RUNTIME_DIR
}

// hidden puts it there, too, in a folder that nobody may search.
func hidden(s *engine.Session, a *part) error {
	if err := noDaemonOfHost(); err != nil {
		return err
	}
	err := a.daemon.hide()
	s.Values["socket"] = a.daemon.path
	a.env = append(a.env, "MOSHD_SOCKET="+a.daemon.path, "XDG_RUNTIME_DIR="+a.daemon.hidden)
	return err
}

// hide puts the socket into a folder that nobody may search, where a user's own daemon has it.
func (d *playedDaemon) hide() error {
	d.hidden = filepath.Join(filepath.Dir(d.path), "h")
	path := filepath.Join(d.hidden, "moshd.sock")
	if err := errors.Join(os.Mkdir(d.hidden, 0o700), os.Rename(d.path, path), os.Chmod(d.hidden, 0)); err != nil {
		return err
	}
	d.path, d.forbidden = path, true
	return nil
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

// hangUp ends the connection at work and records when: the agent cannot know earlier.
func (d *playedDaemon) hangUp(since time.Time) {
	d.left = since
	d.cur.Close()
	d.rec.Note("moshd . ends the connection")
}

// errStarted: the agent has started its program.
var errStarted = errors.New("the agent has started its program")
