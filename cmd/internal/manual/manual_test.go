package manual

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const help = `Usage: tool run [OPTION]... FILE
       tool run --list

Do it. See --force, and
what a-b is:

  one    the first
  {a} {b} ...
         two of them,
         in two lines

Or like this:

  tool run x
  .tool -y

SIGHUP reads it again.

More of it. Exit codes: 0 done; 1 it failed: a file or
a folder; 2 wrong usage.

Options:
      --force           do it; repeatable
  -k, --keyfile FILE    take 'this' from FILE [or not]
      --level LEVEL     a LEVEL
`

func parsed(t *testing.T) *Help {
	t.Helper()
	h, err := Parse(help)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestParse(t *testing.T) {
	want := &Help{
		Name:     "tool run",
		Synopsis: []string{"tool run [OPTION]... FILE", "tool run --list"},
		Body: []Block{
			{Text: "Do it. See --force, and what a-b is:"},
			{Rows: []Row{{"one", "the first"}, {"{a} {b} ...", "two of them, in two lines"}}},
			{Text: "Or like this:"},
			{Code: []string{"  tool run x", "  .tool -y"}},
			{Text: "More of it."},
		},
		Signals: []Block{{Text: "SIGHUP reads it again."}},
		Exit:    []Row{{"0", "done"}, {"1", "it failed: a file or a folder"}, {"2", "wrong usage"}},
		Options: []Option{{"", "force", "", "do it; repeatable"},
			{"k", "keyfile", "FILE", "take 'this' from FILE [or not]"},
			{"", "level", "LEVEL", "a LEVEL"}},
	}
	if diff := cmp.Diff(want, parsed(t)); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{"", "Usage: tool\n", "Options:\n  --x  y\n", "Usage: tool\n\nOptions:\n  x   y\n",
		"Usage: tool\n\nOptions:\n  --x\n"} {
		if h, err := Parse(text); err == nil {
			t.Errorf("%q is taken for a help text: %+v", text, h)
		}
	}
}

func TestManual(t *testing.T) {
	p := Page{Name: "a-tool", Section: "1", Version: "v1", Date: "2026-01-02", Own: "a\\-tool \\- a tool\n.SH FILES\n"}
	got := p.Manual(parsed(t), nil)
	rest := got
	for _, want := range []string{".TH A-TOOL 1 2026-01-02 \"muxspec v1\"", ".SH NAME\na\\-tool \\- a tool\n",
		".SH SYNOPSIS\n\\fBtool\\fR \\fBrun\\fR [OPTION]... FILE\n.br\n", "See \\-\\-force, and what a-b is:",
		".TP\n\\fBone\\fR\nthe first\n", ".EX\n  tool run x\n  .tool \\-y\n.EE\n", ".SH OPTIONS\n",
		".TP\n\\fB\\-k\\fR, \\fB\\-\\-keyfile\\fR \\fIFILE\\fR\n", ".SH SIGNALS\n",
		".SH EXIT STATUS\n.TP\n\\fB0\\fR\ndone\n", ".SH FILES\n"} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("%q is missing, or not in its place, in:\n%s", want, got)
		}
		rest = after
	}
	if got := roff(`.a\b ~x -y`); got != `\&.a\eb \(tix \-y` {
		t.Errorf("%s", got)
	}
}

func TestCompletions(t *testing.T) {
	c := Completion{Help: parsed(t),
		Words: map[string][]string{"tool run --level": {"low", "high"}, "tool run": {"_files_of_tool"}}}
	for _, want := range []string{"' --keyfile'|' -k') files=1 ;;\n", "' --level') words='low high' ;;\n",
		"options='--force --keyfile --level' words=$(_files_of_tool) ;;\n"} {
		if got := c.Bash(); !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	for _, want := range []string{"  '*--force[do it]'",
		"'--keyfile=[take '\\''this'\\'' from FILE \\[or not\\]]:FILE:_files'", "'-k+[take",
		"'--level=[a LEVEL]:LEVEL:(low high)'", "'1:argument:_files_of_tool'"} {
		if got := c.Zsh(); !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}
