package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/docs"
)

// TestGuide does what docs/conformance.md says: it writes the files of the page's blocks ("```LANGUAGE NAME") and runs
// the commands of its consoles ("```console", lines with "$ "), each of which has to print the lines that follow it, in
// that order; "…" stands for any lines.
func TestGuide(t *testing.T) {
	for _, program := range []string{"perl", "sh", "sed"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	page, err := docs.Pages.ReadFile("conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	bin := filepath.Join(t.TempDir(), "muxspec")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	otherModule(t, dir)
	block := regexp.MustCompile("(?ms)^```(\\w+)( \\S+)?\n(.*?)^```$")
	commands := 0
	for _, m := range block.FindAllStringSubmatch(string(page), -1) {
		language, name, text := m[1], strings.TrimSpace(m[2]), m[3]
		if name != "" {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if language != "console" {
			t.Errorf("a block of %s is neither a file nor a console", language)
			continue
		}
		for _, part := range strings.Split("\n"+text, "\n$ ")[1:] {
			command, want, _ := strings.Cut(part, "\n")
			commands++
			console(t, dir, bin, command, want)
		}
	}
	if commands < 5 {
		t.Errorf("only %d commands were found", commands)
	}
}

// otherModule makes the folder another module that requires this one, from the tree and without a network.
func otherModule(t *testing.T, dir string) {
	t.Helper()
	tree, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(tree, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	const module = "module github.com/muxspec/muxspec\n"
	text, ok := strings.CutPrefix(string(mod), module)
	if !ok {
		t.Fatalf("go.mod does not begin with %q", module)
	}
	text = "module example.com/mine\n" + text +
		"\nrequire github.com/muxspec/muxspec v0.0.0\n\nreplace github.com/muxspec/muxspec => " +
		tree + "\n"
	sum, err := os.ReadFile(filepath.Join(tree, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": text, "go.sum": string(sum)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOPROXY", "off")
}

// console runs a command and looks for the lines that it has to print.
func console(t *testing.T, dir, bin, command, want string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(bin)+":"+os.Getenv("PATH"))
	out, _ := cmd.CombinedOutput() // that it fails may be the point; what it prints decides
	rest := string(out)
	for line := range strings.Lines(want) {
		line = strings.TrimSuffix(line, "\n")
		if line == "…" || line == "" {
			continue
		}
		_, after, ok := strings.Cut(rest, line)
		if !ok {
			t.Fatalf("$ %s\n%s\nthe page says that it prints %q", command, out, line)
		}
		rest = after
	}
}
