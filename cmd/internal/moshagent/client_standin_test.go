package moshagent_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A standInProcess is what the stand-in for mosh-client notes of itself.
type standInProcess struct {
	standIn
	Group, Session int
	Descriptors    []string // 0 to 2
}

// standInClient is the program that stands in for mosh-client. It ends with its standard input.
func standInClient() {
	if len(os.Args) == 2 && os.Args[1] == "-c" {
		fmt.Print(os.Getenv("STANDIN_COLOURS"))
		if os.Getenv("STANDIN") == "fails" {
			os.Exit(1)
		}
		return
	}
	p := standInProcess{standIn: standIn{os.Getpid(), os.Args[1:], os.Environ()}, Group: unix.Getpgrp()}
	p.Session, _ = unix.Getsid(0)
	for _, descriptor := range []string{"0", "1", "2"} {
		target, _ := os.Readlink(filepath.Join("/proc/self/fd", descriptor))
		p.Descriptors = append(p.Descriptors, target)
	}
	note("client", p)
	io.Copy(io.Discard, os.Stdin)
	os.Exit(7)
}
