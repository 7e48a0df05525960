package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

// ExploreOptions say what an exploration does.
type ExploreOptions struct {
	Target *Target
	Role   string
	// Program and Version are those of [Options], as are Patience and Start.
	Program, Version string
	Patience, Start  time.Duration
	Seed             uint64
	Fuzz             bool // what hostile peers send, in place of random moves
	// The exploration ends after that many moves, if Steps is not 0, and at the latest after Duration.
	Steps    int
	Duration time.Duration
	Save     string // the folder that scenarios are written to
	// Done, if not nil, is told now and then how far the exploration is.
	Done func(report.Exploration)
}

// lengths are those of the sequences, in turn: a short one that fails needs no shrinking.
var lengths = []int{1, 2, 4, 8, 16, 32}

// oneMeasured: one sequence of that many is measured.
const oneMeasured = 12

// sessionsAtOnce is how many hostile sessions there are before a good one. After every second time the target is measured.
const sessionsAtOnce = 50

// confirmations is how often a sequence that failed is played again, each time with a fresh instance.
const confirmations = 3

// An exploration is [Suite.Explore] at work.
type exploration struct {
	ExploreOptions
	*roleRun
	explorer *Explorer
	rules    []docs.Rule
	measures bool

	mu     sync.Mutex
	report report.Exploration
	began  time.Time
	told   time.Time
	next   uint64         // the number of the next sequence
	seen   map[string]int // findings by rule and move
}

// Explore plays random sequences of moves against a target. An error says that nothing could be explored; what was
// found is in the exploration.
func (u *Suite) Explore(ctx context.Context, o ExploreOptions) (*report.Exploration, error) {
	kind := u.role(o.Role)
	explorer := kind.Explorer
	if o.Fuzz {
		explorer = kind.Fuzzer
	}
	if explorer == nil {
		return nil, fmt.Errorf("there is no role %q; it is one of %s", o.Role, strings.Join(u.Roles(), ", "))
	}
	options := Options{Target: o.Target, Role: o.Role, Program: o.Program, Version: o.Version, Patience: o.Patience,
		Start: o.Start, Quick: true, Scenarios: []string{kind.Baseline}}
	r, selected, finish, err := u.open(ctx, options)
	if err != nil {
		return nil, err
	}
	defer finish()
	part := &roleRun{run: r, role: kind.Name, kind: kind, verbs: kind.allVerbs(), gone: make(map[string]bool)}
	part.base = selected[0].Rule.ID
	first := part.baseline(selected[0])
	defer func() { r.stop(part.shared) }()
	if first.Outcome != report.Pass {
		return nil, errors.New("a good exchange does not work: " + first.Reason)
	}
	x := &exploration{ExploreOptions: o, roleRun: part, explorer: explorer, began: time.Now(),
		measures: o.Target.Address == "" && proc.CanSeeProcesses && !kind.Fresh, seen: make(map[string]int)}
	if x.rules, err = docs.All(); err != nil {
		return nil, err
	}
	x.report = report.Exploration{Role: o.Role, Target: o.Target.Name, Seed: o.Seed, States: explorer.States,
		Reached: make(map[string]time.Duration), Suite: report.Suite{Version: o.Version, Digest: u.Digest()}}
	x.explore()
	x.report.Took = time.Since(x.began)
	return &x.report, nil
}

// explore plays sequences until there are enough. Those of a server follow one another on one instance.
func (x *exploration) explore() {
	var all sync.WaitGroup
	workers := 1
	if x.kind.Fresh {
		workers = workAtOnce
	}
	for range workers {
		all.Go(func() {
			for !x.over() {
				x.one()
			}
		})
	}
	all.Wait()
}

// over says whether the exploration has done enough, and tells now and then how far it is.
func (x *exploration) over() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.report.Took = time.Since(x.began)
	if x.Done != nil && time.Since(x.told) > time.Second/10 {
		x.told = time.Now()
		x.Done(x.report)
	}
	return x.ctx.Err() != nil || x.report.Took >= x.Duration || x.Steps > 0 && x.report.Steps >= x.Steps
}

// one draws a sequence and plays it.
func (x *exploration) one() {
	x.mu.Lock()
	n := x.next
	x.next++
	x.mu.Unlock()
	random := rand.New(rand.NewPCG(x.Seed, n))
	measure := x.measures && random.IntN(oneMeasured) == 0
	length := lengths[n%uint64(len(lengths))]
	if x.Fuzz {
		measure, length = x.measures && n%2 == 1, sessionsAtOnce
	}
	t := x.explorer.tell(x.explorer.draw(random, length), length, x.barred)
	t.measure = measure
	p := x.playStory(t, x.shared)
	if x.ctx.Err() != nil {
		return
	}
	x.note(t, p)
	if p.rule != "" {
		x.examine(t, p)
	}
	if !x.kind.Fresh && (p.rule != "" || !x.lives()) {
		x.shared = x.anew(Scenario{Role: x.role}, x.shared)
	}
}

// enough is how often the same move may break the same rule before it is left out, since nothing after it is played.
const enough = 3

// barred says whether a move would only show once more what is known.
func (x *exploration) barred(move string, lines []Line) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.ContainsFunc(lines, func(l Line) bool {
		i, ok := x.seen[l.Rule+" "+move]
		return ok && x.report.Findings[i].Count >= enough
	})
}

// lives says whether the target that the sequences share still runs.
func (x *exploration) lives() bool {
	return x.Target.Address != "" || x.shared != nil && x.shared.Process != nil && x.shared.Process.Ended() == ""
}

// note takes note of what a sequence has reached.
func (x *exploration) note(t story, p played) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.report.Sequences++
	x.report.Steps += len(t.steps)
	if p.unclear {
		x.report.Unclear++
		x.report.Doubt = p.reason
		return
	}
	for state, step := range t.reached {
		if _, ok := x.report.Reached[state]; !ok && step < p.step {
			x.report.Reached[state] = time.Since(x.began)
		}
	}
}

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
		if p.line, p.reason, p.unclear = i, strings.TrimPrefix(reason, builtOn(l.Rule)), o != report.Blocked; !p.unclear {
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

// examine finds out what breaks a rule: whether it does so again, and with how few moves.
func (x *exploration) examine(t story, p played) {
	last := "what holds afterwards"
	if p.step < len(t.steps) {
		last = x.explorer.Moves[t.steps[p.step].move].Name
	}
	x.mu.Lock()
	key := p.rule + " " + last
	i, known := x.seen[key]
	if known {
		x.report.Findings[i].Count++
	} else {
		x.seen[key] = len(x.report.Findings)
		x.report.Findings = append(x.report.Findings, report.Finding{Rule: p.rule, Reason: p.reason, Last: last, Count: 1,
			After: time.Since(x.began), Known: x.isKnown(p.rule), Level: x.level(p.rule)})
		i = len(x.report.Findings) - 1
	}
	x.mu.Unlock()
	if known {
		return
	}
	seen := 0
	for range confirmations {
		if again := x.again(x.explorer.all(t)); again.rule == p.rule {
			seen++
		}
	}
	if seen == confirmations {
		t, p = x.shrink(t, p)
	}
	lines := x.explorer.all(t)
	if p.line < len(lines) {
		lines = lines[:p.line+1]
	}
	file, err := x.save(p.rule, x.explorer.names(t), lines)
	x.mu.Lock()
	defer x.mu.Unlock()
	f := &x.report.Findings[i]
	f.Seen, f.Of, f.Steps, f.Moves, f.Reason = seen, confirmations, len(t.steps), x.explorer.names(t), p.reason
	if f.File = file; err != nil {
		f.Unsaved = err.Error()
	}
}

// isKnown says whether the target is known to break a rule.
func (x *exploration) isKnown(rule string) bool {
	return slices.ContainsFunc(x.Target.Known, func(d Deviation) bool {
		return d.Rule == rule && (d.Role == "" || d.Role == x.role)
	})
}

// level gives a rule's level.
func (x *exploration) level(rule string) string {
	i := slices.IndexFunc(x.rules, func(r docs.Rule) bool { return r.ID == rule })
	return x.rules[max(i, 0)].Level
}

// shrink leaves out what the violation does not need: first halves of the sequence, then smaller parts.
func (x *exploration) shrink(t story, p played) (story, played) {
	without := func(steps []step, measure bool) bool {
		less := x.explorer.again(steps, measure)
		again := x.again(x.explorer.all(less))
		if again.rule != p.rule || x.ctx.Err() != nil {
			return false
		}
		t, p = less, again
		return true
	}
	if p.step < len(t.steps) {
		without(t.steps[:p.step+1], false)
	}
	if t.measure {
		without(t.steps, false)
	}
	for size := max(1, len(t.steps)/2); ; size /= 2 {
		for at := 0; at < len(t.steps); {
			rest := slices.Concat(t.steps[:at], t.steps[min(at+size, len(t.steps)):])
			if !without(rest, t.measure) {
				at += size
			}
		}
		if size <= 1 {
			return t, p
		}
	}
}

// save writes the scenario, and gives its file.
func (x *exploration) save(rule, moves string, lines []Line) (string, error) {
	title := fmt.Sprintf("%s (explored with seed %d)", moves, x.Seed)
	text := script(rule, x.role, title, lines)
	for n := 1; ; n++ {
		name := filepath.Join(x.Save, fmt.Sprintf("%s-%d.txtar", strings.ToLower(rule), n))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.WriteString(text)
		return name, errors.Join(err, f.Close())
	}
}
