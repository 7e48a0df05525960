// Command gen writes the golden vectors of TCPMUX, vectors/tcpmux/*.json. Run it in the module's root:
//
//	go run ./vectors/gen
//
// Inputs, comments and what each vector must come to (valid, or which fault) are tables in this directory, written by hand.
// The details, such as the name that was read, come from conformance/wire/tcpmux. Where that disagrees with a table no
// file is written: one of the two has misread docs/tcpmux.md.
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
)

const protocol = "tcpmux"

func main() {
	if err := run("vectors"); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run writes the files below dir. It writes none if there is anything wrong with one.
func run(dir string) error {
	files, err := generate()
	if err != nil {
		return err
	}
	encoded := map[string][]byte{}
	for _, file := range files {
		if encoded[file.Name], err = encode(file); err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(encoded)) {
		if err := os.WriteFile(filepath.Join(dir, protocol, name), encoded[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate makes the files out of the tables. The error tells all that is wrong.
func generate() ([]vectors.File, error) {
	var files []vectors.File
	var errs []error
	add := func(name string, codec vectors.Codec, description string, list []vectors.Vector, listErr error) {
		used, noteErr := notesOf(list)
		if err := errors.Join(listErr, noteErr); err != nil {
			errs = append(errs, fmt.Errorf("%s:\n%w", name, err))
		}
		files = append(files, vectors.File{
			Name: name, Schema: vectors.SchemaVersion, Protocol: protocol, Codec: codec,
			Description: description, Notes: used, Vectors: list,
		})
	}
	list, err := each(requests, row.request)
	add("requests.json", vectors.Request, requestsAre, list, err)
	list, err = each(replies, row.reply)
	add("replies.json", vectors.Reply, repliesAre, list, err)
	list, err = each(lists, listRow.list)
	add("lists.json", vectors.List, listsAre, list, err)
	list, err = each(names, nameRow.name)
	add("names.json", vectors.Name, namesAre, list, err)
	list, err = each(writers, writerRow.writer)
	add("writers.json", vectors.Writer, writersAre, list, err)
	return files, errors.Join(errs...)
}

// each makes a table's vectors.
func each[Row any](table []Row, vector func(Row) (vectors.Vector, error)) ([]vectors.Vector, error) {
	var list []vectors.Vector
	var errs []error
	for _, row := range table {
		v, err := vector(row)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", v.ID, err))
		}
		list = append(list, v)
	}
	return list, errors.Join(errs...)
}

// notesOf gives the explanations of the flags that the vectors bear.
func notesOf(list []vectors.Vector) (map[string]string, error) {
	used := map[string]string{}
	var errs []error
	for _, v := range list {
		for _, flag := range v.Flags {
			if notes[flag] == "" {
				errs = append(errs, fmt.Errorf("%s: no note explains the flag %q", v.ID, flag))
			}
			used[flag] = notes[flag]
		}
	}
	return used, errors.Join(errs...)
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
