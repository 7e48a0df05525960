package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

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
		x.report.Findings = append(x.report.Findings,
			report.Finding{Rule: p.rule, Reason: p.reason, Last: last, Count: 1,
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
