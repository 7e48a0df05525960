package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"
)

// onTerminal says whether a person looks at f on a terminal that knows escapes.
func onTerminal(f *os.File) bool {
	_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return err == nil && os.Getenv("TERM") != "dumb"
}

// width is how many columns lines may have: what COLUMNS says, or the terminal; 0 if f is no terminal.
func width(f *os.File) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	switch {
	case err != nil:
		return 0
	case size.Col == 0: // a terminal that does not know
		return usualWidth
	}
	return int(size.Col)
}

// usualWidth is what terminals have that do not say how wide they are.
const usualWidth = 80

// A colour is the value of --color.
type colour struct{ when string }

func colourFlag(fs *pflag.FlagSet) *colour {
	c := &colour{"auto"}
	fs.Var(c, "color", "colour the outcomes: `WHEN` is auto, always or never; "+
		"auto means on a terminal, unless NO_COLOR is set")
	return c
}

func (c *colour) String() string { return c.when }

func (c *colour) Type() string { return "string" }

func (c *colour) Set(value string) error {
	if !slices.Contains([]string{"auto", "always", "never"}, value) {
		return fmt.Errorf("must be auto, always or never")
	}
	c.when = value
	return nil
}

// paints says whether what is written to f has colours.
func (c *colour) paints(f *os.File) bool {
	return c.when == "always" || c.when == "auto" && os.Getenv("NO_COLOR") == "" && onTerminal(f)
}
