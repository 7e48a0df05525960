package hmacsocket_test

import (
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/hmacsocket"
	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

func TestMain(m *testing.M) {
	progtest.Main(m, map[string]func([]string) int{
		"hmacsocketserver": hmacsocket.Server,
		"hmacsocketclient": hmacsocket.Client,
	})
}

func TestHelpAndVersion(t *testing.T) {
	progtest.CheckHelp(t, "hmacsocketserver", "hmacsocketclient")
}

func TestScripts(t *testing.T) { progtest.RunScripts(t) }
