package engine

import (
	"strings"
	"testing"
)

func TestHexLines(t *testing.T) {
	short := []byte("echo\r\n\x00\xff\\")
	lines := hexLines(short, len(short))
	if want := `65 63 68 6f 0d 0a 00 ff 5c                       echo\r\n\x00\xff\\`; len(lines) != 1 ||
		lines[0] != want {
		t.Errorf("%q, want %q", lines, want)
	}
	long := hexLines(make([]byte, hexBytes), 1000)
	if len(long) != hexBytes/16 || !strings.HasSuffix(long[len(long)-1], "920 bytes more") {
		t.Errorf("%q", long)
	}
}

// TestFold: what a verb did many times is shown once.
func TestFold(t *testing.T) {
	for _, c := range []struct{ lines, want string }{
		{"", ""},
		{"a b c", "a b c"},
		{"a a a", "a a a"}, // too little is gained
		{"x a a a a y", "x a … the same line 3 more times y"},
		{"x a b a b a b y a b", "x a b … the same 2 lines 2 more times y a b"},
		{"a a b a a b", "a a b … the same 3 lines once more"},
	} {
		if got := strings.Join(fold(strings.Fields(c.lines)), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.lines, got, c.want)
		}
	}
	many := make([]string, 3*(mostFolded+1))
	for i := range many {
		many[i] = strings.Repeat("x", i%(mostFolded+1))
	}
	if got := fold(many); len(got) != len(many) {
		t.Errorf("a block of %d lines is not looked for, and %d lines are left of %d",
			mostFolded+1, len(got), len(many))
	}
}
