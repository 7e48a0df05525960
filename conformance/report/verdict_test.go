package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"
)

// sealed is the sample as a run would have made it.
func sealed() *Report {
	r := sample()
	r.Suite = Suite{Version: "v0.1.0", Digest: strings.Repeat("ab", 32)}
	r.Inputs = Inputs{TargetFile: strings.Repeat("cd", 32),
		Programs: []Program{{"tcpmux-server", "./mine", strings.Repeat("ef", 32)}, {"", "sh", ""}}}
	r.VerdictDigest = r.Verdict()
	return r
}

// The digest is of what its comment says, and of nothing else.
func TestVerdict(t *testing.T) {
	r := sealed()
	text := "muxspec verdict 1\nsuite " + r.Suite.Digest + "\ntarget " + r.Inputs.TargetFile + "\nprogram " +
		strings.Repeat("ef", 32) + "\nprogram -\n"
	for i, o := range []Outcome{Pass, Fail, Known, Unsupported, Blocked, Inconclusive} {
		text += "rule tcpmux-server TCPMUX-" + string(rune('1'+i)) + " " + string(o) + "\n"
	}
	sum := sha256.Sum256([]byte(text))
	if got := r.Verdict(); got != hex.EncodeToString(sum[:]) {
		t.Errorf("%s is not the digest of\n%s", got, text)
	}
	same, other := sealed(), sealed()
	slices.Reverse(same.Rules)
	same.Rules[0].Scenarios[0].Seconds, same.Summary.Seconds = 99, 99
	if same.Verdict() != r.VerdictDigest {
		t.Error("order or time is part of the verdict")
	}
	other.Rules[0].Outcome = Fail
	if other.Verdict() == r.VerdictDigest {
		t.Error("an outcome is no part of the verdict")
	}
}

// A report whose digest is missing or does not fit was changed, or is older.
func TestSealed(t *testing.T) {
	good, err := json.Marshal(sealed())
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, new string) string { return strings.Replace(string(good), old, new, 1) }
	const rule = `"level":"MUST","class":"rfc","outcome":`
	for text, want := range map[string]string{
		string(good):                         "",
		with(`"sha256":"ef`, `"sha256":"ff`): "the report was changed",
		with(sealed().VerdictDigest, ""):     "it has no verdict_digest",
		with(rule+`"fail"`, rule+`"known"`):  "the report was changed",
	} {
		r, err := Read(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Sealed(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

func TestDifferences(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*Report)
		want    string
		unclear bool
	}{
		"outcome": {func(r *Report) { r.Rules[0].Outcome = Fail },
			"TCPMUX-1 (tcpmux-server): fail, the report says pass", false},
		"unclear": {func(r *Report) { r.Rules[0].Outcome = Inconclusive },
			"TCPMUX-1 (tcpmux-server): inconclusive, the report says pass", true},
		"missing": {func(r *Report) { r.Rules = r.Rules[1:] },
			"TCPMUX-1 (tcpmux-server): not judged, the report says pass", false},
		"program": {func(r *Report) { r.Inputs.Programs[0].SHA256 = "12" },
			"./mine: its SHA-256 is 12, the report says " + strings.Repeat("ef", 32), false},
		"file":  {func(r *Report) { r.Inputs.TargetFile = "12" }, "the target file is another one", false},
		"files": {func(r *Report) { r.Inputs.Programs = nil }, "the command names 0 files, in the report 2", false},
	} {
		now := sealed()
		c.change(now)
		lines, unclear := sealed().Differences(now)
		if len(lines) != 1 || lines[0] != c.want || unclear != c.unclear {
			t.Errorf("%s: %q, %v", name, lines, unclear)
		}
	}
	added := sealed()
	added.Rules = append(added.Rules, RuleResult{ID: "TCPMUX-9", Role: "tcpmux-server", Outcome: Pass})
	if lines, _ := sealed().Differences(added); len(lines) != 1 ||
		lines[0] != "TCPMUX-9 (tcpmux-server): pass, the report says not judged" {
		t.Errorf("%q", lines)
	}
	if lines, _ := sealed().Differences(sealed()); len(lines) != 0 {
		t.Errorf("%q", lines)
	}
}

func TestBadge(t *testing.T) {
	for _, c := range []struct {
		exit   int
		colour string
	}{{ExitOK, "#8a5a00"}, {ExitViolation, "#b3261e"}, {ExitInconclusive, "#59636e"}} {
		r := sealed()
		r.Summary.Exit, r.Roles = c.exit, []string{"a<b"}
		var b bytes.Buffer
		if err := Badge(&b, r); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "1/6 MUST, suite v0.1.0<") || !strings.Contains(b.String(), c.colour) {
			t.Errorf("exit code %d: %s", c.exit, b.String())
		}
		for d := xml.NewDecoder(&b); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestInToto(t *testing.T) {
	r := sealed()
	var b bytes.Buffer
	if err := InToto(&b, r); err != nil {
		t.Fatal(err)
	}
	var s statement
	if err := json.Unmarshal(b.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	p := s.Predicate
	if len(s.Subject) != 1 || s.Subject[0].Digest["sha256"] != strings.Repeat("ef", 32) || p.Result != "FAILED" ||
		!slices.Equal(p.PassedTests, []string{"tcpmux-server/TCPMUX-1"}) ||
		!slices.Equal(p.FailedTests, []string{"tcpmux-server/TCPMUX-2"}) ||
		!slices.Equal(p.WarnedTests, []string{"tcpmux-server/TCPMUX-3"}) || len(p.Configuration) != 3 {
		t.Errorf("%+v", s)
	}
	r.Summary.Exit = ExitOK
	b.Reset()
	if InToto(&b, r); !strings.Contains(b.String(), `"result": "WARNED"`) {
		t.Error(b.String())
	}
	r.Inputs.Programs = nil
	if err := InToto(io.Discard, r); err != ErrNoSubject {
		t.Error(err)
	}
	r.Summary.Exit = ExitInconclusive
	if err := InToto(io.Discard, r); err != ErrNoConclusion {
		t.Error(err)
	}
}
