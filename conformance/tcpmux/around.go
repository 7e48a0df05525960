package tcpmux

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// What surrounds a server: a longest name, and a program that scenarios keep from starting.

// blanksName is the name of the service "blanks": echo, for those who do not trim it.
const blanksName = " two  words\t"

// maxName is the limit of names if a scenario says nothing.
const maxName = "255"

// readLimit reads the longest name, which the target is told.
func readLimit(s *engine.Scenario, _, value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < len(LongName) {
		return fmt.Errorf("%q is not a limit that the name %s fits", value, LongName)
	}
	s.Set, s.Own = map[string]string{"max_name": value}, true
	return nil
}

// lacksLimit says that the target cannot be told the longest name.
func lacksLimit(t *engine.Target, s engine.Scenario) string {
	if s.Set["max_name"] != "" && !t.Uses(s.Role, "max_name") {
		return "the target cannot be told its {max_name}"
	}
	return ""
}

// programFile is the program of the service "script".
func programFile(in *engine.Instance) string { return filepath.Join(in.Dir, "program") }

// prepareProgram writes it.
func prepareProgram(in *engine.Instance, _ engine.Scenario, values map[string]string) {
	values["program"] = programFile(in)
	if in.Uses("program") { // the first scenario that needs it shows if it is missing
		engine.WriteProgram(values["program"], "#!/bin/sh\nmuxspec='"+values["muxspec"]+"'\n"+
			"[ ! -r \"$0.sh\" ] || . \"$0.sh\"\nexec \"$muxspec\" service echo\n")
	}
}

func aroundVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "program", Usage: "removed|locked|folder|back|runs TEXT",
			Help: "The program of the service script is removed, made non-executable, replaced by a folder, or put " +
				"back; or it does what the text says in the shell, in which $muxspec is the suite's program.",
			Min: 1, Max: 2, Run: programVerb},
		{Name: "another",
			Help: "Start the target once more. From here on, connections go to that one.", Run: anotherVerb},
		{Name: "spoken",
			Help: "Read until the service that sessions are forwarded to has sent all its output and ended its " +
				"direction.",
			Run: spokenVerb},
		{Name: "hushed",
			Help: "The service that the last session is forwarded to ends its direction, and reads on.",
			Run:  hushedVerb},
		{Name: "heard", Usage: "TEXT...",
			Help: "The service that was hushed gets these texts.", Min: 1, Max: -1, Run: heardVerb},
	}
}

// programVerb only renames the program: a file that is written while others start programs may be busy. What it runs
// stands in a file that it reads.
func programVerb(s *engine.Session, args []string) (err error) {
	if s.In.Dir == "" {
		return engine.Unsupported("the target's programs are out of reach")
	}
	path := programFile(s.In)
	away := path + ".away"
	switch args[0] {
	case "removed":
		err = os.Rename(path, away)
	case "locked":
		err = errors.Join(os.Link(path, away), os.Chmod(path, 0o644))
	case "folder":
		err = errors.Join(os.Rename(path, away), os.Mkdir(path, 0o755))
	case "back":
		err = errors.Join(os.RemoveAll(path), os.Chmod(away, 0o755), os.Rename(away, path))
	case "runs":
		if len(args) < 2 {
			return engine.ErrUsage
		}
		err = os.WriteFile(path+".sh", append(s.Texts(args[1:]), '\n'), 0o644)
	default:
		return engine.ErrUsage
	}
	s.Rec.Note(". the program: %s", strings.Join(args, " "))
	return err
}

func anotherVerb(s *engine.Session, args []string) error {
	return s.Replace(maps.Clone(s.Values))
}
