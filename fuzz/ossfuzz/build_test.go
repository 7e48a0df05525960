// Package ossfuzz builds the fuzz targets for services that run them without end.
package ossfuzz

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBuild: Go alone builds each target that the tree has, and what is built fuzzes. What the services' image makes of
// them cannot be seen here.
func TestBuild(t *testing.T) {
	out := t.TempDir()
	build := exec.Command("./build.sh")
	build.Env = append(os.Environ(), "OUT="+out)
	if printed, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	sources, err := filepath.Glob("../*/*_test.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no fuzz targets: %v", err)
	}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Fuzz\w+)`).FindAllSubmatch(text, -1) {
			folder, target := filepath.Dir(source), string(m[1])
			if strings.HasSuffix(target, "Model") {
				continue // its inputs are long
			}
			fuzz := exec.Command(filepath.Join(out, filepath.Base(folder)+"_"+target), "-test.run", "^$", "-test.fuzz",
				"^"+target+"$", "-test.fuzztime", "1000x", "-test.fuzzcachedir", t.TempDir())
			fuzz.Dir = folder
			if printed, err := fuzz.CombinedOutput(); err != nil || !strings.Contains(string(printed), "execs: ") {
				t.Errorf("%s: %v\n%s", target, err, printed)
			}
		}
	}
}

// TestNoFolder: the script asks for what it needs.
func TestNoFolder(t *testing.T) {
	build := exec.Command("./build.sh")
	build.Env = append(os.Environ(), "OUT=")
	if printed, err := build.CombinedOutput(); err == nil || !strings.Contains(string(printed), "OUT: ") {
		t.Errorf("%v\n%s", err, printed)
	}
}
