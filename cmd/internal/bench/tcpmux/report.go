//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A report is what a run has found.
type report struct {
	Machine     string    `json:"machine"`
	Begin       time.Time `json:"begin"`
	End         time.Time `json:"end"`
	Others      float64   `json:"others"` // cores that other programs kept busy, on average
	Program     string    `json:"program"`
	Seconds     float64   `json:"seconds"`
	Repeat      int       `json:"repeat"`
	Interrupted bool      `json:"interrupted"`
	Entries     []*entry  `json:"entries"`
	busy        float64   // what others had used when it began
}

func newReport(r *runner, repeat int) *report {
	return &report{Machine: machine(), Begin: time.Now(), Program: strings.Join(r.program, " "), Seconds: r.time.Seconds(),
		Repeat: repeat, busy: others()}
}

func (r *report) save(file string) error {
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

// An entry is what was found of one subject at one measure.
type entry struct {
	Measure string      `json:"measure"`
	Subject string      `json:"subject"`
	Units   []string    `json:"units"`
	Values  [][]float64 `json:"values"` // by repetition, then by unit
	Failure string      `json:"failure,omitempty"`
	Note    string      `json:"note,omitempty"`
	units   []unit
	slices  [][]float64 // of the current repetition
}

// entry finds the entry, or makes it.
func (r *report) entry(m measure, subject string) *entry {
	for _, e := range r.Entries {
		if e.Measure == m.name && e.Subject == subject {
			return e
		}
	}
	e := &entry{Measure: m.name, Subject: subject, units: m.units}
	for _, u := range m.units {
		e.Units = append(e.Units, u.name)
	}
	r.Entries = append(r.Entries, e)
	return e
}

// add adds a slice of a measurement, or its failure, which is the end of it.
func (e *entry) add(values []float64, err error) {
	if err != nil {
		e.Failure = err.Error()
		fmt.Fprintf(os.Stderr, "  %s: %v\n", e.Subject, err)
		return
	}
	e.slices = append(e.slices, values)
}

// close makes the slices the value of a repetition.
func (e *entry) close() {
	means := make([]float64, len(e.units))
	fmt.Fprintf(os.Stderr, "  %s:", e.Subject)
	for i := range means {
		for _, s := range e.slices {
			means[i] += s[i] / float64(len(e.slices))
		}
		if means[i] != absent {
			fmt.Fprintf(os.Stderr, " %s %s;", number(means[i]), e.Units[i])
		}
	}
	fmt.Fprintln(os.Stderr)
	e.Values, e.slices = append(e.Values, means), nil
}

func (r *report) finish() {
	r.End = time.Now()
	r.Others = max(0, (others()-r.busy)/r.End.Sub(r.Begin).Seconds())
	// The order of the first repetition's turns means nothing; tables have that of the measures, and the faster first.
	rank := func(e *entry) int {
		return slices.IndexFunc(measures, func(m measure) bool { return m.name == e.Measure })
	}
	slices.SortStableFunc(r.Entries, func(a, b *entry) int {
		if n := rank(a) - rank(b); n != 0 {
			return n
		}
		va, vb := median(a.column(0)), median(b.column(0))
		switch {
		case va > vb:
			return -1
		case va < vb:
			return 1
		}
		return strings.Compare(a.Subject, b.Subject)
	})
}

func (r *report) failed() bool {
	return slices.ContainsFunc(r.Entries, func(e *entry) bool { return e.Failure != "" })
}

// column gives a unit's values. There are none if a repetition has failed: the rest would be a choice.
func (e *entry) column(unit int) (values []float64) {
	for _, v := range e.Values {
		if e.Failure != "" || v[unit] == absent {
			return nil
		}
		values = append(values, v[unit])
	}
	return values
}

// ratio is the median of the repetitions' ratios to the base: noise that lasts meets both.
func (r *report) ratio(e *entry, unit int) (ratio float64, ok bool) {
	base := slices.IndexFunc(r.Entries, func(b *entry) bool {
		return b.Measure == e.Measure && b.Subject == e.units[unit].base
	})
	if base < 0 {
		return 0, false
	}
	mine, its := e.column(unit), r.Entries[base].column(unit)
	if len(mine) == 0 || len(mine) != len(its) {
		return 0, false
	}
	ratios := make([]float64, len(mine))
	for i := range mine {
		ratios[i] = mine[i] / its[i]
	}
	return median(ratios), true
}

// median is 0 if there are no values.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	return (s[(n-1)/2] + s[n/2]) / 2
}

// number writes a value with three digits or all before the point.
func number(v float64) string {
	switch {
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// machine says where it was measured.
func machine() string {
	var u unix.Utsname
	unix.Uname(&u)
	return fmt.Sprintf("%d cores, Linux %s, %s", runtime.NumCPU(), unix.ByteSliceToString(u.Release[:]), runtime.Version())
}

// others is the processor time in seconds that all programs but this one and what it has started have used.
func others() float64 {
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(b), "\n")
	var user, nice, system, idle, ioWait, irq, softIRQ float64
	fmt.Sscanf(line, "cpu %f %f %f %f %f %f %f", &user, &nice, &system, &idle, &ioWait, &irq, &softIRQ)
	all := (user + nice + system + irq + softIRQ) / 100 // interrupts, too: they are in the programs' own time
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		unix.Getrusage(who, &u)
		all -= float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	return all
}

// print writes the tables and what has become of the aims.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s; %d × %v s; the program is %s. Other programs kept %.2f cores busy meanwhile.\n", r.Machine, r.Repeat,
		r.Seconds, r.Program, r.Others)
	fmt.Fprintln(w, "Medians; a ratio is the median of the repetitions' ratios. The clients run on the same machine. Server CPU is that of")
	fmt.Fprintln(w, "all the server's processes, started programs included. Memory is the growth of their proportional set size.")
	const quiet = 0.2
	if r.Others > quiet {
		fmt.Fprintln(w, "The machine was not quiet: the figures are provisional.")
	}
	if r.Interrupted {
		fmt.Fprintln(w, "INTERRUPTED: not all was measured.")
	}
	last := ""
	for _, e := range r.Entries {
		if head := strings.Join(e.Units, " "); head != last {
			last = head
			e.printHead(w)
		}
		r.printRow(w, e)
	}
	fmt.Fprintln(w)
	for _, a := range aims {
		r.printAim(w, a)
	}
}
