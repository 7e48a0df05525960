package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What [Read] takes is what was written, with the rules' texts.
func TestRead(t *testing.T) {
	files, _ := filepath.Glob("testdata/reports/*.json")
	if len(files) < 5 {
		t.Fatalf("only %d reports in testdata", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Read(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if r.Rules[0].Rule.Text == "" {
			t.Errorf("%s: %s has no text", file, r.Rules[0].ID)
		}
		var again bytes.Buffer
		enc := json.NewEncoder(&again)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(r); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Bytes(), text) {
			t.Errorf("%s: written again it differs", file)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	text, err := os.ReadFile("testdata/reports/nc.json")
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "cut off"},
		{"half", good[:len(good)/2], "cut off"},
		{"two", good + good, "something follows"},
		{"text", "hello", "invalid character"},
		{"a list", "[]", "cannot unmarshal array"},
		{"another object", `{"version": 2}`, `unknown field "version"`},
		{"nothing in it", "{}", "suite.digest"},
		{"a newer field", strings.Replace(good, `"target"`, `"badge":1,"target"`, 1), `unknown field "badge"`},
		{"an unknown outcome", strings.Replace(good, `"outcome":"pass"`, `"outcome":"great"`, 1), "great"},
		{"no rules", good[:strings.Index(good, `"rules"`)] + `"rules":[],"summary":{}}`, "rules is missing"},
		{"a rule twice", strings.Replace(good, `"TCPMUX-46"`, `"TCPMUX-47"`, 1), "twice"},
		{"large", `{"target":"` + strings.Repeat("x", readMost) + `"}`, "larger than"},
	} {
		if _, err := Read(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %v", c.name, err)
		}
	}
}
