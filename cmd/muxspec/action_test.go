package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/docs"
)

const action = "../../.github/actions/judge"

// A step is what a step of the action has left behind.
type step struct {
	code                     int
	printed, output, summary string
}

// value gives an output of the step.
func (s step) value(name string) string {
	m := regexp.MustCompile(`(?m)^` + name + `=(.*)$`).FindStringSubmatch(s.output)
	if m == nil {
		return ""
	}
	return m[1]
}

// runStep runs a script of the action as GitHub's runner does, with these variables.
func runStep(t *testing.T, temp, script string, variables ...string) (s step) {
	t.Helper()
	folder, err := filepath.Abs(action)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	output, summary := filepath.Join(dir, "output"), filepath.Join(dir, "summary")
	for _, file := range []string{output, summary} {
		if err := os.WriteFile(file, []byte("before\n"), 0o644); err != nil { // of an earlier step
			t.Fatal(err)
		}
	}
	cmd := exec.Command("bash", "-eo", "pipefail", "-c", `"$GITHUB_ACTION_PATH/`+script+`"`)
	cmd.Env = append(os.Environ(), "GITHUB_ACTION_PATH="+folder, "GITHUB_OUTPUT="+output,
		"GITHUB_STEP_SUMMARY="+summary, "RUNNER_TEMP="+temp)
	cmd.Env = append(cmd.Env, variables...)
	cmd.Dir = dir
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	text := func(file string) string {
		b, err := os.ReadFile(file)
		if err != nil || !bytes.HasPrefix(b, []byte("before\n")) {
			t.Errorf("%s was not appended to: %v", file, err)
		}
		return string(b)
	}
	return step{cmd.ProcessState.ExitCode(), printed.String(), text(output), text(summary)}
}

// TestAction runs the steps of the action for GitHub: a green and a red run, and wrong inputs.
func TestAction(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	temp := t.TempDir()
	if s := runStep(t, temp, "build.sh"); s.code != 0 {
		t.Fatalf("build.sh: exit code %d\n%s", s.code, s.printed)
	}
	t.Run("green", func(t *testing.T) { green(t, temp) })
	t.Run("red", func(t *testing.T) { red(t, temp) })
	t.Run("wrong inputs", func(t *testing.T) { wrongInputs(t, temp) })
	t.Run("version", func(t *testing.T) {
		s := runStep(t, t.TempDir(), "build.sh", "INPUT_VERSION=v0.0.0-none", "GOPROXY=off")
		if s.code != 2 || !strings.Contains(s.printed,
			"::error title=muxspec::muxspec cannot be built in the version") {
			t.Errorf("exit code %d\n%s", s.code, s.printed)
		}
	})
}

func green(t *testing.T, temp string) {
	s := runStep(t, temp, "judge.sh", "INPUT_TARGET=reference", "INPUT_ROLE=tcpmux-server",
		"INPUT_ARGUMENTS=--quick\n--rule 'TCPMUX-11'\n")
	if s.code != 0 || s.value("passed") != "1" || s.value("failed") != "0" || strings.Contains(s.printed, "::error") {
		t.Errorf("exit code %d, outputs %q\n%s", s.code, s.output, s.printed)
	}
	if !strings.Contains(s.summary, "| TCPMUX-11 | MUST |") {
		t.Errorf("the summary is %q", s.summary)
	}
	for _, name := range []string{"report", "page"} {
		if info, err := os.Stat(s.value(name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func red(t *testing.T, temp string) {
	s := runStep(t, temp, "judge.sh", "INPUT_ROLE=tcpmux-server", "INPUT_COMMAND=oddserver 'right' {listen}",
		"INPUT_ARGUMENTS=--quick --rule TCPMUX-11")
	if s.code != 1 || s.value("passed") != "0" || s.value("failed") != "1" {
		t.Errorf("exit code %d, outputs %q\n%s", s.code, s.output, s.printed)
	}
	want := regexp.MustCompile(`(?m)^::error title=TCPMUX-11 help-lists-all::` +
		`expected a list of names.*%0A> 48 45 4c 50 0d 0a .*HELP`)
	if !want.MatchString(s.printed) {
		t.Errorf("there is no annotation in\n%s", s.printed)
	}
	if !strings.Contains(s.summary, "**FAIL**") {
		t.Errorf("the summary is %q", s.summary)
	}
	// Between these two the runner obeys nothing, whatever the target prints.
	m := regexp.MustCompile(`(?ms)^::stop-commands::(\S+)$(.*)^::(\S+)::$`).FindStringSubmatch(s.printed)
	if m == nil || m[1] != m[3] || !strings.Contains(m[2], "oddserver breaks TCPMUX-11") {
		t.Errorf("the console's report can give commands:\n%s", s.printed)
	}
}

// wrongInputs: each of them is an annotation that says what is wrong, and exit code 2.
func wrongInputs(t *testing.T, temp string) {
	for _, c := range []struct {
		name, want string
		variables  []string
	}{
		{"both", "exclude each other", []string{"INPUT_TARGET=reference", "INPUT_COMMAND=true"}},
		{"no role", "ROLE is missing", []string{"INPUT_COMMAND=oddserver right {listen}"}},
		{"unknown target", `no target "100%25" here`, []string{"INPUT_TARGET=100%"}},
		{"quotes", "input command is not closed",
			[]string{"INPUT_ROLE=tcpmux-server", "INPUT_COMMAND=oddserver 'right"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := runStep(t, temp, "judge.sh", c.variables...)
			annotation := regexp.MustCompile(`(?m)^::error title=muxspec::.*` + c.want)
			if s.code != 2 || !annotation.MatchString(s.printed) {
				t.Errorf("exit code %d\n%s", s.code, s.printed)
			}
		})
	}
}

// TestActionInputs: the action passes each input to a script that reads it, and the page's workflow uses no other
// inputs and outputs than there are.
func TestActionInputs(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(action, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	text := read("action.yml")
	inputs, rest, _ := strings.Cut(text, "\noutputs:\n")
	outputs, steps, _ := strings.Cut(rest, "\nruns:\n")
	names := func(part string) (all []string) {
		for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+):$`).FindAllStringSubmatch(part, -1) {
			all = append(all, m[1])
		}
		return all
	}
	scripts := read("build.sh") + read("judge.sh")
	for _, name := range names(inputs) {
		variable := "INPUT_" + strings.ToUpper(name)
		if !strings.Contains(steps, variable+": ${{ inputs."+name+" }}") ||
			!strings.Contains(scripts, "${"+variable+":-}") {
			t.Errorf("the input %s reaches no script", name)
		}
	}
	for _, name := range names(outputs) {
		if !strings.Contains(scripts, "echo \""+name+"=") {
			t.Errorf("no script writes the output %s", name)
		}
	}
	checkWorkflow(t, names(inputs), names(outputs))
}

// checkWorkflow compares the page's workflow with the inputs and outputs that there are.
func checkWorkflow(t *testing.T, inputs, outputs []string) {
	t.Helper()
	page, err := docs.Pages.ReadFile("conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	_, workflow, ok := strings.Cut(string(page), "```yaml muxspec.yml\n")
	workflow, _, _ = strings.Cut(workflow, "```")
	_, with, found := strings.Cut(workflow, "/.github/actions/judge@")
	if !ok || !found {
		t.Fatal("docs/conformance.md has no workflow that uses the action")
	}
	with, _, _ = strings.Cut(with, "- uses:")
	for _, m := range regexp.MustCompile(`(?m)^          ([a-z]+): `).FindAllStringSubmatch(with, -1) {
		if !slices.Contains(inputs, m[1]) {
			t.Errorf("the page's workflow has the input %s, which the action does not have", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`steps\.judge\.outputs\.([a-z]+)`).FindAllStringSubmatch(workflow, -1) {
		if !slices.Contains(outputs, m[1]) {
			t.Errorf("the page's workflow has the output %s, which the action does not have", m[1])
		}
	}
}
