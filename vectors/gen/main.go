// Command gen writes the golden vectors, vectors/PROTOCOL/*.json. Run it in the module's root:
//
//	go run ./vectors/gen
//
// Each protocol's vectors come from the package of its name below this one. Inputs, comments and what each vector must come
// to (valid, or which fault) are tables there, written by hand. The details, such as the name that was read, come from
// conformance/wire. Where that disagrees with a table no file is written: one of the two has misread the protocol's page.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/muxspec/muxspec/vectors"
	"github.com/muxspec/muxspec/vectors/gen/hmacsocket"
	"github.com/muxspec/muxspec/vectors/gen/tcpmux"
	"github.com/muxspec/muxspec/vectors/gen/udpmux"
)

func main() {
	if err := run("vectors"); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run writes the files below dir. It writes none if there is anything wrong with one.
func run(dir string) error {
	encoded, err := generate()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(encoded)) {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), encoded[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate makes the texts of all files, by PROTOCOL/FILE.json. The error tells all that is wrong.
func generate() (map[string][]byte, error) {
	encoded := map[string][]byte{}
	var errs []error
	for _, files := range []func() ([]vectors.File, error){tcpmux.Files, hmacsocket.Files, udpmux.Files} {
		list, err := files()
		errs = append(errs, err)
		for _, file := range list {
			text, err := encode(file)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", file.Name, err))
			}
			encoded[file.Protocol+"/"+file.Name] = text
		}
	}
	return encoded, errors.Join(errs...)
}

// encode gives a file's text, which is the same for the same file.
func encode(file vectors.File) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(file) // with the final newline
	return buffer.Bytes(), err
}
