package agent

import (
	"os"
	"path/filepath"
	"testing"
)

// A path that climbs up to the root is right from the root, too, and shows nothing of a program that goes there.
func TestOnlyFrom(t *testing.T) {
	file := filepath.Join(t.TempDir(), "moshd.sock")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	apart := t.TempDir()
	within := filepath.Join(apart, "in", "it")
	if err := os.MkdirAll(within, 0o700); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{filepath.Dir(file), apart, within, here, "/tmp", "/usr"} {
		path, err := onlyFrom(folder, file)
		if err != nil {
			t.Errorf("%s: %v", folder, err)
			continue
		}
		if _, err := os.Stat(folder + "/" + path); err != nil || filepath.IsAbs(path) {
			t.Errorf("%s: %s does not lead to it: %v", folder, path, err)
		}
		if _, err := os.Stat("/" + path); err == nil {
			t.Errorf("%s: %s leads to it from the root, too", folder, path)
		}
	}
	if path, err := onlyFrom("/", file); err == nil {
		t.Errorf("/: %s", path)
	}
}
