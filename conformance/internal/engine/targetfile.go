package engine

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// goField matches how the library names the place in a Target, which means nothing to whoever wrote the file.
const goField = `struct field .+ of type`

// decode reads text, the contents of the file name, into t, and gives the values of the keys that only some roles know.
// An unknown key is an error; errors begin with FILE:LINE:COLUMN.
func decode(name, text string, t *Target, keys []Key) (has map[string]any, err error) {
	err = toml.NewDecoder(strings.NewReader(text)).DisallowUnknownFields().Decode(t)
	if unknown := (*toml.StrictMissingError)(nil); errors.As(err, &unknown) {
		err = nil
		for _, e := range unknown.Errors {
			if len(e.Key()) == 1 && isKey(keys, e.Key()[0]) {
				continue
			}
			row, column := e.Position()
			return nil, fmt.Errorf("%s:%d:%d: unknown key %q", name, row, column, strings.Join(e.Key(), "."))
		}
	}
	has = make(map[string]any)
	for _, k := range keys {
		if err == nil {
			err = k.decode(text, has)
		}
	}
	if syntax := (*toml.DecodeError)(nil); errors.As(err, &syntax) {
		row, column := syntax.Position()
		text := regexp.MustCompile(goField).ReplaceAllString(strings.TrimPrefix(syntax.Error(), "toml: "),
			"a value of type")
		return nil, fmt.Errorf("%s:%d:%d: %s", name, row, column, text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return has, nil
}

func isKey(keys []Key, name string) bool {
	for _, k := range keys {
		if k.Name == name {
			return true
		}
	}
	return false
}

// decode reads the key's value from the text, if it is there.
func (k Key) decode(text string, has map[string]any) error {
	kind := reflect.TypeFor[*[]string]()
	if k.Truth {
		kind = reflect.TypeFor[*bool]()
	}
	only := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Value", Type: kind, Tag: reflect.StructTag(fmt.Sprintf("toml:%q", k.Name))},
	})).Elem()
	err := toml.Unmarshal([]byte(text), only.Addr().Interface())
	if value := only.Field(0); err == nil && !value.IsNil() {
		has[k.Name] = value.Elem().Interface()
	}
	return err
}
