package main

import (
	"io/fs"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/muxspec/muxspec/docs"
	"github.com/muxspec/muxspec/vectors"
)

func TestFilesAreGenerated(t *testing.T) {
	encoded, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(encoded)) {
		want, err := vectors.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(encoded[name])); diff != "" {
			t.Errorf("%s is not what go run ./vectors/gen writes (-file +written):\n%s", name, diff)
		}
	}
	names, err := fs.Glob(vectors.Files, "*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if encoded[name] == nil {
			t.Errorf("%s is not generated", name)
		}
	}
	for _, protocol := range docs.Protocols() {
		if files, err := vectors.Load(protocol); len(files) == 0 || err != nil {
			t.Errorf("%s has %d files, %v", protocol, len(files), err)
		}
	}
}
