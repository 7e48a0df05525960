//go:build linux

package rig

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// gives is a task that gives one row of values after the other, and then fails.
func gives(subject string, rows ...[]float64) Task {
	return Task{Subject: subject, Run: func(context.Context, time.Duration) ([]float64, error) {
		if len(rows) == 0 {
			return nil, errors.New("no | more")
		}
		row := rows[0]
		rows = rows[1:]
		return row, nil
	}}
}

// rows is what a report's print writes of tables and aims.
func rows(t *testing.T, r *report) string {
	t.Helper()
	var b strings.Builder
	r.print(&b)
	_, tables, ok := strings.Cut(b.String(), "\n\n")
	if !ok {
		t.Fatalf("no table in %s", b.String())
	}
	return tables
}

func run(repeat int, measures ...Measure) *report {
	r := &report{repeat: repeat, what: "What."}
	r.run(context.Background(), measures, time.Second)
	return r
}

// TestTable: the figure is the median of the repetitions, each of which is the mean of its slices, and the ratio is the
// median of the ratios.
func TestTable(t *testing.T) {
	units := []Unit{{Name: "per s", Base: "base"}, {Name: "µs"}}
	r := run(3,
		Measure{Name: "first", Units: units, Slices: 2, Tasks: []Task{
			gives("base", []float64{5, 1}, []float64{15, 3}, []float64{100, 1}, []float64{100, 1},
				[]float64{1, 1}, []float64{1, 1}),
			gives("ours", []float64{20, 1}, []float64{20, 2}, []float64{150, 3}, []float64{150, 3},
				[]float64{3, 9}, []float64{3, 9}),
			gives("breaks", []float64{1, 1}),
			{Subject: "away", Absent: "not here"},
		}},
		Measure{Name: "second", Units: units, Tasks: []Task{
			gives("base", []float64{1, Absent}, []float64{1, Absent}, []float64{1, Absent}),
		}})
	r.aims = []Aim{
		{Measure: "first", Subject: "ours", Base: "base", AtLeast: 2},
		{Measure: "first", Subject: "ours", Base: "base", AtMost: 1.9},
		{Measure: "first", Subject: "ours", Unit: 1, AtMost: 3},
		{Measure: "first", Subject: "ours", Unit: 1, AtLeast: 3.1},
		{Measure: "first", Subject: "away", AtLeast: 1},
		{Measure: "first", Subject: "left out", AtLeast: 1},
		{Measure: "third", Subject: "ours", AtLeast: 1},
	}
	const want = `| measure | subject | per s | min – max | ÷ base | µs | min – max | |
|---|---|--:|--:|--:|--:|--:|---|
| first | base | 10.0 | 1.00 – 100 | 1.00 | 1.00 | 1.00 – 2.00 |  |
| first | ours | 20.0 | 3.00 – 150 | 2.00 | 3.00 | 1.50 – 9.00 |  |
| first | breaks | - | | | - | | FAILED: no \| more |
| first | away | - | | | - | | not here |
| second | base | 1.00 | 1.00 – 1.00 | 1.00 | - | |  |

- pass: first, ours, per s ≥ 2.00 × base: 2.00
- miss: first, ours, per s ≤ 1.90 × base: 2.00
- pass: first, ours, µs ≤ 3.00: 3.00
- miss: first, ours, µs ≥ 3.10: 3.00
- not measured: first, away, per s ≥ 1.00
`
	if diff := cmp.Diff(want, rows(t, r)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !r.failed() {
		t.Error("a failed measurement is no failure")
	}
}

// TestDerived: a repetition is made of the same repetition of others, and missing where one of these is.
func TestDerived(t *testing.T) {
	difference := func(of [][]float64) []float64 { return []float64{of[0][0] - of[1][0]} }
	r := run(2, Measure{Name: "m", Units: []Unit{{Name: "µs"}},
		Tasks: []Task{
			gives("a", []float64{5}, []float64{9}),
			gives("b", []float64{6}, []float64{2}),
			gives("c", []float64{1}),
		},
		Derived: []Derived{
			{"a − b", []string{"a", "b"}, difference},
			{"a − c", []string{"a", "c"}, difference},
			{"a − d", []string{"a", "d"}, difference},
		}})
	// A difference of -1 is a value as any other; the first repetition's of a − c does not stand for both.
	const want = `| measure | subject | µs | min – max | |
|---|---|--:|--:|---|
| m | a | 7.00 | 5.00 – 9.00 |  |
| m | b | 4.00 | 2.00 – 6.00 |  |
| m | c | - | | FAILED: no \| more |
| m | a − b | 3.00 | -1.00 – 7.00 | made of: a, b |
| m | a − c | - | | made of: a, c |

`
	if diff := cmp.Diff(want, rows(t, r)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestInterrupted: what was measured until then is printed, and the run has failed.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &report{repeat: 1}
	r.run(ctx, []Measure{{Name: "m", Units: []Unit{{Name: "x"}}, Tasks: []Task{
		gives("a", []float64{1}),
		{Subject: "b", Run: func(context.Context, time.Duration) ([]float64, error) {
			cancel()
			return nil, ctx.Err()
		}},
	}}}, time.Second)
	var b strings.Builder
	r.print(&b)
	for _, want := range []string{"INTERRUPTED", "| m | a | 1.00 |", "| m | b | - |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
	if !r.failed() {
		t.Error("interrupted is no failure")
	}
}

// TestSliceTime: the subjects share a measurement's time out in slices.
func TestSliceTime(t *testing.T) {
	var total, calls time.Duration
	r := &report{repeat: 2}
	r.run(context.Background(), []Measure{{Name: "m", Units: []Unit{{Name: "x"}}, Slices: 3, Tasks: []Task{
		{Subject: "a", Run: func(_ context.Context, d time.Duration) ([]float64, error) {
			total += d
			calls++
			return []float64{1}, nil
		}},
	}}}, 3*time.Second)
	if total != 6*time.Second || calls != 6 {
		t.Errorf("%d measurements of %v in all, want 6 of 6s", calls, total)
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.00", 1.994: "1.99", 9.994: "9.99", 9.996: "10.0", 99.94: "99.9", 99.96: "100",
		123456.7: "123457", -9.78: "-9.78",
	} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %q, want %q", v, got, want)
		}
	}
}

func TestChoose(t *testing.T) {
	all := []Measure{
		{Name: "round trips", Units: []Unit{{Name: "x", Base: "direct"}},
			Tasks: []Task{{Subject: "direct"}, {Subject: "moshd token"}, {Subject: "nginx"}}},
		{Name: "latency", Units: []Unit{{Name: "x"}}, Tasks: []Task{{Subject: "direct"}, {Subject: "nginx"}}},
	}
	for _, c := range []struct {
		measures, subjects []string
		want               string // "" is an error
	}{
		{nil, nil, "round trips: direct, moshd token, nginx; latency: direct, nginx; "},
		{[]string{"LATE"}, nil, "latency: direct, nginx; "},
		{nil, []string{"Token"}, "round trips: direct, moshd token; "},
		{nil, []string{"nginx"}, "round trips: direct, nginx; latency: nginx; "},
		{[]string{"round", "late"}, []string{"token", "nginx"},
			"round trips: direct, moshd token, nginx; latency: nginx; "},
		{[]string{"latency"}, []string{"token"}, ""},
		{[]string{"none"}, nil, ""},
	} {
		got := ""
		chosen, err := choose(all, c.measures, c.subjects)
		for _, m := range chosen {
			var names []string
			for _, task := range m.Tasks {
				names = append(names, task.Subject)
			}
			got += m.Name + ": " + strings.Join(names, ", ") + "; "
		}
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("choose %q of %q: %q, %v; want %q", c.subjects, c.measures, got, err, c.want)
		}
	}
	if len(all[0].Tasks) != 3 || all[0].Tasks[1].Subject != "moshd token" {
		t.Error("choose has changed the measures")
	}
}
