package moshd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// The list has the session with its process, which is this one, and its client; it is the same in JSON.
func TestList(t *testing.T) {
	t.Parallel()
	m := serveMoshd(t, privateDir(t))
	b, c := listenUDP(t), listenUDP(t)
	m.register(t, b, udpmux.Learn|udpmux.Token)
	m.exchange(t, c, b, tokenOfMoshdKey())
	got := progtest.Run(t, nil, "moshd", "--list", "--socket="+m.dir+"/s")
	want := regexp.MustCompile(fmt.Sprintf(`(?s)^SESSION  USER .*\n1 +\S+ +%d +learn,token +\d{4}-\d\d-\d\d `+
		`\d\d:\d\d:\d\d +\d+s +37 +37 +%s +127\.\d+\.\d+\.\d+:\d+\n$`,
		os.Getpid(), regexp.QuoteMeta(c.LocalAddr().String())))
	if got.Code != 0 || got.Stderr != "" || !want.MatchString(got.Stdout) {
		t.Errorf("got %+v", got)
	}
	got = progtest.Run(t, nil, "moshd", "--list", "--json", "--socket="+m.dir+"/s")
	var list []struct {
		Session, UID, PID int
		Clients           []struct{ Address, Source string }
	}
	err := json.Unmarshal([]byte(got.Stdout), &list)
	if err != nil || len(list) != 1 || list[0].PID != os.Getpid() || list[0].UID != os.Geteuid() ||
		len(list[0].Clients) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Without a moshd there is one line.
func TestListWithoutDaemon(t *testing.T) {
	t.Parallel()
	got := progtest.Run(t, nil, "moshd", "--list", "--socket=/nonexistent/s")
	if want := (progtest.Result{Code: 1, Stderr: "moshd: no daemon at /nonexistent/s\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCheckConfig(t *testing.T) {
	long := strings.Repeat("x", 108)
	for _, test := range []struct{ name, text, complaints string }{
		{"good", "modes = \"token\"\nsocket = \"/run/s\"\n", ""},
		{"several", "max-flow = 1\nmax-sessions = 0\nflow-idel = 3\nmodes = \"magic\"\n",
			"FILE:1:1: unknown key \"max-flow\"\nFILE:3:1: unknown key \"flow-idel\"\n" +
				"FILE:2: max-sessions 0: must be from 1 to 60000\n" +
				"FILE:4: modes \"magic\": \"magic\" is none of learn, token, port\n"},
		{"not TOML", "modes = learn\n", "FILE:1:9: unexpected character U+006C 'l' at start of value\n"},
		{"group", "socket-group = \"nobody-has-this\"\n",
			"FILE:1: socket-group \"nobody-has-this\": there is no such group\n"},
		{"long path", "\nsocket = \"/" + long + "\"\n",
			"FILE:2: socket \"/" + long + "\": the path is longer than 107 bytes\n"},
		{"log level", "log-level = \"loud\"\n", "FILE:1: log-level \"loud\": is none of debug, info, warn, error\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "moshd.toml")
			progtest.Must(t, os.WriteFile(file, []byte(test.text), 0o600))
			got := progtest.Run(t, nil, "moshd", "--check-config", "--multi-user", "--config", file)
			want := progtest.Result{Code: 2,
				Stderr: strings.ReplaceAll("moshd: "+test.complaints, "\nFILE", "\nmoshd: FILE")}
			if test.complaints == "" {
				want = progtest.Result{Stdout: "moshd: FILE: nothing is wrong\n"}
			}
			got.Stdout, got.Stderr = strings.ReplaceAll(got.Stdout, file, "FILE"),
				strings.ReplaceAll(got.Stderr, file, "FILE")
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// A line says at the start what is on. The journal notes the time itself, and only where the log leads to it.
func TestStarted(t *testing.T) {
	for _, test := range []struct {
		name, begin string
		journal     func(stat *unix.Stat_t) string
		args        []string
	}{
		{"no journal", "time=", func(*unix.Stat_t) string { return "" }, nil},
		{"another's journal", "time=", func(s *unix.Stat_t) string { return fmt.Sprintf("%d:%d", s.Dev, s.Ino+1) },
			nil},
		{"journal", "level=INFO", func(s *unix.Stat_t) string { return fmt.Sprintf("%d:%d", s.Dev, s.Ino) }, nil},
		{"nothing but warnings", "", func(*unix.Stat_t) string { return "" }, []string{"--log-level=warn"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := privateDir(t)
			log, err := os.Create(filepath.Join(dir, "log")) // the daemon's
			progtest.Must(t, err)
			defer log.Close()
			var stat unix.Stat_t
			progtest.Must(t, unix.Fstat(int(log.Fd()), &stat))
			t.Setenv("JOURNAL_STREAM", test.journal(&stat))
			m := serveMoshd(t, dir, test.args...)
			text, err := os.ReadFile(log.Name())
			for began := time.Now(); test.begin != "" && len(text) == 0 && time.Since(began) < 10*time.Second; {
				time.Sleep(time.Millisecond) // the address is there before the line is
				text, err = os.ReadFile(log.Name())
			}
			progtest.Must(t, err)
			line := regexp.MustCompile(`(?m)^.*msg=started version=\S+ configuration=none modes=learn,token ` +
				`multi-user=false .*$`).Find(text)
			if !strings.HasPrefix(string(text), test.begin) || (line == nil) != (test.begin == "") {
				t.Errorf("%v logs:\n%s", m.Addresses, text)
			}
		})
	}
}
