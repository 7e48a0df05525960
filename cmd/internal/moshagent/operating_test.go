package moshagent_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// docs/operating.md has each option of the programs, and none that they do not have.
func TestOperatingOptions(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/operating.md")
	progtest.Must(t, err)
	row := regexp.MustCompile("(?m)^\\| (`--[^|]*) \\|")
	option := regexp.MustCompile("--[a-z-]+")
	for _, program := range []string{"moshd", "mosh-server-mux"} {
		_, section, ok := strings.Cut(string(page), ". "+program+"\n")
		if !ok {
			t.Fatalf("there is no section on %s", program)
		}
		section, _, _ = strings.Cut(section, "\n## ")
		documented := make(map[string]bool)
		for _, m := range row.FindAllStringSubmatch(section, -1) {
			for _, name := range option.FindAllString(m[1], -1) {
				documented[name] = true
			}
		}
		_, help, _ := strings.Cut(progtest.Run(t, nil, program, "--help").Stdout, "\nOptions:\n")
		for line := range strings.Lines(help) {
			name := option.FindString(line)
			if !documented[name] {
				t.Errorf("%s: the page does not have %s", program, name)
			}
			delete(documented, name)
		}
		for name := range documented {
			t.Errorf("%s does not have %s, which the page has", program, name)
		}
	}
}
