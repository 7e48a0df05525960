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
	Flags map[string]vectors.Flag // those that vectors can carry
	files []vectors.File
	errs  []error
}

// Add makes a file of a table; vector gives a row's vector.
func Add[Row any](
	p *Protocol, name string, codec vectors.Codec, description string, rows []Row,
	vector func(Row) (vectors.Vector, error),
) {
	list, listErr := each(rows, vector)
	used, flagErr := p.flagsOf(list)
	if err := errors.Join(listErr, flagErr); err != nil {
		p.errs = append(p.errs, fmt.Errorf("%s/%s:\n%w", p.Name, name, err))
	}
	p.files = append(p.files, vectors.File{
		Name: name, Schema: vectors.SchemaVersion, Protocol: p.Name, Codec: codec,
		Description: description, Flags: used, Vectors: list,
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
			errs = append(errs, fmt.Errorf("%s: %w", v.Common().ID, err))
		}
		list = append(list, v)
	}
	return list, errors.Join(errs...)
}

// flagsOf gives what the protocol says of the flags that the vectors carry.
func (p *Protocol) flagsOf(list []vectors.Vector) (map[string]vectors.Flag, error) {
	used := map[string]vectors.Flag{}
	var errs []error
	for _, v := range list {
		for _, name := range v.Common().Flags {
			flag, ok := p.Flags[name]
			if !ok {
				errs = append(errs, fmt.Errorf("%s: nothing explains the flag %q", v.Common().ID, name))
			}
			used[name] = flag
		}
	}
	return used, errors.Join(errs...)
}

// Head makes what all vectors have. Rules and flags are separated by blanks.
func Head(id, rules, flags, comment string) vectors.Head {
	return vectors.Head{ID: id, Comment: comment, Rules: fields(rules), Flags: fields(flags)}
}

// fields gives a slice that is not nil, since nil is null in JSON.
func fields(s string) []string {
	return append([]string{}, strings.Fields(s)...)
}

// An Outcome is what a row must come to. It stands in the tables, so that it is the page's and not a program's opinion.
// Fault is the type of a protocol's faults, of which "" is none.
type Outcome[Fault ~string] struct {
	result vectors.Result
	fault  Fault
}

// Is makes an outcome.
func Is[Fault ~string](result vectors.Result, fault Fault) Outcome[Fault] {
	return Outcome[Fault]{result, fault}
}

// Vector gives a vector's outcome.
func (o Outcome[Fault]) Vector() vectors.Outcome {
	if o.result == vectors.Invalid || o.result == vectors.Acceptable {
		return vectors.Outcome{Result: o.result, Fault: string(o.fault)}
	}
	return vectors.Outcome{Result: o.result}
}

// Check refuses another fault than the expected.
func (o Outcome[Fault]) Check(got Fault) error {
	if got != o.fault {
		return fmt.Errorf("the table has fault %q, conformance/wire %q", o.fault, got)
	}
	return nil
}

// Written checks what a writer's row has come to, whose bytes stand in the table, and gives the vector's output.
func (o Outcome[Fault]) Written(output []byte, want string, fault Fault) (vectors.Hex, error) {
	if string(output) != want {
		return output, fmt.Errorf("the table has %x, conformance/wire %x", want, output)
	}
	if fault != "" {
		output = nil
	}
	return output, o.Check(fault)
}
