package engine

import (
	"context"
	"strings"

	"github.com/muxspec/muxspec/conformance/report"
)

// A played is what came of a sequence.
type played struct {
	rule    string // that was broken, or empty
	reason  string
	unclear bool
	line    int // that failed, of all the lines
	step    int // which that belongs to; if none failed, one after the last
}

// playStory plays a sequence once.
func (x *exploration) playStory(t story, in *Instance) played {
	lines := x.explorer.all(t)
	p := x.playLines(lines, in)
	first := 0
	if t.measure {
		first = len(x.explorer.Before)
	}
	for p.step = 0; p.step < len(t.lines) && p.line >= first+len(t.lines[p.step]); p.step++ {
		first += len(t.lines[p.step])
	}
	if p.rule == "" {
		p.step = len(t.lines)
	}
	return p
}

// playLines plays lines as a scenario would.
func (x *exploration) playLines(lines []Line, in *Instance) played {
	rec := NewRecord()
	s := Scenario{Name: "explored", Role: x.role}
	session := x.newSession(s, in, rec)
	defer context.AfterFunc(x.ctx, session.interrupt)()
	p := played{line: len(lines)}
	for i, l := range lines {
		err := unbroken(func() error { return session.Do(append([]string{"given", l.Rule}, words(l.Text)...)...) })
		if err == nil {
			continue
		}
		o, reason := OutcomeOf(err)
		p.line, p.reason, p.unclear = i, strings.TrimPrefix(reason, builtOn(l.Rule)), o != report.Blocked
		if !p.unclear {
			p.rule = l.Rule
		}
		break
	}
	session.close()
	return p
}

// unbroken calls f, and makes an error of a panic.
func unbroken(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Inconclusive("panic in the suite: %v", p)
		}
	}()
	return f()
}

// again plays lines with a target that has done nothing before, if that is possible.
func (x *exploration) again(lines []Line) played {
	if x.kind.Fresh || x.Target.Address != "" {
		return x.playLines(lines, x.shared)
	}
	in, err := x.start(Scenario{Role: x.role})
	defer x.stop(in)
	if err != nil {
		return played{unclear: true, reason: err.Error()}
	}
	return x.playLines(lines, in)
}
