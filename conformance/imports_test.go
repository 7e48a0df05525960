package conformance_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/muxspec/muxspec/"

// arrows are the imports that the tree's order allows, from a folder to others; a folder may always import what is below it.
// What a protocol's implementations share is bytes, never code: ref imports nothing, and what judges it does not import it.
var arrows = map[string][]string{
	"ref":              {},
	"docs":             {},
	"conformance/wire": {},
	"vectors":          {},
	"vectors/gen":      {"vectors", "conformance/wire", "docs"},
	"conformance":      {"docs", "vectors", "conformance/wire"},
	"fuzz":             {"ref", "conformance/wire", "vectors"},
	"cmd":              {"conformance", "ref", "docs", "vectors"},
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
		if strings.HasSuffix(pkg, "/"+p) {
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
			if a, b := protocolOf(p.ImportPath), protocolOf(imported); from == "ref" && a != b {
				t.Errorf("%s imports %s: another protocol", p.ImportPath, imported)
			}
		}
	}
	if packages < 8 {
		t.Fatalf("go list found only %d packages", packages)
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
