package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/leftover"
	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/vectors"
)

// wrongCodecs are edits of the example codecs, each with a vector that it answers wrongly.
var wrongCodecs = []struct{ protocol, name, old, new, id string }{
	{"tcpmux", "limit", "at >= limit", "at > limit", "request-limit-too-long"},
	{"tcpmux", "CR", `"incomplete")  # the LF may`, `"bad byte")  # the LF may`, "reply-incomplete-cr"},
	{"tcpmux", "case", `q["a"].lower() == q["b"].lower()`, `q["a"] == q["b"]`, "name-case-alphabet"},
	{"tcpmux", "following", `- len(rest), "name"`, `, "name"`, "request-following-session"},
	{"tcpmux", "LF alone", `any(byte in b"\0\r\n"`, `any(byte in b"\0\r"`, "write-request-lf-middle"},

	{"hmacsocket", "little-endian", `take(data, 4), "big"`, `take(data, 4), "little"`, "chunk-hello"},
	{"hmacsocket", "prefix", `data[4:head], mac(q, d, i)`, `data[4:20], mac(q, d, i)[:16]`, "forged-h-last-bit"},
	{"hmacsocket", "limit", `ld > q["ml"]`, `ld >= q["ml"]`, "chunk-limit-reached"},
	{"hmacsocket", "order", `q["n"] + q["key"]`, `q["key"] + q["n"]`, "cn-example-1"},
	{"hmacsocket", "NUL", `b"\0" not in text and `, ``, "error-text-nul"},

	{"udpmux", "mode", `q["modes"] & BITS[answer["form"]] != 0`, `True`, "first-byte-01-off"},
	{"udpmux", "limit", `<= len(p) <= 2048`, `<= len(p) < 2048`, "datagram-token-2048"},
	{"udpmux", "little-endian", `size = int.from_bytes(data[:2], "big")`, `size = int.from_bytes(data[:2], "little")`,
		"frame-hello-part-3"},
	{"udpmux", "tail", `[AQgw]`, `[A-Za-z0-9+/]`, "key-tail-1"},
	{"udpmux", "line end", `line.rstrip(b" \t\r")`, `line.rstrip(b" \t")`, "connect-crlf"},
}

// TestExampleCodecs wants the codecs in vectors/examples to answer all vectors rightly, and wrong ones to be reported
// with the vector and its note.
func TestExampleCodecs(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip(err)
	}
	for _, protocol := range []string{"tcpmux", "hmacsocket", "udpmux"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			source := example(t, protocol)
			if lines := strings.Count(source, "\n"); lines > 140 {
				t.Errorf("it has %d lines", lines)
			}
			if code, out := runCodec(t, protocol, source); code != 0 {
				t.Errorf("exit code %d\n%s", code, out)
			}
		})
	}
	for _, wrong := range wrongCodecs {
		t.Run(wrong.protocol+" "+wrong.name, func(t *testing.T) {
			t.Parallel()
			source := example(t, wrong.protocol)
			if strings.Count(source, wrong.old) != 1 {
				t.Fatalf("%q is not once in the codec", wrong.old)
			}
			code, out := runCodec(t, wrong.protocol, strings.Replace(source, wrong.old, wrong.new, 1))
			_, told, _ := strings.Cut(out, "WRONG "+wrong.id+": ")
			_, told, _ = strings.Cut(told, "\n")
			if note := comment(t, wrong.protocol, wrong.id); code != 1 || !strings.HasPrefix(told, "    "+note+"\n") {
				t.Errorf("exit code %d, and %s is not shown with %q in\n%s", code, wrong.id, note, out)
			}
		})
	}
}

// example gives the example codec of a protocol.
func example(t *testing.T, protocol string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "vectors", "examples", protocol+".py"))
	progtest.Must(t, err)
	return string(text)
}

// comment gives the note of a vector.
func comment(t *testing.T, protocol, id string) string {
	t.Helper()
	files, err := vectors.Load(protocol)
	progtest.Must(t, err)
	for _, v := range vectors.Of[vectors.Vector](files) {
		if v.Common().ID == id {
			return v.Common().Comment
		}
	}
	t.Fatalf("there is no vector %s", id)
	return ""
}

// runCodec asks a codec, and gives the exit code and what was printed.
func runCodec(t *testing.T, protocol, source string) (code int, out string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "codec.py")
	progtest.Must(t, os.WriteFile(file, []byte(source), 0o644))
	run := exec.Command("muxspec", "vectors", "run", "--patience", "1m", protocol, "--", "python3", file)
	b, _ := run.CombinedOutput()
	return run.ProcessState.ExitCode(), string(b)
}

// TestInterruptedCodec: SIGINT ends a run within a second, with exit code 3. Nothing is left of a codec that takes no
// signal, nor of what it has started.
func TestInterruptedCodec(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	dir, begun := t.TempDir(), filepath.Join(t.TempDir(), "begun")
	run := exec.Command("muxspec", "vectors", "run", "--patience", "1h", "tcpmux", "--", "sh", "-c",
		`trap "" INT TERM; sleep 1000 & setsid sleep 1000 & echo yes > "$0"; while :; do sleep 1000; done`, begun)
	run.Env = append(os.Environ(), "TMPDIR="+dir)
	var out strings.Builder
	run.Stdout, run.Stderr = &out, &out
	progtest.Must(t, run.Start())
	progtest.Must(t, progtest.Poll(func() error {
		_, err := os.Stat(begun)
		return err
	}))
	at := time.Now()
	run.Process.Signal(syscall.SIGINT)
	run.Wait()
	took, limit := time.Since(at), time.Duration(progtest.Crowding()*float64(time.Second))
	t.Logf("it took %v", took)
	if took > limit {
		t.Errorf("it ended after %v, and %v is the limit", took, limit)
	}
	if code := run.ProcessState.ExitCode(); code != 3 || !strings.Contains(out.String(), "interrupted") {
		t.Errorf("exit code %d\n%s", code, &out)
	}
	if left := leftover.In(dir); len(left) > 0 {
		t.Errorf("it has left %q", left)
	}
}
