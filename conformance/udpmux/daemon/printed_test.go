package daemon

import "testing"

func TestLineWith(t *testing.T) {
	for _, test := range []struct {
		line string
		want bool
	}{
		{"dropped=37", true},
		{"37 dropped", true},
		{"time=2026-11-29T10:00:00Z dropped=37", true},
		{"time=2026-11-29T14:37:05.037Z level=INFO dropped=0", false},
		{"2026/11/37 14:05:37 dropped 0", false},
		{"Nov 29 14:37:05 moshd: dropped 37", true},
		{"Nov 29 14:37:05 moshd: dropped 0", false},
		{"dropped=137", false},
		{"client=127.0.0.37:1024", false},
		{"client=127.0.0.1:37", true},
		{"client=[::1]:37", true},
	} {
		if got := lineWith([]byte(test.line+"\n"), []string{"37"}); got != test.want {
			t.Errorf("%s: %v", test.line, got)
		}
	}
}
