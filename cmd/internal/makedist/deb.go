package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const control = `Package: muxspec
Version: %s
Architecture: %s
Maintainer: the muxspec authors <muxspec@users.noreply.github.com>
Installed-Size: %d
Section: net
Priority: optional
Homepage: https://github.com/muxspec/muxspec
Recommends: mosh
Description: conformance suite and reference for TCPMUX, HMACSocket and UDP mux
 muxspec judges implementations of three small protocols, rule by rule: TCPMUX
 (RFC 1078), HMACSocket (an authenticated TCP forwarder) and UDP mux (many mosh
 sessions behind one UDP port). The reference servers, clients and units of
 systemd are included. No service is started by the installation.
`

//go:embed files/postinst
var postinst []byte

//go:embed files/prerm
var prerm []byte

// configurations are installed in /etc, where dpkg keeps what somebody has changed.
var configurations = []string{"moshd.toml", "tcpmuxd.toml"}

// deb makes a package for Debian of the tree in dir.
func (r *release) deb(dir, arch string) error {
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		fmt.Fprintf(os.Stderr, "makedist: there is no dpkg-deb here, so no package for Debian on %s is made\n", arch)
		return nil
	}
	root := filepath.Join(r.work, "deb-"+arch)
	install := exec.Command(filepath.Join(dir, "install.sh"), "/usr")
	install.Env, install.Stderr = append(os.Environ(), "DESTDIR="+root), os.Stderr
	if err := install.Run(); err != nil {
		return fmt.Errorf("install.sh: %w", err)
	}
	if err := r.debian(root); err != nil {
		return err
	}
	size, err := finish(root)
	if err != nil {
		return err
	}
	version := strings.TrimPrefix(r.version, "v")
	if err := describe(root, fmt.Sprintf(control, version, arch, (size+1023)/1024)); err != nil {
		return err
	}
	file := filepath.Join(out, fmt.Sprintf("muxspec_%s_%s.deb", version, arch))
	level := "-z6" // with which xz finds what the programs have in common
	if r.quick {
		level = "-z0"
	}
	build := exec.Command("dpkg-deb", "--root-owner-group", "-Zxz", level, "--build", root, file)
	build.Env = append(os.Environ(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.time.Unix()), "DPKG_DEB_THREADS_MAX=1")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("dpkg-deb: %w", err)
	}
	return nil
}

// debian puts things where Debian wants them.
func (r *release) debian(root string) error {
	doc := filepath.Join(root, "usr/share/doc/muxspec")
	if err := os.Remove(filepath.Join(doc, "installed")); err != nil { // dpkg has its own list
		return err
	}
	if err := os.Rename(filepath.Join(doc, "LICENSE"), filepath.Join(doc, "copyright")); err != nil {
		return err
	}
	for _, name := range configurations {
		content, err := os.ReadFile(filepath.Join("docs/units", name))
		if err != nil {
			return err
		}
		if err := write(filepath.Join(root, "etc", name), content, 0o644); err != nil {
			return err
		}
	}
	if err := os.Mkdir(filepath.Join(root, "etc/hmacsocket"), 0o755); err != nil {
		return err
	}
	vendor := filepath.Join(root, "usr/share/zsh/vendor-completions") // Debian's zsh looks there
	return os.Rename(filepath.Join(root, "usr/share/zsh/site-functions"), vendor)
}

// describe writes what dpkg reads: the control file, and what goes with it.
func describe(root, control string) error {
	files := map[string]string{"control": control, "conffiles": ""}
	for _, name := range configurations {
		files["conffiles"] += "/etc/" + name + "\n"
	}
	for name, text := range files {
		if err := write(filepath.Join(root, "DEBIAN", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for name, script := range map[string][]byte{"postinst": postinst, "prerm": prerm} {
		if err := write(filepath.Join(root, "DEBIAN", name), script, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// finish packs man pages, and gives the bytes of all files.
func finish(root string) (size int64, err error) {
	err = fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		file := filepath.Join(root, name)
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if strings.HasPrefix(name, "usr/share/man/") {
			var packed bytes.Buffer
			w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is one
			w.Write(content)
			w.Close()
			content = packed.Bytes()
			if err := os.Remove(file); err != nil {
				return err
			}
			if err := write(file+".gz", content, 0o644); err != nil {
				return err
			}
		}
		size += int64(len(content))
		return nil
	})
	return size, err
}
