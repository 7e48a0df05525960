package engine

import (
	"slices"
	"strings"
	"testing"
)

func TestVariants(t *testing.T) {
	axes, err := axesOf("# RULE-1: what.\n# vary: n=5,1..300 how=-fin,-reset a/b=x/y,y/x\n\ndial\n")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range variants(axes, "name", 0, 0, false) {
		names = append(names, v.text(axes))
	}
	want := []string{"", "n=1", "n=300", "n=127", "n=128", "n=255", "n=256", "how=-reset", "a/b=y/x"}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	one, other := variants(axes, "name", 1, 7, false), variants(axes, "name", 1, 7, false)
	if a, b := one[len(one)-1].text(axes), other[len(other)-1].text(axes); a != b || len(one) != len(want)+1 {
		t.Errorf("drawn %q, and then %q", a, b)
	}
	v, err := variantNamed(axes, "n=300,a/b=y/x")
	if err != nil {
		t.Fatal(err)
	}
	got := fill("{n} {n+1} {n-1} {how} {a} {b} {other} {other+1}", v.values())
	if want := "300 301 299 -fin y x {other} {other+1}"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := variantNamed(axes, "m=1"); err == nil {
		t.Error("an axis that is not there is taken")
	}
}

// TestDraw: drawn values lie in the range, and vary in size.
func TestDraw(t *testing.T) {
	a, err := parseAxis("n=10..70000")
	if err != nil {
		t.Fatal(err)
	}
	small, large := 0, 0
	for i := range 1000 {
		text := a.draw(strings.Repeat("x", i))
		switch n := Integer(text); {
		case n < 10 || n > 70000:
			t.Fatalf("%d is drawn from 10..70000", n)
		case n < 300:
			small++
		case n > 10000:
			large++
		}
	}
	if small < 100 || large < 100 {
		t.Errorf("of 1000: %d small ones, %d large ones", small, large)
	}
}

func TestAxesRefused(t *testing.T) {
	for _, field := range []string{"n", "=1", "n=5..1", "n=a..b", "a/b=x", "a/b=1..2"} {
		if a, err := parseAxis(field); err == nil {
			t.Errorf("%s is taken as %+v", field, a)
		}
	}
}

func TestUnroll(t *testing.T) {
	got, err := unroll("a\nrepeat 2\nb {i}\nend\nc\n")
	if err != nil || got != "a\nb 1\nb 2\nc\n" {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"\nrepeat x\nend\n", "\nrepeat 2\na\n", "\nrepeat 99\na\nend\n"} {
		if got, err := unroll(text); err == nil {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}
