package main

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"hash/fnv"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A mutant is one token of the reference that is another, or one statement that is missing.
type mutant struct {
	ID       string `json:"id"`
	File     string `json:"file"` // path in the tree
	Function string `json:"function"`
	Operator string `json:"operator"`
	Source   string `json:"source"` // text of what is changed, on one line

	from, to     int // offsets of what the replacement stands in place of
	line, column int // of from, from 1, in bytes
	old          string
	replacement  string
}

// A file is a source file of the reference.
type file struct {
	name   string // path in the tree
	text   string
	set    *token.FileSet
	syntax *ast.File
}

// reference is the folder whose files are changed.
const reference = "ref"

// all gives every mutant of the reference in the tree at root.
func all(root string) ([]mutant, error) {
	var files []file
	linux := build.Default
	linux.GOOS, linux.CgoEnabled = "linux", false
	err := filepath.WalkDir(filepath.Join(root, reference), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		if built, err := linux.MatchFile(filepath.Split(name)); err != nil || !built {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		f, err := parse(filepath.ToSlash(rel), string(text))
		files = append(files, f)
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s holds no Go files", filepath.Join(root, reference))
	}
	return find(files), err
}

func parse(name, text string) (file, error) {
	f := file{name: name, text: text, set: token.NewFileSet()}
	var err error
	f.syntax, err = parser.ParseFile(f.set, name, text, parser.SkipObjectResolution)
	return f, err
}

// find gives the mutants of the files. An id counts only among what has the same text in the same function, so that a
// change elsewhere leaves it.
func find(files []file) (found []mutant) {
	known := make(map[string]bool)
	for _, f := range files {
		declared(known, f)
	}
	for _, f := range files {
		finder := &finder{file: f.set.File(f.syntax.Pos()), text: f.text}
		finder.constants = func(e ast.Expr) bool { return isConstant(known, f, e) }
		ast.PreorderStack(f.syntax, nil, finder.visit)
		slices.SortStableFunc(finder.found, func(a, b mutant) int { return cmp.Compare(a.from, b.from) })
		count := make(map[string]int)
		for _, m := range finder.found {
			m.File = f.name
			m.line = 1 + strings.Count(f.text[:m.from], "\n")
			m.column = m.from - strings.LastIndexByte(f.text[:m.from], '\n')
			same := fmt.Sprintf("%s %s, %s", m.File, m.Function, m.Operator)
			count[same+m.Source]++
			m.ID = fmt.Sprintf("%s #%d: %s", same, count[same+m.Source], m.Source)
			found = append(found, m)
		}
	}
	return found
}

// apply gives the file's text with the mutant.
func (m mutant) apply(text string) string { return text[:m.from] + m.replacement + text[m.to:] }

// declared notes the integer constants of a file, FOLDER.NAME. One that stands for a time is none: a nanosecond more is
// not seen. A constant without a value has the form of the one before.
func declared(known map[string]bool, f file) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		decl, ok := n.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			return true
		}
		integer := false
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec)
			for i, name := range spec.Names {
				if i < len(spec.Values) {
					integer = isInteger(spec.Values[i])
				}
				if integer && name.Name != "_" {
					known[path.Join(path.Dir(f.name), name.Name)] = true
				}
			}
		}
		return true
	})
}

// isInteger says whether a constant's value is made of integers, as far as its text tells.
func isInteger(value ast.Expr) bool {
	integer := true
	ast.Inspect(value, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			integer = integer && n.Kind == token.INT
		case *ast.SelectorExpr:
			name, ok := n.X.(*ast.Ident)
			integer = integer && !(ok && name.Name == "time")
		case *ast.Ident:
			integer = integer && n.Name != "true" && n.Name != "false"
		}
		return true
	})
	return integer
}

// isConstant says whether an expression is the name of an integer constant of the reference.
func isConstant(known map[string]bool, f file, e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return known[path.Join(path.Dir(f.name), e.Name)]
	case *ast.SelectorExpr:
		name, ok := e.X.(*ast.Ident)
		for _, s := range f.syntax.Imports {
			imported := strings.Trim(s.Path.Value, `"`)
			_, below, inside := strings.Cut(imported, "/"+reference+"/")
			if ok && inside && path.Base(imported) == name.Name && known[path.Join(reference, below, e.Sel.Name)] {
				return true
			}
		}
	}
	return false
}

// rank puts the mutants in the order that the seed gives. Each one's place depends on its id alone, so that a change of
// the reference does not choose others.
func rank(seed uint64, found []mutant) {
	// The seed follows the id: what is written last to this hash hardly moves its high bits.
	place := func(m mutant) uint64 {
		h := fnv.New64a()
		h.Write(binary.LittleEndian.AppendUint64([]byte(m.ID), seed))
		return h.Sum64()
	}
	slices.SortFunc(found, func(a, b mutant) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.ID, b.ID))
	})
}

// change says what stands in place of what.
func (m mutant) change() string {
	if m.replacement == "" {
		return "without " + m.Source
	}
	return fmt.Sprintf("%s: %s in place of %s", m.Source, clip(m.replacement), clip(m.old))
}
