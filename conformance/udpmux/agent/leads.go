package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

func leadsVerbs() []engine.Verb {
	return []engine.Verb{{Name: "mosh leads", Usage: "back N",
		Help: "N programs on PATH, before the stand-ins and with their names, each in a folder of its own, start " +
			"the agent again with the same arguments. One of them does so with exec.",
		Max: -1, Run: alone(moshLeadsStep)}}
}

// ledTooFar ends an endless chain, which would bring the machine down.
const ledTooFar = `MUXSPEC_LED=x$MUXSPEC_LED
export MUXSPEC_LED
if [ ${#MUXSPEC_LED} -gt 20 ]; then exit 1; fi
`

func moshLeadsStep(s *engine.Session, a *part, args []string) error {
	if len(args) != 2 || args[0] != "back" {
		return engine.ErrUsage
	}
	t := s.Target()
	command, err := t.ProgramFor(s.Role, s.Values)
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	command = quoted(command)
	for _, argument := range t.CommandFor(s.Role)[1:] {
		command += " " + quoted(engine.Expand(argument, s.Values))
	}
	for i := range engine.Integer(args[1]) {
		dir := filepath.Join(a.dir, fmt.Sprint("leads", i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return engine.Inconclusive("%v", err)
		}
		script := "#!/bin/sh\n" + ledTooFar + map[bool]string{true: "exec "}[i == 0] + command + " \"$@\"\n"
		for _, name := range standIns {
			if err := engine.WriteProgram(filepath.Join(dir, name), script); err != nil {
				return engine.Inconclusive("%v", err)
			}
		}
		a.env[0] = strings.Replace(a.env[0], "PATH=", "PATH="+dir+string(os.PathListSeparator), 1)
	}
	return nil
}

// quoted quotes a word for the shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
