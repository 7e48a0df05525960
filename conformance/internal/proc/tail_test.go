package proc

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTail: a line is found wherever it comes, in whatever pieces, and only whole.
func TestTail(t *testing.T) {
	var many strings.Builder
	for i := range 100000 {
		fmt.Fprintf(&many, "starting %d\n", i)
	}
	for _, c := range []struct {
		before, after []string
		want          []string
	}{
		{[]string{many.String()}, []string{many.String(), "ready at A\n", "ready at B\n"}, []string{"ready at A", "A"}},
		{[]string{"ready at A\nmore"}, nil, []string{"ready at A", "A"}},
		{[]string{"rea"}, []string{"dy at", " A", "\n"}, []string{"ready at A", "A"}},
		{[]string{"ready at A"}, nil, nil},
		{nil, []string{many.String(), many.String()}, nil},
		{nil, []string{strings.Repeat("x", 2*logBytes), "\nready at A\n"}, []string{"ready at A", "A"}},
	} {
		var tail Tail
		for _, b := range c.before {
			tail.Write([]byte(b))
		}
		tail.Await(regexp.MustCompile("^ready at (.)$"))
		for _, b := range c.after {
			tail.Write([]byte(b))
		}
		if got := tail.Found(); !slices.Equal(got, c.want) {
			t.Errorf("found %q, want %q", got, c.want)
		}
	}
}
