package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"golang.org/x/sys/unix"
)

// A stage is where the stand-ins of a scenario report.
type stage struct {
	bin     string // the folder to put first on PATH
	arrived chan *standIn

	listener *net.UnixListener
	mu       sync.Mutex
	all      []*standIn
}

// A standIn is a stand-in that has reported, as the suite sees it.
type standIn struct {
	standInReport
	standInPlace
	conn  *net.UnixConn
	in    *json.Decoder
	ended chan struct{} // closed when it and the process that it left have ended; set once it has its orders
	end   func()        // closes ended
}

// mostStandIns is more than any scenario has.
const mostStandIns = 256

// newStage puts the stand-ins into dir/bin and listens at socket.
func newStage(dir, socket, muxspec string) (*stage, error) {
	st := &stage{bin: filepath.Join(dir, "bin"), arrived: make(chan *standIn, mostStandIns)}
	if err := os.Mkdir(st.bin, 0o755); err != nil {
		return nil, err
	}
	for _, program := range standIns {
		if err := engine.WriteProgram(filepath.Join(st.bin, program),
			standInScript(muxspec, program, socket)); err != nil {
			return nil, err
		}
	}
	var err error
	if st.listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: socket}); err != nil {
		return nil, err
	}
	go st.serve()
	return st, nil
}

func (st *stage) serve() {
	for {
		c, err := st.listener.AcceptUnix()
		if err != nil {
			return
		}
		p := &standIn{conn: c, in: json.NewDecoder(c), ended: make(chan struct{})}
		p.end = sync.OnceFunc(func() { close(p.ended) })
		st.mu.Lock()
		st.all = append(st.all, p)
		st.mu.Unlock()
		go func() {
			var report standInReport
			if p.in.Decode(&report) != nil {
				return
			}
			st.mu.Lock()
			p.standInReport = report
			st.mu.Unlock()
			st.arrived <- p
		}()
	}
}

// errTrouble: this machine lacks what a stand-in is to bind.
var errTrouble = errors.New("cannot do what it is told to")

// errGone: the stand-in has ended before it was told what to do.
var errGone = errors.New("has ended")

// order has the stand-in do something, and waits until that is done.
func (p *standIn) order(o standInOrders, w proc.Wait) error {
	p.conn.SetDeadline(w.End())
	defer context.AfterFunc(w.Ctx, func() { p.conn.SetDeadline(w.Began) })()
	if err := errors.Join(json.NewEncoder(p.conn).Encode(o), p.in.Decode(&p.standInPlace)); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) {
			p.end()
			err = errGone
		}
		return fmt.Errorf("the stand-in for %s: %w", p.Program, err)
	}
	if p.Trouble != "" {
		return fmt.Errorf("the stand-in for %s %w: %s", p.Program, errTrouble, p.Trouble)
	}
	if !o.Waits {
		p.conn.SetDeadline(time.Time{})
		go func() {
			io.Copy(io.Discard, p.conn)
			p.end()
		}()
	}
	return nil
}

// is says whether the process is one of the stand-ins.
func (st *stage) is(pid int) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.ContainsFunc(st.all, func(p *standIn) bool {
		return p.PID == pid || p.Background == pid || p.Other == pid
	})
}

// close ends the stand-ins.
func (st *stage) close() {
	st.listener.Close()
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, p := range st.all {
		p.conn.Close()
	}
}
