// Package tomlfile reads TOML strictly: an unknown key is an error, and every error names its place.
package tomlfile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

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
		return fmt.Errorf("%s:%d:%d: %s", name, row, column, strings.TrimPrefix(syntax.Error(), "toml: "))
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
