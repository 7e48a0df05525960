package main

import (
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/muxspec/muxspec/cmd/internal/manual"
)

// A program is one that is released.
type program struct {
	name, section string
	linux         bool // it works on Linux alone
}

// programs are all of them.
var programs = []program{
	{"muxspec", "1", false},
	{"tcpmux", "1", false},
	{"tcpmuxd", "8", false},
	{"hmacsocketserver", "8", false},
	{"hmacsocketclient", "1", false},
	{"moshd", "8", true},
	{"mosh-server-mux", "1", true},
	{"mosh-client-mux", "1", false},
}

//go:embed files/install.sh
var installer []byte

// tree writes what an archive holds into the new folder dir.
func (r *release) tree(system, arch, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	var names []string
	for _, p := range programs {
		if !p.linux || system == "linux" {
			names = append(names, p.name)
		}
	}
	if err := r.build(system, arch, filepath.Join(dir, "bin"), names); err != nil {
		return err
	}
	if err := r.manuals(filepath.Join(dir, "share"), names); err != nil {
		return err
	}
	copied, err := copies(system)
	if err != nil {
		return err
	}
	for _, name := range copied {
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return write(filepath.Join(dir, "install.sh"), installer, 0o755)
}

// copies are the files that an archive has as the repository has them.
func copies(system string) (names []string, err error) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		return nil, err
	}
	names = append([]string{"README.md", "LICENSE"}, pages...)
	if system != "linux" {
		return names, nil
	}
	err = fs.WalkDir(os.DirFS("."), "docs/units", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

// build builds programs into a folder: the same bytes wherever it is done.
func (r *release) build(system, arch, dir string, names []string) error {
	const variables = "github.com/muxspec/muxspec/cmd/internal/cmdline."
	flags := fmt.Sprintf("-s -w -buildid= -X %sversion=%s", variables, r.version)
	if r.commit != "" {
		flags += fmt.Sprintf(" -X %scommit=%s -X %sdate=%s", variables, r.commit, variables,
			r.time.Format("2006-01-02"))
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=" + flags, "-o", dir + "/"}
	for _, name := range names {
		args = append(args, "./cmd/"+name)
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+arch, "CGO_ENABLED=0")
	cmd.Env = append(cmd.Env, "GOFLAGS=", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0") // whatever the builder prefers
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	return nil
}

// write writes a file and the folders that lead to it.
func write(name string, content []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, content, mode)
}

// help reads what muxspec, or a command of it, prints for --help.
func (r *release) help(command ...string) (*manual.Help, error) {
	out, err := exec.Command(r.muxspec, append(command, "--help")...).Output()
	if err != nil {
		return nil, fmt.Errorf("muxspec %s --help: %w", strings.Join(command, " "), err)
	}
	return manual.Parse(string(out))
}
