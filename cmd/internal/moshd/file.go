package moshd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/tomlfile"
)

// read reads the configuration file, if there is one, and completes the configuration. Options that were given win.
func (c *config) read(fs *pflag.FlagSet) (err error) {
	c.given = fs.Changed
	if c.file, c.text, err = readFile(fs); err != nil {
		return err
	}
	given, listen := make(map[string]string), c.Listen
	fs.Visit(func(f *pflag.Flag) { given[f.Name] = f.Value.String() })
	unknown := c.decode()
	if _, rest := errors.AsType[tomlfile.Unknown](unknown); unknown != nil && !rest {
		return unknown
	}
	if fs.Changed("listen") {
		c.Listen = listen
	}
	delete(given, "listen") // a list's text is not what was given
	for name, value := range given {
		if err := fs.Set(name, value); err != nil {
			return err
		}
	}
	return errors.Join(unknown, c.build())
}

// ReadForAgent reads what the configuration file says to mosh-server-mux: where moshd's Unix socket is, or "", and
// whether there must be a moshd. fs has the option config.
func ReadForAgent(fs *pflag.FlagSet) (socket string, require bool, err error) {
	c := newConfig()
	if c.file, c.text, err = readFile(fs); err == nil {
		err = c.decode()
	}
	return c.Socket, c.Require, err
}

// isSet says whether the file has the key, and in which line, or an option was given.
func (c *config) isSet(name string) (line int, ok bool) {
	if c.given(name) {
		return 0, true
	}
	for i, text := range strings.Split(c.text, "\n") {
		if key, _, ok := strings.Cut(text, "="); ok && strings.Trim(key, " \t\"'") == name {
			return i + 1, true
		}
	}
	return 0, false
}

// fault says what is wrong with the value of name, and where it stands.
func (c *config) fault(name, format string, args ...any) error {
	err := fmt.Errorf(name+" "+format, args...)
	if line, _ := c.isSet(name); line > 0 {
		return fmt.Errorf("%s:%d: %w", c.file, line, err)
	}
	return err
}

// readFile reads the file of --config, or the first of the others that is there.
func readFile(fs *pflag.FlagSet) (file, text string, err error) {
	files := files()
	if fs.Changed("config") {
		file, _ = fs.GetString("config")
		files = []string{file}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil || !errors.Is(err, os.ErrNotExist) || fs.Changed("config") {
			return file, strings.TrimPrefix(string(text), "\ufeff"), err
		}
	}
	return "", "", nil
}

// files are where the configuration is without --config; the first that is there counts alone.
func files() (files []string) {
	if os.Geteuid() != 0 { // nobody's environment configures root's daemon
		if dir, err := os.UserConfigDir(); err == nil {
			files = append(files, filepath.Join(dir, "moshd.toml"))
		}
	}
	return append(files, "/etc/moshd.toml")
}
