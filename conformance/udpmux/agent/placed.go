package agent

import (
	"regexp"
	"slices"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

func placedVerbs() []engine.Verb {
	return []engine.Verb{{Name: "mosh places", Usage: "[ARGUMENT...] [-- ARGUMENT...]",
		Help: "The arguments are these, and those before -- are followed by -i 127.0.0.1, and by -p with 0 or a " +
			"range of ports, in either order.",
		Max: -1, Run: alone(moshPlacesStep)}}
}

// ports matches mosh-server's -p if the port does not matter.
var ports = regexp.MustCompile(`^(0|[0-9]+:[0-9]+)$`)

func moshPlacesStep(s *engine.Session, a *part, args []string) error {
	users := slices.Index(append(slices.Clone(args), "--"), "--")
	got, n := a.mosh.Args, len(a.mosh.Args)-len(args)
	if n == 4 && slices.Equal(slices.Concat(got[:users], got[users+4:]), args) {
		placed := got[users : users+4]
		if placed[0] == "-p" {
			placed = slices.Concat(placed[2:], placed[:2])
		}
		if slices.Equal(placed[:3], []string{"-i", "127.0.0.1", "-p"}) && ports.MatchString(placed[3]) {
			return nil
		}
	}
	return engine.Violation("expected %s to get %q, with -i 127.0.0.1 and -p after those before --, not %q",
		a.mosh.Program, args, got)
}
