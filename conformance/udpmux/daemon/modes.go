package daemon

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// modesKey is the key of a target file that names the modes that the daemon has; without it the daemon has all.
const modesKey = "modes"

// modeNames are the names of all modes.
func modeNames() (names []string) {
	for _, m := range sockets.Modes {
		names = append(names, m.Name)
	}
	return names
}

// offer takes what --has names: socket activation, the list of sessions, and modes if the daemon does not have all of
// them.
func offer(t *engine.Target, has []string) {
	t.Set(activation, slices.Contains(has, activation))
	t.Set(listing, slices.Contains(has, listing))
	modes := slices.DeleteFunc(slices.Clone(has), func(name string) bool {
		return name == activation || name == listing
	})
	if len(modes) > 0 {
		t.Set(modesKey, modes)
	}
}

// checkModes refuses a mode that does not exist, and a list without token: the suite uses it to see that nothing came.
func checkModes(t *engine.Target) error {
	for _, name := range t.List(modesKey) {
		if !slices.Contains(modeNames(), name) {
			return fmt.Errorf("modes: %q is no mode; there are %s", name, strings.Join(modeNames(), ", "))
		}
	}
	if !hasMode(t, "token") {
		return errors.New("modes: token is missing, without which the suite can judge little")
	}
	return nil
}

// hasMode reports whether the target has a mode.
func hasMode(t *engine.Target, name string) bool {
	list := t.List(modesKey)
	return len(list) == 0 || slices.Contains(list, name)
}

// offered cuts modes down to those that the target has.
func offered(t *engine.Target, modes wire.Mode) wire.Mode {
	for _, m := range sockets.Modes {
		if !hasMode(t, m.Name) {
			modes &^= m.Bit
		}
	}
	return modes
}

// lacksMode says which mode a scenario needs and the target does not have: one that its options turn on, that it
// expects in WELCOME, that it registers by hand, or that its clients use. The verb session takes what the target has.
func lacksMode(t *engine.Target, s engine.Scenario) string {
	needed := strings.Split(s.Set["modes"], ",")
	_, set := s.Set["modes"] // then REGISTER may ask for one that is off
	for line := range strings.Lines(s.Text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if words[0] == "probe" {
			needed = append(needed, "learn")
		}
		if words[0] == "session" || words[0] == "register" && set || words[0] == "another" {
			continue // what these name is not what a client uses
		}
		for _, word := range words[1:] {
			needed = append(needed, strings.Split(word, ",")...)
		}
	}
	for _, name := range modeNames() {
		if slices.Contains(needed, name) && !hasMode(t, name) {
			return fmt.Sprintf("the target does not have %s mode (modes)", name)
		}
	}
	return ""
}

// withModes lets a scenario that says nothing of modes have those of the target.
func withModes(t *engine.Target, s engine.Scenario) engine.Scenario {
	if _, set := s.Set["modes"]; !set && len(t.List(modesKey)) > 0 {
		s.Set = maps.Clone(s.Set)
		if s.Set == nil {
			s.Set = make(map[string]string)
		}
		s.Set["modes"] = strings.Join(t.List(modesKey), ",")
	}
	return s
}

// parseUDPModes reads a list of modes, or a number.
func parseUDPModes(text string) (modes wire.Mode) {
	if n, err := strconv.ParseUint(text, 0, 8); err == nil {
		return wire.Mode(n)
	}
	for name := range strings.SplitSeq(text, ",") {
		i := slices.IndexFunc(sockets.Modes, func(m sockets.Mode) bool { return m.Name == name })
		if i < 0 {
			engine.Must(engine.Mistake("modes are learn, token, port"))
		}
		modes |= sockets.Modes[i].Bit
	}
	return modes
}
