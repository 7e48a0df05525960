// Package tomlfile reads configuration files in TOML strictly: an unknown key is an error, and every error names its
// place, its key and what is wanted there.
package tomlfile

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Unknown are keys that should not be there; the rest was read.
type Unknown []error

// Error is about the first.
func (u Unknown) Error() string { return u[0].Error() }

// Unwrap gives an error for each key.
func (u Unknown) Unwrap() []error { return u }

// Decode reads text, the contents of the file name, into v. Errors begin with FILE:LINE:COLUMN;
// one of unknown keys is [Unknown].
func Decode(name, text string, v any) error {
	text = strings.TrimPrefix(text, "\ufeff") // as some editors put it there
	err := toml.NewDecoder(strings.NewReader(text)).DisallowUnknownFields().Decode(v)
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	var time notTime
	switch {
	case errors.As(err, &unknown):
		var all Unknown
		for _, one := range unknown.Errors {
			row, column := one.Position()
			all = append(all, fmt.Errorf("%s:%d:%d: unknown key %q", name, row, column, strings.Join(one.Key(), ".")))
		}
		return all
	case errors.As(err, &wrong):
		row, column := wrong.Position()
		said := inWords(strings.TrimPrefix(wrong.Error(), "toml: "))
		if key := strings.Join(wrong.Key(), "."); key != "" && !strings.Contains(said, key) {
			said = key + ": " + said
		}
		return fmt.Errorf("%s:%d:%d: %s", name, row, column, said)
	case errors.As(err, &time): // the library does not say where, if it has no quotes
		line, key := lineOf(text, regexp.QuoteMeta(string(time)))
		return fmt.Errorf("%s:%d: %s: %w", name, line, key, time)
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Place says where a key stands, or a service's name, to begin a message about its value: "FILE:LINE: ".
func Place(name, text, key string) string {
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		if left, _, ok := strings.Cut(line, "="); ok && strings.Trim(left, " \t\"'") == key {
			return fmt.Sprintf("%s:%d: ", name, i+1)
		}
	}
	return name + ": "
}

// lineOf finds the key that has a value.
func lineOf(text, value string) (line int, key string) {
	has := regexp.MustCompile(`^\s*["']?([^"'=\s]+)["']?\s*=\s*` + value + `\s*(#.*)?$`)
	for i, line := range strings.Split(text, "\n") {
		if m := has.FindStringSubmatch(strings.TrimSuffix(line, "\r")); m != nil {
			return i + 1, m[1]
		}
	}
	return 0, "a time"
}

// mismatch is how the library says that a value is of the wrong type, with names that are Go's.
var mismatch = regexp.MustCompile(`^cannot decode TOML ([a-z ]+) into .*?([^ ]+)$`)

var types = map[string]string{
	"string": "a text in quotes", "integer": "a whole number", "float": "a number with a point",
	"boolean": "true or false", "array": "a list", "inline table": "a table", "table": "a table",
	"int": "a whole number", "bool": "true or false", "[]string": "a list of texts",
	"map[string]string": "a table of texts",
}

// inWords says what is wanted in place of what is there.
func inWords(text string) string {
	m := mismatch.FindStringSubmatch(text)
	if m == nil {
		return strings.ReplaceAll(text, "in a map", "there")
	}
	return fmt.Sprintf("%s is wanted, not %s", cmp.Or(types[m[2]], "something else"), cmp.Or(types[m[1]], "a "+m[1]))
}

// A Duration is a time that is written "10s"; a struct, because a bare number must not pass for nanoseconds.
type Duration struct{ time.Duration }

// UnmarshalText is for the library.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	if d.Duration, err = time.ParseDuration(string(text)); err != nil {
		return notTime(text)
	}
	return nil
}

// A notTime is a text that should be a time.
type notTime string

func (t notTime) Error() string { return fmt.Sprintf(`%q is no time such as "30s" or "2m"`, string(t)) }
