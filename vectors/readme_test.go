package vectors

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block gives the README's block of a language, of which it has one.
func block(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile("(?ms)^```"+language+"( \\S+)?\n(.*?)^```$").FindAllSubmatch(page, -1)
	if len(all) != 1 {
		t.Fatalf("the README has %d blocks of %s", len(all), language)
	}
	return string(all[0][2])
}

// TestReadmeVector wants the README's vector to be one of a file.
func TestReadmeVector(t *testing.T) {
	requests, err := Files.ReadFile("tcpmux/requests.json")
	if err != nil {
		t.Fatal(err)
	}
	if v := strings.TrimSuffix(block(t, "json"), "\n"); !bytes.Contains(requests, []byte("\n"+v+",\n")) {
		t.Errorf("no vector is %s", v)
	}
}

// TestReadmeQuestion wants the README's question to be that of a vector, and its answer to be right.
func TestReadmeQuestion(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^    (\{"codec":.*\})\n    (\{.*\})$`).FindAllSubmatch(page, -1)
	if len(lines) != 1 {
		t.Fatalf("the README has %d questions with an answer", len(lines))
	}
	for _, file := range load(t) {
		for _, v := range file.Vectors {
			questions, err := file.Codec.Questions(v)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range questions {
				if !bytes.Equal(q.Text, lines[0][1]) {
					continue
				}
				if verdict, differ, err := q.Judge(lines[0][2]); verdict != Right {
					t.Errorf("the answer is %s: %q, %v", verdict, differ, err)
				}
				return
			}
		}
	}
	t.Errorf("no vector asks %s", lines[0][1])
}

// changes are effects that make a vector's result another, or none.
var changes = regexp.MustCompile(
	`[Ll]eave the vector out|let .* pass|[Ee]xpect incomplete|says incomplete|H is (wrong|right)`)

// TestReadmeNames wants the README to name each codec, each of its keys, and each flag that changes a result.
func TestReadmeNames(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	unnamed := map[string]bool{}
	ask := func(what, name string) {
		if !bytes.Contains(page, []byte("`"+name+"`")) {
			unnamed[what+" "+name] = true
		}
	}
	for _, file := range load(t) {
		ask("the codec", string(file.Codec))
		for name, flag := range file.Flags {
			if changes.MatchString(flag.Effect) {
				ask("the flag", name)
			}
		}
		for _, v := range file.Vectors {
			for _, key := range keysOf(t, v) {
				ask("the key", key)
			}
		}
	}
	for what := range unnamed {
		t.Errorf("%s is not named", what)
	}
}

// keysOf gives a vector's keys, the ones that all vectors have included.
func keysOf(t *testing.T, v Vector) []string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(maps.Keys(keys))
}

// wrongDecoders are edits of the README's decoder, and vectors that each of them gets wrong.
var wrongDecoders = []struct {
	old, new string
	reported []string
}{
	{"at == limit", "at > limit", []string{"request-limit-too-long", "request-limit-255-too-long"}},
	{`if at > 0 else ("invalid",)`, "", []string{"request-empty-name", "request-empty-name-then-name"}},
	{"at + 2) if", "len(data)) if", []string{"request-following-session"}},
	{"break  # the LF may still come", `return ("invalid",)`, []string{"request-incomplete-cr"}},
	{`("valid", data[:at],`, `("valid", data[:at].strip(),`, []string{"request-blank-first", "request-tab-only"}},
	{`else ("incomplete",)`, `else ("valid", data, len(data))`, []string{"request-incomplete-nothing"}},
}

// TestReadmeRunner executes the README's runner as it is, which has to pass all vectors, and with wrong decoders, which
// it has to report.
func TestReadmeRunner(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip(err)
	}
	code := block(t, "python")
	if lines := strings.Count(code, "\n"); lines > 30 {
		t.Errorf("the runner has %d lines", lines)
	}
	if failed, out := runPython(t, python, code); failed || !strings.HasPrefix(out, "91 vectors, 0 failed") {
		t.Errorf("the runner as it is:\n%s", out)
	}
	for _, wrong := range wrongDecoders {
		if strings.Count(code, wrong.old) != 1 {
			t.Fatalf("%q is not once in the runner", wrong.old)
		}
		failed, out := runPython(t, python, strings.Replace(code, wrong.old, wrong.new, 1))
		var ids []string
		for line := range strings.Lines(out) {
			ids = append(ids, strings.Fields(line)[0])
		}
		for _, id := range wrong.reported {
			if !failed || !slices.Contains(ids, id) {
				t.Errorf("with %q the runner does not report %s:\n%s", wrong.new, id, out)
			}
		}
		if slices.Contains(ids, "request-daytime") {
			t.Errorf("with %q the runner reports what is right:\n%s", wrong.new, out)
		}
	}
}

// runPython executes the code with TCPMUX's requests, and tells whether it failed and what it printed.
func runPython(t *testing.T, python, code string) (failed bool, out string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "run.py")
	if err := os.WriteFile(program, []byte(code), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, program, filepath.Join("tcpmux", "requests.json"))
	cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8", "PYTHONUTF8=1")
	b, err := cmd.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() != 1) {
		t.Fatalf("%v\n%s", err, b)
	}
	if strings.Contains(string(b), "Traceback") {
		t.Fatalf("the runner ends with\n%s", b)
	}
	return err != nil, string(b)
}
