package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A round judges mutants in their order until there are enough of them.
type round struct {
	root, work string
	flags      flags
	found      []mutant
	reasons    map[string]string
	targets    []target // that judge in place of scenarios, if there are any

	mu       sync.Mutex
	decided  *sync.Cond // one more compiles, or does not
	next     int        // of found
	taken    int        // how many compile or may still
	building int        // how many may still
	done     int
	results  map[int]result // by their place in found
	err      error
}

func newRound(root string, f flags, found []mutant, reasons map[string]string, targets []target) *round {
	r := &round{root: root, flags: f, found: found, reasons: reasons, targets: targets, results: make(map[int]result)}
	r.decided = sync.NewCond(&r.mu)
	return r
}

// judgeAll gives the results of the first mutants that compile, and of those before them that are explained.
func (r *round) judgeAll(ctx context.Context) (results []result, err error) {
	if r.work, err = os.MkdirTemp("", "mechanical"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(r.work)
	var running sync.WaitGroup
	for range r.flags.jobs {
		running.Go(func() {
			for i, ok := r.take(ctx); ok; i, ok = r.take(ctx) {
				r.judge(ctx, i)
			}
		})
	}
	running.Wait()
	for i := range r.found {
		if one, ok := r.results[i]; ok {
			results = append(results, one)
		}
	}
	slices.SortStableFunc(results, func(a, b result) int { return order[a.Verdict] - order[b.Verdict] })
	return results, r.err
}

// order is that of the table: what needs a look stands last, where the score is.
var order = map[verdict]int{killed: 0, hung: 1, blocked: 2, equivalent: 3, failed: 4, survived: 5}

// take gives the next mutant. Where enough of them are being built it waits: one may turn out not to compile.
func (r *round) take(ctx context.Context) (i int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.taken == r.flags.count && r.building > 0 {
		r.decided.Wait()
	}
	for ; r.next < len(r.found); r.next++ {
		m := r.found[r.next]
		if r.taken == r.flags.count || r.err != nil || ctx.Err() != nil {
			return 0, false
		}
		if reason := r.reasons[m.ID]; reason != "" {
			r.results[r.next] = result{mutant: m, Change: m.change(), Verdict: equivalent, Reason: reason}
			continue
		}
		r.next, r.taken, r.building = r.next+1, r.taken+1, r.building+1
		return r.next - 1, true
	}
	return 0, false
}

// judge builds one mutant and judges it.
func (r *round) judge(ctx context.Context, i int) {
	j := judge{root: r.root, dir: filepath.Join(r.work, fmt.Sprint(i)), limit: r.flags.limit,
		mutant: r.found[i], targets: r.targets}
	defer os.RemoveAll(j.dir)
	one, err := j.whole(ctx, r.built)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[i] = one
	r.done++
	fmt.Fprintf(os.Stderr, "%d/%d %s: %s\n", r.done, r.flags.count, one.ID, one.Verdict)
}

// built notes whether a mutant compiles. An error of any other kind ends all.
func (r *round) built(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.building--
	if err != nil {
		r.taken--
	}
	if err != nil && !errors.Is(err, errNoProgram) {
		r.err = errors.Join(r.err, err)
	}
	r.decided.Broadcast()
}
