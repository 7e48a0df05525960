package conformance_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
)

var targetFlag = flag.String("target", "reference",
	"the target to judge: a name, or the absolute path of a target file")

// program builds muxspec once: the fixture services and the reference are in it.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "muxspec-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "muxspec")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/muxspec").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building muxspec: %v\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	if os.Getenv(ownMain) != "" {
		conformance.TestMain(m)
	}
	flag.Parse()
	code := m.Run()
	if path, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// judge runs a target. A name is a file of the folder targets, so that what the file says of folders holds.
func judge(t *testing.T, name string, change func(*conformance.Options)) *report.Report {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join("targets", name+".toml")
	}
	target, err := conformance.LoadTarget(name)
	if err != nil {
		t.Fatal(err)
	}
	o := conformance.Options{Target: target, Program: path}
	if change != nil {
		change(&o)
	}
	rep, err := conformance.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			if s.Name == "" || s.Outcome == "" {
				t.Errorf("%s: a scenario has no outcome: %+v", rule.ID, s)
			}
		}
	}
	return rep
}

// TestTarget judges a target, with a subtest for each scenario. A violation of a MUST rule and what is inconclusive are
// failures: exactly what makes "muxspec run" unsuccessful; what else did not pass is skipped.
func TestTarget(t *testing.T) {
	rep := judged(t)
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			t.Run(rule.ID+"/"+s.Name, func(t *testing.T) {
				switch {
				case rule.Means(s, false) != report.ExitOK:
					t.Errorf("%s: %s\n%s\n%s", s.Outcome, s.Reason, strings.Join(s.Proof, "\n"), rule.Rule.Text)
				case s.Outcome != report.Pass:
					t.Skipf("%s: %s", s.Outcome, s.Reason)
				}
			})
		}
	}
	for _, missing := range rep.Summary.Missing {
		t.Errorf("a listed deviation did not occur: %s", missing)
	}
	if rep.Summary.Judged == 0 {
		t.Error(report.NoneJudged)
	}
}

// judged is the target's report, which two tests need. In CI it includes what takes many seconds.
func judged(t *testing.T) *report.Report {
	t.Helper()
	if targetReport == nil {
		before := processorTime()
		targetReport = judge(t, *targetFlag, func(o *conformance.Options) { o.Slow = os.Getenv("CI") != "" })
		targetTime = processorTime() - before
	}
	return targetReport
}

var (
	targetReport *report.Report
	targetTime   time.Duration
)

// processorTime is what this process and what it has started and seen end have had.
func processorTime() (all time.Duration) {
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var used unix.Rusage
		if unix.Getrusage(who, &used) == nil {
			all += time.Duration(used.Utime.Nano() + used.Stime.Nano())
		}
	}
	return all
}

// TestSpeed: a suite that is slow is not run. On an idle machine with two cores the reference is judged in some 20 s; a
// minute of them is too much, whatever runs beside it.
func TestSpeed(t *testing.T) {
	if testing.Short() || *targetFlag != "reference" {
		t.Skip("measures the time of the reference")
	}
	seconds := judged(t).Summary.Seconds
	t.Logf("judging the reference took %.1f s, and %v of the processors", seconds, targetTime)
	if targetTime > 2*time.Minute {
		t.Errorf("judging the reference took %v of the processors", targetTime)
	}
}

// TestReal judges the servers that there are, each with the deviations that its target file lists.
func TestReal(t *testing.T) {
	for _, name := range conformance.TargetNames() {
		if name == "reference" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := found(t, name); err != nil {
				t.Skipf("%v; make peers fetches it", err)
			}
			// What others do in variants does not hang on who looks, and takes a while: root looks. inetutils-inetd
			// takes seconds for an exchange.
			rep := judge(t, name, func(o *conformance.Options) { o.Quick = os.Geteuid() != 0 || name == "inetutils" })
			if rep.Summary.Exit == report.ExitInconclusive && onlyListedUnclear(t, name, rep) {
				return
			}
			if rep.Summary.Exit != report.ExitOK {
				t.Errorf("exit code %d: %+v", rep.Summary.Exit, rep.Summary)
				explain(t, rep)
			}
			if rep.Summary.Listed == 0 {
				t.Error("none of the listed deviations occurred")
			}
		})
	}
}

// onlyListedUnclear says that what could not be told is listed as a deviation, all of it: what never comes is not to be
// told from what comes late where the machine is very busy, and nothing else has gone wrong.
func onlyListedUnclear(t *testing.T, name string, rep *report.Report) bool {
	t.Helper()
	target, err := conformance.LoadTarget(filepath.Join("targets", name+".toml"))
	if err != nil {
		t.Fatal(err)
	}
	unclear := 0
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			if s.Outcome != report.Inconclusive {
				continue
			}
			if !slices.ContainsFunc(target.Known, func(k conformance.Deviation) bool { return k.Scenario == s.Name }) {
				return false
			}
			t.Logf("%s %s: %s", rule.ID, s.Name, s.Reason)
			unclear++
		}
	}
	return unclear > 0
}

func found(t *testing.T, name string) error {
	t.Helper()
	target, err := conformance.LoadTarget(filepath.Join("targets", name+".toml"))
	if err != nil {
		t.Fatal(err)
	}
	return conformance.Found(target)
}

// explain logs what did not pass.
func explain(t *testing.T, rep *report.Report) {
	t.Helper()
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			if s.Outcome != report.Pass && s.Outcome != report.Unsupported && !s.Known {
				t.Logf("%s %s: %s: %s\n%s", rule.ID, s.Name, s.Outcome, s.Reason, strings.Join(s.Proof, "\n"))
			}
		}
	}
}
