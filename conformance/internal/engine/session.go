package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// A Session is one scenario at work on one instance.
type Session struct {
	run      *roleRun
	Role     string
	scenario Scenario
	In       *Instance // of a server; of a target started for each scenario, the last one
	Rec      *Record
	Part     Part              // what the scenario has of the role's protocol
	Values   map[string]string // of the placeholders

	Given  bool       // the verb at work shows a condition of the scenario, not its rule
	before proc.Usage // what the target's processes had when "measure" was called
	Peak   int        // memory that they used under load

	mu        sync.Mutex    // of order
	order     []io.Closer   // everything that has to be closed
	instances []*Instance   // started beside the first
	company   chan struct{} // closed when the exchanges beside the scenario are over
	aside     bool          // this session is one of those
}

type sessionKey struct{}

func (r *roleRun) newSession(s Scenario, in *Instance, rec *Record) *Session {
	if in != nil && in.shortest > 0 {
		s.shortest = in.shortest
	}
	return &Session{run: r, Role: r.role, scenario: s, In: in, Rec: rec, Values: r.with(s), Part: r.kind.Open()}
}

// Loose gives a session without a run, for tests of what sessions use.
func Loose(ctx context.Context) *Session {
	return &Session{run: &roleRun{run: &run{ctx: ctx}}, Rec: NewRecord()}
}

// Context ends when the run is interrupted: every wait looks at it.
func (s *Session) Context() context.Context { return s.run.ctx }

// Target is the program under test, and how it is started.
func (s *Session) Target() *Target { return s.run.Target }

// Program is the path of muxspec itself.
func (s *Session) Program() string { return s.run.Program }

// Folder makes a folder that is removed with the session, unless the run keeps all.
func (s *Session) Folder(pattern string) (string, error) {
	dir, err := os.MkdirTemp(s.run.root, pattern)
	if err == nil && !s.run.Keep {
		s.Keep(folder(dir))
	}
	return dir, err
}

// A folder is removed when it is closed.
type folder string

func (f folder) Close() error { return os.RemoveAll(string(f)) }

// Limit is how long to wait for the target.
func (s *Session) Limit() time.Duration {
	crowd := 0
	if s.In != nil {
		crowd = s.In.Crowd
	}
	return s.run.limit(crowd)
}

// Good records how long a good exchange took.
func (s *Session) Good(took time.Duration) {
	if !s.aside {
		s.run.good(took)
	}
}

// Stated gives a timer of the target. The error says that the target has none.
func (s *Session) Stated(timer string) (time.Duration, error) { return s.run.stated(s.Role, timer) }

// Start starts the target once more, with these values of the placeholders. It is ended with the session.
func (s *Session) Start(values map[string]string) (*Instance, error) {
	in, err := s.run.launch(Scenario{Role: s.Role}, values)
	s.started(in)
	return in, err
}

// Replace starts the target once more, and lets that instance be the scenario's from now on.
func (s *Session) Replace(values map[string]string) error {
	in, err := s.Start(values)
	if err != nil {
		return Inconclusive("starting the target once more: %v", err)
	}
	s.In = in
	return nil
}

// Prepare makes another instance, which the caller starts. It is ended with the session.
func (s *Session) Prepare(values map[string]string) (*Instance, map[string]string, error) {
	in, values, err := s.run.prepare(Scenario{Role: s.Role}, values)
	s.started(in)
	return in, values, err
}

func (s *Session) started(in *Instance) {
	if in != nil {
		s.instances = append(s.instances, in)
	}
}

// Leave says that a process launched in a bare instance has ended.
func (s *Session) Leave(p *proc.Process) { s.run.ground.Leave(p) }

// Bare gives an instance in this folder with nothing prepared, which the caller starts.
func (s *Session) Bare(dir string) *Instance {
	s.In = &Instance{Target: s.run.Target, kind: s.run.kind, Dir: dir, ground: s.run.ground}
	return s.In
}

// ErrLimit: nothing came although there was time.
var ErrLimit = errors.New("time is up")

// ErrTooMuch: input keeps coming without what was waited for.
var ErrTooMuch = errors.New("too much input")

// ErrEnded: the target has ended.
var ErrEnded = errors.New("the target has ended")

// Meaning says what it means for the target if waiting for want ended in err.
func (s *Session) Meaning(w proc.Wait, want string, err error) error {
	return s.MeaningBehind(w, want, nil, err)
}

// MeaningBehind is Meaning after some bytes have come, but not all that was wanted.
func (s *Session) MeaningBehind(w proc.Wait, want string, came []byte, err error) error {
	if err == ErrLimit {
		s.Rec.Late()
	}
	nothing, before := "nothing came", ""
	if len(came) > 0 {
		nothing, before = Shown(came)+" came, and nothing more", Shown(came)+" came, and then "
	}
	switch {
	case err == ErrLimit && w.Useless():
		return Inconclusive("expected %s; it did not come in time, but this machine was too busy to tell", want)
	case err == ErrLimit && s.mayHaveGivenUp(w.Lost()):
		return s.tooBusy(fmt.Sprintf("expected %s; %s within %v", want, nothing, w.Limit.Round(time.Millisecond)))
	case err == ErrLimit:
		return Violation("expected %s; %s within %v", want, nothing, w.Limit.Round(time.Millisecond))
	case err == ErrTooMuch:
		return Violation("expected %s; other bytes came without end", want)
	case err == io.EOF:
		return s.CutShort(w.Lost(), fmt.Sprintf("expected %s; %sthe connection was closed", want, before))
	case errors.Unwrap(err) == nil:
		return Violation("expected %s; %v", want, err)
	}
	return s.CutShort(w.Lost(), fmt.Sprintf("expected %s; %sthe connection failed: %v",
		want, before, errors.Unwrap(err)))
}

// CutShort is the verdict on a target that ended a connection early: a violation, unless the machine made it do so.
func (s *Session) CutShort(lost time.Duration, reason string) error {
	if s.hurried(lost) {
		return s.tooBusy(reason)
	}
	return Violation("%s", reason)
}

// close closes what the scenario left open, in the order of opening.
func (s *Session) close() {
	s.Part.Close(s)
	s.interrupt()
	for _, in := range s.instances {
		in.stop(s.run.Keep)
	}
	if s.company != nil {
		<-s.company
	}
}

// Keep records what has to be closed.
func (s *Session) Keep(c io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = append(s.order, c)
}

// Token gives 16 fresh printable bytes.
func Token() []byte {
	b := make([]byte, 8)
	rand.Read(b)
	return []byte(hex.EncodeToString(b))
}

// Text turns a script's argument into bytes: {placeholders} are replaced, then Go's escapes.
func (s *Session) Text(arg string) ([]byte, error) {
	out, err := strconv.Unquote(`"` + Expand(arg, s.Values) + `"`)
	if err != nil {
		return nil, fmt.Errorf("%q is not text with Go's escapes", arg)
	}
	return []byte(out), nil
}

// First gives the time limit for what a peer sends first, and that.
func (s *Session) First() (timer string, text []byte, err error) {
	if s.run.kind.First == nil {
		return "", nil, Mistake("a verb that waits for a time limit, in a role that has none")
	}
	timer, text = s.run.kind.First(s)
	return timer, text, nil
}

// goodExchange is the baseline of a target that the suite connects to.
func (s *Session) goodExchange() error { return s.run.kind.Good(s) }
