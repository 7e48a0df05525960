//go:build linux

package rig

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// figures are what measurements give: never negative, and far from what a float64 cannot bear.
var figures = rapid.SliceOfN(rapid.Float64Range(1e-3, 1e12), 1, 50)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1}, 5},
		{[]float64{3, 100, 1}, 3},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{-5, -25, 1}, -5},
		{[]float64{math.MaxFloat64, math.MaxFloat64}, math.MaxFloat64},
	} {
		if got := median(c.values); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
	if got := median(nil); !isAbsent(got) {
		t.Errorf("median of nothing = %v, want Absent", got)
	}
}

// TestMedianHalves: as many values lie at or below it as at or above, and their order does not count.
func TestMedianHalves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := figures.Draw(t, "values")
		before := slices.Clone(values)
		m := median(values)
		if !slices.Equal(values, before) {
			t.Fatal("median has changed its argument")
		}
		below, above := 0, 0
		for _, v := range values {
			if v <= m {
				below++
			}
			if v >= m {
				above++
			}
		}
		if half := (len(values) + 1) / 2; len(values)%2 == 1 && (below < half || above < half) {
			t.Fatalf("median %v of %v: %d at or below, %d at or above", m, values, below, above)
		}
		if m < slices.Min(values) || m > slices.Max(values) {
			t.Fatalf("median %v lies outside %v", m, values)
		}
		if other := median(rapid.Permutation(values).Draw(t, "permutation")); other != m {
			t.Fatalf("median %v, in another order %v", m, other)
		}
	})
}

// TestMedianRatio: what makes a repetition slow or fast for both leaves the ratio alone.
func TestMedianRatio(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ratio := rapid.Float64Range(0.01, 100).Draw(t, "ratio")
		bases := figures.Draw(t, "bases")
		values := make([]float64, len(bases))
		for i, base := range bases {
			values[i] = ratio * base
		}
		if got := medianRatio(values, bases); math.Abs(got/ratio-1) > 1e-9 {
			t.Fatalf("ratio %v, want %v", got, ratio)
		}
	})
	// It is not the ratio of the medians.
	if got := medianRatio([]float64{1, 20, 300}, []float64{1, 10, 1000}); got != 1 {
		t.Errorf("ratio %v, want 1", got)
	}
	if got := medianRatio([]float64{1, 2}, []float64{1}); !isAbsent(got) {
		t.Errorf("a repetition is missing: ratio %v, want Absent", got)
	}
	if got := medianRatio(nil, nil); !isAbsent(got) {
		t.Errorf("ratio of nothing %v, want Absent", got)
	}
}

func TestMeans(t *testing.T) {
	got := means([][]float64{{1, 10, Absent}, {2, 20, Absent}, {6, 0, 3}})
	if got[0] != 3 || got[1] != 10 || !isAbsent(got[2]) {
		t.Errorf("means %v, want 3, 10 and Absent", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		values := figures.Draw(t, "values")
		var rows [][]float64
		for _, v := range values {
			rows = append(rows, []float64{v})
		}
		const rounding = 1e-9
		mean := means(rows)[0]
		if mean < slices.Min(values)*(1-rounding) || mean > slices.Max(values)*(1+rounding) {
			t.Fatalf("mean %v lies outside %v", mean, values)
		}
	})
}

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100) // 100 to 1
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for p, want := range map[int]time.Duration{0: 1, 50: 51, 99: 100, 100: 100} {
		if got := Percentile(slices.Clone(hundred), p); got != want {
			t.Errorf("percentile %d of 1 to 100 = %d, want %d", p, got, want)
		}
	}
	if got := Percentile([]time.Duration{7}, 99); got != 7 {
		t.Errorf("percentile 99 of 7 = %d", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		duration := rapid.Map(rapid.Int64Range(0, 1e12), func(n int64) time.Duration { return time.Duration(n) })
		took := rapid.SliceOfN(duration, 1, 200).Draw(t, "took")
		p := rapid.IntRange(0, 100).Draw(t, "p")
		q := rapid.IntRange(p, 100).Draw(t, "q")
		low, high := Percentile(took, p), Percentile(took, q)
		if low < slices.Min(took) || high > slices.Max(took) || low > high {
			t.Fatalf("percentiles %d and %d of %v are %v and %v", p, q, took, low, high)
		}
		before := 0
		for _, d := range took {
			if d < low {
				before++
			}
		}
		if before*100 > p*len(took) {
			t.Fatalf("%d of %d come before percentile %d", before, len(took), p)
		}
	})
}

func TestRates(t *testing.T) {
	speed, cost := Flow(1<<30, 2*time.Second, 3*time.Second)
	for name, c := range map[string]struct{ got, want float64 }{
		"µs":               {Micros(1500 * time.Nanosecond), 1.5},
		"per second":       {PerSecond(300, 1500*time.Millisecond), 200},
		"µs each":          {Each(3*time.Millisecond, 1000), 3},
		"MB/s":             {speed, 536.870912},
		"s/GiB":            {cost, 3},
		"percent":          {Percent(1, 3), 25},
		"percent of none":  {Percent(0, 3), 0},
		"KiB each":         {growth(1<<20, 3<<20, 1000), 2.048},
		"KiB each, shrunk": {growth(3<<20, 1<<20, 1000), -2.048},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

// TestOrder: in each slice all subjects have one turn, and each begins once in as many slices as there are subjects.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "subjects")
		first := rapid.IntRange(0, 100).Draw(t, "first")
		var begin []int
		for slice := range n {
			seen := map[int]bool{}
			for i := slice * n; i < (slice+1)*n; i++ {
				seen[order(i, n, first)] = true
			}
			if len(seen) != n {
				t.Fatalf("slice %d: %d of %d subjects", slice, len(seen), n)
			}
			begin = append(begin, order(slice*n, n, first))
		}
		slices.Sort(begin)
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		if diff := cmp.Diff(all, begin); diff != "" {
			t.Fatalf("who begins (-want +got):\n%s", diff)
		}
	})
}
