package tcpmux_test

import (
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/cmd/internal/tcpmux"
	"github.com/muxspec/muxspec/cmd/internal/tcpmuxd"
)

func TestMain(m *testing.M) {
	progtest.Main(m, map[string]func([]string) int{
		"tcpmux":  tcpmux.Main,
		"tcpmuxd": tcpmuxd.Main,
	})
}

func TestHelpAndVersion(t *testing.T) { progtest.CheckHelp(t, "tcpmux") }

func TestScripts(t *testing.T) { progtest.RunScripts(t) }
