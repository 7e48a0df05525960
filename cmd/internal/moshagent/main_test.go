package moshagent_test

import (
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/moshagent"
	"github.com/muxspec/muxspec/cmd/internal/moshd"
	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

func TestMain(m *testing.M) {
	progtest.Main(m, map[string]func([]string) int{
		"moshd":               moshd.Main,
		"mosh-server-mux":     moshagent.Server,
		"mosh-client-mux":     moshagent.Client,
		"standin-mosh-server": func([]string) int { standInServer(); return 0 },
		"standin-mosh-client": func([]string) int { standInClient(); return 0 },
	})
}
