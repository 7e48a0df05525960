package cmdline

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"strings"
)

// What make sets with -ldflags -X, since a release is built without Go's stamp; else empty.
var version, commit, date string

// Suite, if it is set, gives the digest of the suite that the program carries.
var Suite func() string

// Version is the version of the program: what make set, else what the Go toolchain recorded.
func Version() string {
	info, _ := debug.ReadBuildInfo()
	if version == "" && info != nil {
		return cmp.Or(info.Main.Version, "(devel)")
	}
	return cmp.Or(version, "(devel)")
}

// describe is the line that --version prints after the program's name. What is not known is left out.
func describe() string {
	revision, day := commit, date
	if info, ok := debug.ReadBuildInfo(); ok && revision == "" {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				revision = s.Value
			case "vcs.time":
				day, _, _ = strings.Cut(s.Value, "T")
			}
		}
	}
	parts := []string{Version()}
	if revision != "" {
		parts = append(parts, strings.TrimSpace("commit "+short(revision)+" "+day))
	}
	if Suite != nil {
		parts = append(parts, "suite "+short(Suite()))
	}
	return strings.Join(append(parts, runtime.Version()), ", ")
}

// short is as much of a hash as reports show.
func short(hash string) string { return hash[:min(12, len(hash))] }
