// Package cmdline is what the programs' command lines have in common: options in GNU's style, --help and --version, and
// one line of complaint.
package cmdline

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/stdio"
)

// Exit codes that all programs share.
const (
	ExitOK      = 0
	ExitFailure = 1 // of a server that cannot work
	ExitUsage   = 2
)

// New returns an option set with the options that all programs have. usage is all that --help prints above the options;
// its first line is "Usage: NAME …"; the words in small letters are the name.
func New(usage string) *pflag.FlagSet {
	var words []string
	for _, word := range strings.Fields(strings.TrimPrefix(usage, "Usage: ")) {
		if strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLower(r) && r != '-' }) {
			break
		}
		words = append(words, word)
	}
	name := strings.Join(words, " ")
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	fs.SetOutput(io.Discard) // one line on an error, not the whole help
	fs.Usage = func() {
		fmt.Printf("%s\nOptions:\n%s", usage, fs.FlagUsages())
	}
	fs.SortFlags = false
	fs.Bool("version", false, "print the version and exit")
	fs.BoolP("help", "h", false, "print this help and exit")
	return fs
}

// Parse reads the options. If done, the program is over with code.
func Parse(fs *pflag.FlagSet, args []string) (code int, done bool) {
	err := fs.Parse(args)
	if help, _ := fs.GetBool("help"); help || errors.Is(err, pflag.ErrHelp) {
		fs.Usage()
		return ExitOK, true
	}
	if err != nil {
		return Usage(fs, "%v", inWords(err)), true
	}
	if version, _ := fs.GetBool("version"); version {
		fmt.Printf("%s (muxspec) %s\n", fs.Name(), describe())
		return ExitOK, true
	}
	return 0, false
}

// inWords says what is wrong with a value without Go's names.
func inWords(err error) error {
	bad, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err
	}
	wants := map[string]string{"int": "an integer", "bool": "true or false", "duration": `a time as "10s" or "2m"`}
	if want, known := wants[bad.GetFlag().Value.Type()]; known {
		return fmt.Errorf("--%s %q: must be %s", bad.GetFlag().Name, bad.GetValue(), want)
	}
	return err
}

// Faults takes errors that were joined apart.
func Faults(err error) (all []error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			all = append(all, Faults(one)...)
		}
	} else if err != nil {
		all = append(all, err)
	}
	return all
}

// Checked is the end of --check-config: err is all that is wrong, a line each, and file is where the configuration
// is, or empty.
func Checked(fs *pflag.FlagSet, err error, file string) int {
	for _, fault := range Faults(err) {
		Complain(fs, "%v", fault)
	}
	if err != nil {
		return ExitUsage
	}
	if file == "" {
		file = "there is no configuration file, and the options"
	}
	fmt.Printf("%s: %s: nothing is wrong\n", fs.Name(), file)
	return ExitOK
}

// Usage reports that the command line is wrong: one line that says what, one that says where to look.
func Usage(fs *pflag.FlagSet, format string, args ...any) int {
	Complain(fs, format, args...)
	fmt.Fprintf(stdio.Stderr, "Try '%s --help'.\n", fs.Name())
	stdio.Flush()
	return ExitUsage
}

// Complain prints one line of trouble.
func Complain(fs *pflag.FlagSet, format string, args ...any) {
	fmt.Fprintf(stdio.Stderr, "%s: %s\n", fs.Name(), strings.TrimSpace(fmt.Sprintf(format, args...)))
	stdio.Flush() // the process may become another program
}
