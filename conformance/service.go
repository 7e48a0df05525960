package conformance

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// PatternBytes is how much the fixture services "late" and "own" send.
const PatternBytes = 64 << 10

// services are the fixtures that a target offers to the scenarios, by the name of the capability. "CaseEcho" and "long" are
// echo under another name; "absent" is none, that is its point.
var services = map[string]func(in io.Reader, out io.Writer) error{
	"echo": func(in io.Reader, out io.Writer) error {
		_, err := io.Copy(out, in)
		return err
	},
	// late answers when its input has ended.
	"late": func(in io.Reader, out io.Writer) error {
		if _, err := io.Copy(io.Discard, in); err != nil {
			return err
		}
		_, err := out.Write(pattern(PatternBytes))
		return err
	},
	// own sends the reply line itself.
	"own": func(in io.Reader, out io.Writer) error {
		_, err := out.Write(append([]byte("+own\r\n"), pattern(PatternBytes)...))
		return err
	},
}

// ServeFixture is the program "muxspec service NAME": a service on standard input and output.
func ServeFixture(name string, in io.Reader, out io.Writer) error {
	serve, ok := services[name]
	if !ok {
		return fmt.Errorf("unknown service %q, there are: %s", name, strings.Join(FixtureNames(), ", "))
	}
	return serve(in, out)
}

// FixtureNames are the services that [ServeFixture] knows.
func FixtureNames() (names []string) {
	for name := range services {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// pattern is n bytes of a fixed sequence that does not repeat soon: what the fixture services send.
func pattern(n int) []byte {
	b := make([]byte, n)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x >> 8)
	}
	return b
}
