// Command makedist makes what is released, in dist/: for each platform an archive of the programs with man pages,
// completions of shells, units and pages; for Debian a package; the vectors; and the sums of all of them. The bytes
// depend on the commit and the version of Go alone. "make dist" and "make install" run it in the repository's root.
package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
)

// platforms are those that a release is for.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "freebsd/amd64"}

// out is the folder of what is made.
const out = "dist"

// A release is what is made. Its fields come from make, through the environment.
type release struct {
	version, commit string
	time            time.Time // of the commit; all files have it
	quick           bool      // compress little
	work            string    // a folder for what is thrown away
	muxspec         string    // the program for this machine, whose --help man pages are made of
}

func main() {
	chosen := pflag.StringSlice("platforms", platforms, "make archives for these `PLATFORMS`")
	quick := pflag.Bool("quick", false, "compress little: half a minute less for a platform, and more bytes")
	tree := pflag.String("tree", "", "only write what an archive for this machine holds, into the new folder `DIR`")
	pflag.Parse()
	syscall.Umask(0o022) // modes are a part of the archives
	if err := run(*chosen, *tree, *quick); err != nil {
		fmt.Fprintf(os.Stderr, "makedist: %v\n", err)
		os.Exit(1)
	}
}

func run(chosen []string, tree string, quick bool) (err error) {
	for _, platform := range chosen {
		if !slices.Contains(platforms, platform) {
			return fmt.Errorf("%q is not a platform; there are: %s", platform, strings.Join(platforms, ", "))
		}
	}
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w (make sets it, to the time of the commit)", err)
	}
	r := &release{version: cmp.Or(os.Getenv("VERSION"), "(devel)"), commit: os.Getenv("COMMIT"), quick: quick}
	r.time = time.Unix(seconds, 0).UTC()
	if r.work, err = os.MkdirTemp("", "makedist-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.work)
	r.muxspec = filepath.Join(r.work, "bin", "muxspec")
	if err := r.build(runtime.GOOS, runtime.GOARCH, filepath.Dir(r.muxspec), []string{"muxspec"}); err != nil {
		return err
	}
	if tree != "" {
		return r.tree(runtime.GOOS, runtime.GOARCH, tree)
	}
	if err := cmp.Or(os.RemoveAll(out), os.MkdirAll(out, 0o755)); err != nil {
		return err
	}
	for _, platform := range chosen {
		system, arch, _ := strings.Cut(platform, "/")
		if err := r.release(system, arch); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
	}
	if err := r.vectors(); err != nil {
		return err
	}
	return r.sums()
}

// release makes the archive of a platform, and the package if it is one of Debian's.
func (r *release) release(system, arch string) error {
	name := strings.Join([]string{"muxspec", r.version, system, arch}, "-")
	dir := filepath.Join(r.work, name)
	if err := r.tree(system, arch, dir); err != nil {
		return err
	}
	if err := r.archive(dir, name); err != nil {
		return err
	}
	if system == "linux" {
		return r.deb(dir, arch)
	}
	return nil
}

// sums writes SHA256SUMS, in the form that sha256sum -c reads.
func (r *release) sums() error {
	files, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(out, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), f.Name())
		fmt.Printf("%9d  %s\n", len(content), filepath.Join(out, f.Name()))
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o644)
}
