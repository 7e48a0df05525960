package main

import (
	"archive/tar"
	"compress/gzip"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// archive packs a folder into dist/NAME.tar.gz, in which it is called name. Nothing in it depends on who makes it.
func (r *release) archive(dir, name string) error {
	f, err := os.Create(filepath.Join(out, name+".tar.gz"))
	if err != nil {
		return err
	}
	defer f.Close()
	level := gzip.BestCompression
	if r.quick {
		level = gzip.BestSpeed
	}
	zip, _ := gzip.NewWriterLevel(f, level) // the level is one
	w := tar.NewWriter(zip)
	err = fs.WalkDir(os.DirFS(dir), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		h := &tar.Header{Name: path.Join(name, file), Mode: 0o755, ModTime: r.time, Format: tar.FormatUSTAR}
		return pack(w, h, filepath.Join(dir, file), d)
	})
	for _, end := range []func() error{w.Close, zip.Close, f.Close} {
		if err == nil {
			err = end()
		}
	}
	return err
}

// pack adds a file or folder under the name that h has.
func pack(w *tar.Writer, h *tar.Header, file string, d fs.DirEntry) error {
	if d.IsDir() {
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		return w.WriteHeader(h)
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	h.Size = int64(len(content))
	if info.Mode()&0o100 == 0 {
		h.Mode = 0o644
	}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

// vectors packs the vectors with their page and schema: what an implementation in any language can read.
func (r *release) vectors() error {
	name := "muxspec-vectors-" + r.version
	dir := filepath.Join(r.work, name)
	err := fs.WalkDir(os.DirFS("vectors"), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (file == "gen" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".json") && !strings.HasSuffix(file, ".md") {
			return nil
		}
		content, err := os.ReadFile(filepath.Join("vectors", file))
		if err != nil {
			return err
		}
		return write(filepath.Join(dir, file), content, 0o644)
	})
	if err != nil {
		return err
	}
	license, err := os.ReadFile("LICENSE")
	if err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "LICENSE"), license, 0o644); err != nil {
		return err
	}
	return r.archive(dir, name)
}
