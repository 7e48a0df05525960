package mutants

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestMutantsCompile checks the types of each package that a mutant changes, as the compiler would: what does not
// compile is seen here, and not where the mutant's turn comes to be judged. What imports such a package is not looked
// at.
func TestMutantsCompile(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCompiler()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		changed, err := m.Apply(os.DirFS(tree))
		if err == nil {
			err = c.check(changed)
		}
		if err != nil {
			t.Errorf("mutant %s: %v", m.Name, err)
		}
	}
	if len(all) == 0 {
		t.Fatal("there are no mutants")
	}
	if err := c.check(map[string]string{"ref/tcpmux/wire.go": "package tcpmux\n\nvar x int = \"\"\n"}); err == nil {
		t.Error("a text that does not compile is not seen")
	}
}

// A compiler checks packages of the tree with some files changed.
type compiler struct {
	packages []*listed // what is imported stands before what imports it
	fset     *token.FileSet
	unit     types.Importer       // packages as they are
	parsed   map[string]*ast.File // by path in the tree
}

// listed is a package, as go list prints it.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles, Deps           []string
}

func newCompiler() (*compiler, error) {
	c := &compiler{fset: token.NewFileSet(), parsed: make(map[string]*ast.File)}
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Deps", "./cmd/muxspec")
	cmd.Dir, cmd.Stderr = tree, os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	exports := make(map[string]string)
	for d := json.NewDecoder(out); err == nil; {
		p := new(listed)
		if err = d.Decode(p); err == nil {
			c.packages = append(c.packages, p)
			exports[p.ImportPath] = p.Export
		}
	}
	if err != io.EOF {
		return nil, err
	}
	c.unit = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	return c, cmd.Wait()
}

// check checks the packages of the changed files, and those between them, so that no type is there twice.
func (c *compiler) check(changed map[string]string) error {
	root, err := filepath.Abs(tree)
	if err != nil {
		return err
	}
	in := func(p *listed) bool {
		return slices.ContainsFunc(p.GoFiles, func(f string) bool {
			dir, err := filepath.Rel(root, p.Dir)
			_, ok := changed[filepath.Join(dir, f)]
			return err == nil && ok
		})
	}
	var concerned []*listed
	for _, p := range c.packages {
		if in(p) {
			concerned = append(concerned, p)
		}
	}
	if len(concerned) == 0 {
		return errors.New("changes no file of muxspec")
	}
	imports := func(p, other *listed) bool { return slices.Contains(p.Deps, other.ImportPath) }
	done := overlaid{c.unit, make(map[string]*types.Package)}
	for _, p := range c.packages {
		below := slices.ContainsFunc(concerned, func(q *listed) bool { return imports(q, p) })
		above := slices.ContainsFunc(concerned, func(q *listed) bool { return imports(p, q) })
		if !slices.Contains(concerned, p) && !(below && above) {
			continue
		}
		files, err := c.files(p, root, changed)
		if err != nil {
			return err
		}
		config := types.Config{Importer: done}
		checked, err := config.Check(p.ImportPath, c.fset, files, nil)
		if err != nil {
			return err
		}
		done.packages[p.ImportPath] = checked
	}
	return nil
}

// files parses a package's files.
func (c *compiler) files(p *listed, root string, changed map[string]string) (files []*ast.File, err error) {
	dir, err := filepath.Rel(root, p.Dir)
	if err != nil {
		return nil, err
	}
	for _, name := range p.GoFiles {
		f, err := c.parse(filepath.Join(dir, name), changed)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// parse parses a file by its path in the tree, once where it is not changed.
func (c *compiler) parse(path string, changed map[string]string) (*ast.File, error) {
	if text, ok := changed[path]; ok {
		return parser.ParseFile(c.fset, path, text, parser.SkipObjectResolution)
	}
	if f := c.parsed[path]; f != nil {
		return f, nil
	}
	f, err := parser.ParseFile(c.fset, filepath.Join(tree, path), nil, parser.SkipObjectResolution)
	c.parsed[path] = f
	return f, err
}

// overlaid imports packages that were checked, and all others as they are.
type overlaid struct {
	unit     types.Importer
	packages map[string]*types.Package
}

func (o overlaid) Import(path string) (*types.Package, error) {
	if p := o.packages[path]; p != nil {
		return p, nil
	}
	p, err := o.unit.Import(path)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", path, err)
	}
	return p, nil
}
