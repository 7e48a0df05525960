package moshd_test

import (
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/moshd"
	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

func TestMain(m *testing.M) {
	progtest.Main(m, map[string]func([]string) int{
		"moshd": moshd.Main,
	})
}
