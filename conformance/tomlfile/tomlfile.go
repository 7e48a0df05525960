// Package tomlfile reads TOML strictly: an unknown key is an error, and every error names its place.
package tomlfile

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// goField is how the library names the place in v, which is of no use to whoever wrote the file.
const goField = `struct field \S+`

// Decode reads text, the contents of the file name, into v. Errors begin with FILE:LINE:COLUMN.
func Decode(name, text string, v any) error {
	err := toml.NewDecoder(strings.NewReader(text)).DisallowUnknownFields().Decode(v)
	var unknown *toml.StrictMissingError
	var syntax *toml.DecodeError
	switch {
	case errors.As(err, &unknown):
		row, column := unknown.Errors[0].Position()
		return fmt.Errorf("%s:%d:%d: unknown key %q", name, row, column, strings.Join(unknown.Errors[0].Key(), "."))
	case errors.As(err, &syntax):
		row, column := syntax.Position()
		text := regexp.MustCompile(goField).ReplaceAllString(strings.TrimPrefix(syntax.Error(), "toml: "), "a value")
		return fmt.Errorf("%s:%d:%d: %s", name, row, column, text)
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
