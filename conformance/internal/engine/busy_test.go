package engine

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// A program that was just written starts, whatever else is started meanwhile.
func TestWriteProgram(t *testing.T) {
	dir := t.TempDir()
	stop := make(chan struct{})
	var others, all sync.WaitGroup
	for range 4 {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					exec.Command("true").Run()
				}
			}
		})
	}
	for i := range 4 {
		all.Go(func() {
			for n := range 100 {
				program := filepath.Join(dir, strconv.Itoa(i)+"-"+strconv.Itoa(n))
				if err := WriteProgram(program, "#!/bin/sh\nexit 0\n"); err != nil {
					t.Error(err)
				}
				if err := exec.Command(program).Run(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	close(stop)
	others.Wait()
}
