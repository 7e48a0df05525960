package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
	FailFast bool   // it ends after the first violation that happens again, too
	Save     string // the folder that scenarios are written to
	// Done, if not nil, is told now and then how far the exploration is.
	Done func(report.Exploration)
}

// ErrNoExchange: nothing can be explored of a target that does not work.
var ErrNoExchange = errors.New("a good exchange does not work")

// lengths are those of the sequences, in turn: a short one that fails needs no shrinking.
var lengths = []int{1, 2, 4, 8, 16, 32}

// oneMeasured: one sequence of that many is measured.
const oneMeasured = 12

// sessionsAtOnce is how many hostile sessions there are before a good one. After every second time the target is
// measured.
const sessionsAtOnce = 50

// startsAtOnce is the same for a target that is started for each.
const startsAtOnce = 8

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
	begin := kind.Explorer
	if o.Fuzz {
		begin = kind.Fuzzer
	}
	if begin == nil {
		return nil, fmt.Errorf("there is no role %q; it is one of %s", o.Role, strings.Join(u.Roles(), ", "))
	}
	explorer := begin()
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
		return nil, fmt.Errorf("%w: %s", ErrNoExchange, first.Reason)
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
	return x.ctx.Err() != nil || x.report.Took >= x.Duration || x.Steps > 0 && x.report.Steps >= x.Steps ||
		x.FailFast && slices.ContainsFunc(x.report.Findings, report.Finding.Violation)
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
		if x.kind.Fresh {
			length = startsAtOnce
		}
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
