package tcpmux

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// A Handler answers one request on c: it sends a reply, or lets its service send it, carries the session and returns
// when that is over; the server closes c. ctx ends when the server's grace time is over. Errors are logged, but for
// [ErrNextRequest].
type Handler func(ctx context.Context, c net.Conn) error

// ErrNextRequest is what a [Handler] returns to have the server read another request from the connection.
var ErrNextRequest = errors.New("next request")

// A Table holds services by name. The zero Table holds none; it must not change once a server has it.
type Table struct {
	names    []string // as configured, sorted
	handlers map[string]Handler
}

// Add puts a service into the table. It refuses a name of more than max bytes, HELP, a name that a list cannot show,
// and one that differs from another only in case.
func (t *Table) Add(name string, max int, h Handler) error {
	_, err := AppendList(nil, []string{name}, max)
	folded := Fold(name)
	switch {
	case err == ErrBadSign:
		err = errors.New("the name begins with + or -, as a reply does")
	case folded == Fold(Help):
		err = errors.New("the name is reserved")
	case t.handlers[folded] != nil:
		err = errors.New("there is already one of that name")
	}
	if err != nil {
		return fmt.Errorf("service %q: %w", name, err)
	}
	if t.handlers == nil {
		t.handlers = make(map[string]Handler)
	}
	t.handlers[folded] = h
	byName := func(other, folded string) int { return strings.Compare(Fold(other), folded) }
	i, _ := slices.BinarySearchFunc(t.names, folded, byName)
	t.names = slices.Insert(t.names, i, name)
	return nil
}

// Names are the services' names, in the order in which they were added.
func (t *Table) Names() []string { return slices.Clone(t.names) }

// list is the handler of HELP.
func (t *Table) list(_ context.Context, c net.Conn) error {
	b, err := AppendList(nil, t.names, MaxList)
	if err == nil {
		err = write(c, b)
	}
	if err != nil {
		return err
	}
	return Finish(c)
}
