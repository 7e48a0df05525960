// Command gen writes the golden vectors, vectors/PROTOCOL/*.json. Run it in the module's root:
//
//	go run ./vectors/gen
//
// Each protocol's vectors come from the package of its name below this one. Inputs, comments and what each vector must
// come to (valid, or which fault) are tables there, written by hand. The details, such as the name that was read, come
// from conformance/wire. Where that disagrees with a table no file is written: one of the two has misread the
// protocol's page.
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
	"strings"

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

// encode gives a file's text, which is the same for the same file: each flag and each vector is one line.
func encode(file vectors.File) ([]byte, error) {
	flags := slices.Sorted(maps.Keys(file.Flags))
	t := &text{}
	t.format("{\n")
	t.format("\"schema\": %s,\n\"protocol\": %s,\n", t.json(file.Schema), t.json(file.Protocol))
	t.format("\"codec\": %s,\n\"description\": %s,\n", t.json(file.Codec), t.json(file.Description))
	t.format("\"flags\": {")
	for i, name := range flags {
		t.format("%s%s: %s", t.line(i), t.json(name), t.json(file.Flags[name]))
	}
	t.format("\n},\n\"vectors\": [")
	for i, v := range file.Vectors {
		t.format("%s%s", t.line(i), t.json(v))
	}
	t.format("\n]\n}\n")
	return t.Bytes(), t.err
}

// A text is that of a file, and the first error in making it.
type text struct {
	bytes.Buffer
	err error
}

func (t *text) format(format string, args ...any) { fmt.Fprintf(t, format, args...) }

// line begins the element with the index i on a line of its own.
func (t *text) line(i int) string {
	if i == 0 {
		return "\n"
	}
	return ",\n"
}

// json gives a value on one line.
func (t *text) json(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	t.err = errors.Join(t.err, encoder.Encode(v))
	return strings.TrimSuffix(b.String(), "\n")
}
