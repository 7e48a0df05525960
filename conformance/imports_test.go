package conformance_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/docs"
)

const module = "github.com/muxspec/muxspec/"

// arrows are the imports that the tree's order allows, from a folder to others; a folder may always import what is
// below it. What a protocol's implementations share is bytes, never code: ref imports nothing, and what judges it
// does not import it. Within ref a protocol imports no other, but what is none's.
var arrows = map[string][]string{
	"ref":         {"ref/accept"},
	"ref/accept":  {},
	"ref/process": {},
	"ref/udpmux":  {},

	"ref/udpmux/internal/sockdiag": {},
	"ref/udpmux/mux":               {"ref/udpmux"},
	"ref/udpmux/daemon":            {"ref/accept", "ref/udpmux", "ref/udpmux/mux", "ref/udpmux/internal/sockdiag"},
	"ref/udpmux/agent":             {"ref/process", "ref/udpmux", "ref/udpmux/mux", "ref/udpmux/internal/sockdiag"},

	"docs":             {},
	"conformance/wire": {},
	"vectors":          {},
	"vectors/gen":      {"vectors", "conformance/wire", "docs"},

	"conformance/report":        {"docs"},
	"conformance/mutants":       {"docs", "conformance", "conformance/report"},
	"conformance/internal/proc": {},
	"conformance/internal/pcap": {},
	"conformance/internal/engine": {"docs", "conformance/report", "conformance/internal/pcap",
		"conformance/internal/proc"},
	"conformance/internal/tcp": {"conformance/internal/engine", "conformance/internal/pcap",
		"conformance/internal/proc"},
	"conformance/tcpmux": {"conformance/internal/engine", "conformance/internal/proc",
		"conformance/internal/tcp", "conformance/report", "conformance/wire", "vectors"},
	"conformance/hmacsocket": {"conformance/internal/engine", "conformance/internal/proc",
		"conformance/internal/tcp", "conformance/wire", "vectors"},
	"conformance/udpmux/sockets": {"conformance/internal/engine", "conformance/internal/proc", "conformance/wire"},
	"conformance/udpmux": {"conformance/internal/engine", "conformance/internal/proc",
		"conformance/udpmux/sockets", "conformance/report", "conformance/wire", "docs", "vectors"},
	"conformance": {"conformance/internal/engine", "conformance/report", "conformance/tcpmux",
		"conformance/hmacsocket", "conformance/udpmux"},

	"fuzz": {"ref", "ref/udpmux", "ref/udpmux/mux", "conformance/wire", "vectors"},

	"cmd": {"cmd/internal"},
	"cmd/internal": {"ref", "ref/accept", "ref/process", "ref/udpmux", "ref/udpmux/daemon",
		"ref/udpmux/agent"}, // what is judged does not import the judge
	"cmd/internal/hostile":      {"conformance/mutants", "conformance/report", "cmd/internal"},
	"cmd/internal/flake":        {"conformance", "conformance/report", "cmd/internal"},
	"cmd/internal/makedocs":     {"conformance", "cmd/internal"},
	"cmd/internal/makefindings": {"conformance", "conformance/report"},
	"cmd/internal/makedist":     {"conformance", "ref", "docs", "cmd/internal"},
	"cmd/muxspec": {"conformance", "conformance/report", "conformance/mutants", "cmd/internal", "docs",
		"vectors"},
}

// folderOf gives the longest folder with arrows that the package is in.
func folderOf(pkg string) (folder string) {
	pkg = strings.TrimPrefix(pkg, module)
	for f := range arrows {
		if (pkg == f || strings.HasPrefix(pkg, f+"/")) && len(f) > len(folder) {
			folder = f
		}
	}
	return folder
}

// protocolOf gives the protocol that a package belongs to, if it is one's.
func protocolOf(pkg string) string {
	for _, p := range []string{"tcpmux", "hmacsocket", "udpmux"} {
		if strings.Contains(pkg+"/", "/"+p+"/") {
			return p
		}
	}
	return ""
}

func TestImportArrows(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages++
		from := folderOf(p.ImportPath)
		if from == "" {
			t.Errorf("%s stands where no package belongs", p.ImportPath)
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, module) {
				continue
			}
			if !allowed(from, folderOf(imported)) {
				t.Errorf("%s imports %s: from %s only %v may be imported", p.ImportPath, imported, from, arrows[from])
			}
			separate := strings.HasPrefix(from, "ref") || strings.HasPrefix(from, "conformance/")
			if a, b := protocolOf(p.ImportPath), protocolOf(imported); separate && a != "" && b != "" && a != b {
				t.Errorf("%s imports %s: another protocol", p.ImportPath, imported)
			}
		}
	}
	if packages < 8 {
		t.Fatalf("go list found only %d packages", packages)
	}
}

// TestEngineNamesNoProtocol: what is a protocol's stands in its package, so that another one takes a package and a
// line.
func TestEngineNamesNoProtocol(t *testing.T) {
	names := append([]string{"mosh"}, docs.Protocols()...)
	for _, folder := range []string{"engine", "proc", "tcp"} {
		files, err := filepath.Glob(filepath.Join("internal", folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files: %v", folder, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				for i, line := range strings.Split(strings.ToLower(string(text)), "\n") {
					if strings.Contains(line, name) {
						t.Errorf("%s:%d names %s", file, i+1, name)
					}
				}
			}
		}
	}
}

func allowed(from, to string) bool {
	if from == to {
		return true
	}
	for _, a := range arrows[from] {
		if a == to {
			return true
		}
	}
	return false
}
