//go:build linux

package rig

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseStat(t *testing.T) {
	const rest = " 42 7 7 0 -1 4194304 1 2 3 4 500 600 70 8 20 0 1 0 123456 1 2 3"
	for _, c := range []struct {
		line string
		want member
		ok   bool
	}{
		{"9 (nginx) S" + rest, member{9, 42, "123456", 780 * time.Millisecond}, true},
		{"9 (a) b (c) R" + rest, member{9, 42, "123456", 780 * time.Millisecond}, true},
		{"9 (nginx) Z" + rest, member{}, false},
		{"9 (nginx) X" + rest, member{}, false},
		{"9 (nginx) S 42 7", member{}, false},
		{"", member{}, false},
	} {
		got, ok := parseStat(c.line)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(member{})); diff != "" || ok != c.ok {
			t.Errorf("parseStat(%q) = %v (-want +got):\n%s", c.line, ok, diff)
		}
	}
}

// TestParseOwnStat reads what the kernel writes.
func TestParseOwnStat(t *testing.T) {
	b, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := parseStat(string(b)); !ok || m.pid != os.Getpid() || m.parent != os.Getppid() || m.start == "" {
		t.Errorf("%q is %+v, %v", b, m, ok)
	}
}

// TestFamily compares with what climbs from each process to its ancestors.
func TestFamily(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []member
		parents := map[int]int{}
		for pid := 1; pid <= rapid.IntRange(1, 30).Draw(t, "processes"); pid++ {
			parents[pid] = rapid.IntRange(0, pid-1).Draw(t, "parent")
			all = append(all, member{pid: pid, parent: parents[pid]})
		}
		all = rapid.Permutation(all).Draw(t, "order")
		root := rapid.IntRange(1, len(all)+1).Draw(t, "root")
		var want, got []int
		for pid := range parents {
			for p := pid; p != 0; p = parents[p] {
				if p == root {
					want = append(want, pid)
				}
			}
		}
		for _, m := range family(all, root) {
			got = append(got, m.pid)
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("family of %d (-want +got):\n%s", root, diff)
		}
	})
}

func TestParseRollup(t *testing.T) {
	const rollup = `55d0c0a5e000-7ffd3b5fe000 ---p 00000000 00:00 0                          [rollup]
Rss:                1024 kB
Pss:                 300 kB
Pss_Dirty:           200 kB
Shared_Clean:        724 kB
`
	if got := parseRollup(rollup); got != 300<<10 {
		t.Errorf("%d bytes, want %d", got, 300<<10)
	}
	if got := parseRollup(""); got != 0 {
		t.Errorf("%d bytes of a process that has ended", got)
	}
}

func TestParseBusy(t *testing.T) {
	const stat = "cpu  100 20 3 100000 50000 7 5 9 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
	if got := parseBusy(stat); got != 1350*time.Millisecond {
		t.Errorf("%v, want 1.35s", got)
	}
}

func TestParseListener(t *testing.T) {
	const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	line := func(local, state, waiting string) string {
		return fmt.Sprintf("   0: %s 00000000:0000 %s 00000000:%s 00:00000000 00000000     "+
			"0        0 1 1 0 100 0 0 10 0\n",
			local, state, waiting)
	}
	table := head + line("0100007F:1F90", "01", "00000009") + line("0200007F:1F90", "0A", "00000008") +
		line("0100007F:1F91", "0A", "00000007") + line("0100007F:1F90", "0A", "0000001F")
	for port, want := range map[int]int{8080: 31, 8081: 7} {
		if waiting, ok := parseListener(table, port); waiting != want || !ok {
			t.Errorf("port %d: %d, %v; want %d", port, waiting, ok, want)
		}
	}
	if waiting, ok := parseListener(table, 8082); ok {
		t.Errorf("port 8082: %d wait where nobody listens", waiting)
	}
}
