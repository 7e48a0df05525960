// Package table makes vector files of tables, whatever protocol they are about.
package table

import (
	"errors"
	"fmt"
	"strings"

	"github.com/muxspec/muxspec/vectors"
)

// A Protocol gathers a protocol's files.
type Protocol struct {
	Name  string
	Notes map[string]string // explain the flags
	files []vectors.File
	errs  []error
}

// Add makes a file of a table; vector gives a row's vector.
func Add[Row any](p *Protocol, name string, codec vectors.Codec, description string, rows []Row, vector func(Row) (vectors.Vector, error)) {
	list, listErr := each(rows, vector)
	used, noteErr := p.notesOf(list)
	if err := errors.Join(listErr, noteErr); err != nil {
		p.errs = append(p.errs, fmt.Errorf("%s/%s:\n%w", p.Name, name, err))
	}
	p.files = append(p.files, vectors.File{
		Name: name, Schema: vectors.SchemaVersion, Protocol: p.Name, Codec: codec,
		Description: description, Notes: used, Vectors: list,
	})
}

// Files gives the files, and an error that tells all that is wrong with them.
func (p *Protocol) Files() ([]vectors.File, error) {
	return p.files, errors.Join(p.errs...)
}

// each makes a table's vectors.
func each[Row any](rows []Row, vector func(Row) (vectors.Vector, error)) ([]vectors.Vector, error) {
	var list []vectors.Vector
	var errs []error
	for _, row := range rows {
		v, err := vector(row)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", v.ID, err))
		}
		list = append(list, v)
	}
	return list, errors.Join(errs...)
}

// notesOf gives the explanations of the flags that the vectors bear.
func (p *Protocol) notesOf(list []vectors.Vector) (map[string]string, error) {
	used := map[string]string{}
	var errs []error
	for _, v := range list {
		for _, flag := range v.Flags {
			if p.Notes[flag] == "" {
				errs = append(errs, fmt.Errorf("%s: no note explains the flag %q", v.ID, flag))
			}
			used[flag] = p.Notes[flag]
		}
	}
	return used, errors.Join(errs...)
}

// Base makes a vector of what all rows have. Rules and flags are separated by blanks.
func Base(id, rules, flags, comment string) vectors.Vector {
	return vectors.Vector{ID: id, Comment: comment, Rules: fields(rules), Flags: fields(flags)}
}

// fields gives a slice that is not nil, since nil is null in JSON.
func fields(s string) []string {
	return append([]string{}, strings.Fields(s)...)
}

// An Outcome is what a row must come to. It stands in the tables, so that it is the page's and not a program's opinion. Fault is the type of
// a protocol's faults, of which "" is none.
type Outcome[Fault ~string] struct {
	result vectors.Result
	fault  Fault
}

// Is makes an outcome.
func Is[Fault ~string](result vectors.Result, fault Fault) Outcome[Fault] {
	return Outcome[Fault]{result, fault}
}

// Set puts the outcome into v and refuses another fault than the expected.
func (o Outcome[Fault]) Set(v *vectors.Vector, got Fault) error {
	v.Result = o.result
	if o.result == vectors.Invalid || o.result == vectors.Acceptable {
		v.Fault = string(o.fault)
	}
	if got != o.fault {
		return fmt.Errorf("the table has fault %q, conformance/wire %q", o.fault, got)
	}
	return nil
}

// Written sets what a writer's row has come to: its bytes stand in the table.
func (o Outcome[Fault]) Written(v *vectors.Vector, output []byte, want string, fault Fault) error {
	if fault == "" {
		v.Output = output
	}
	if string(output) != want {
		return fmt.Errorf("the table has %x, conformance/wire %x", want, output)
	}
	return o.Set(v, fault)
}
