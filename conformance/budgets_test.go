package conformance_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	mostColumns = 120 // of a line, in which a tab takes 4
	mostLines   = 45  // of a function that is no test, with those of its braces
	mostOfFile  = 250 // lines
	mostOfTests = 500 // lines of a file with tests
)

// testFunction matches what go test calls, which is often a table and a loop.
var testFunction = regexp.MustCompile(`^(Test|Benchmark|Fuzz|Example)([^a-z]|$)`)

// TestBudgets: no line of a Go file, no function and no file is so long that a reader loses its beginning.
func TestBudgets(t *testing.T) {
	files := 0
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), "."): // .git, .peers
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		files++
		text, err := os.ReadFile("../" + path)
		most := mostOfFile
		if strings.HasSuffix(path, "_test.go") {
			most = mostOfTests
		}
		if n := bytes.Count(text, []byte("\n")); n > most {
			t.Errorf("%s: %d lines, more than %d", path, n, most)
		}
		if err == nil {
			err = overBudget(string(text), func(line int, what string, n, most int) {
				t.Errorf("%s:%d: %d %s, more than %d", path, line, n, what, most)
			})
		}
		return err
	})
	if err != nil || files < 100 {
		t.Fatalf("%d files: %v", files, err)
	}
}

// overBudget reports each line and function of a file that is too long.
func overBudget(text string, report func(line int, what string, n, most int)) error {
	for i, line := range strings.Split(text, "\n") {
		if n := utf8.RuneCountInString(line) + 3*strings.Count(line, "\t"); n > mostColumns {
			report(i+1, "columns", n, mostColumns)
		}
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil && testFunction.MatchString(f.Name.Name) {
			continue
		}
		first := set.Position(f.Pos()).Line
		if n := set.Position(f.End()).Line - first + 1; n > mostLines {
			report(first, "lines of "+f.Name.Name, n, mostLines)
		}
	}
	return nil
}

// TestOverBudget: what is one too long is seen, and what just fits is not.
func TestOverBudget(t *testing.T) {
	long := func(name string, lines int) string {
		return "package p\n\nfunc " + name + "() {" + strings.Repeat("\n", lines-1) + "}\n"
	}
	for text, want := range map[string]int{
		"package p // " + strings.Repeat("é", 107):    0,
		"package p // " + strings.Repeat("é", 108):    1,
		"package p\n\t// " + strings.Repeat("x", 113): 0,
		"package p\n\t// " + strings.Repeat("x", 114): 2,
		long("f", 45):       0,
		long("f", 46):       3,
		long("Testify", 46): 3,
		long("TestF", 46):   0,
	} {
		got := 0
		if err := overBudget(text, func(line int, what string, n, most int) { got = line }); err != nil || got != want {
			t.Errorf("%q: line %d, want %d; %v", text, got, want, err)
		}
	}
}
