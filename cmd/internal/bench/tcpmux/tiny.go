//go:build linux

package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
)

// tiny is an ELF file for Linux on amd64: its header, that of one segment, and a program that prints "hi" and a line
// end.
//
//	mov eax,1; mov edi,1; lea rsi,[rip+16]; mov edx,3; syscall; mov eax,60; xor edi,edi; syscall; "hi\n"
const tiny = "7f454c46020101000000000000000000" +
	"02003e00010000007800400000000000" + "40000000000000000000000000000000" +
	"00000000400038000100000000000000" + "0100000005000000" + "0000000000000000" + "00004000000000000000400000000000" +
	"9c000000000000009c000000000000000010000000000000" +
	"b801000000bf01000000488d3510000000ba030000000f05" + "b83c00000031ff0f05" + "68690a"

// tinyProgram writes the program that the servers start. It is smaller than any that a compiler makes: the dearer the
// program, the less of a difference between servers would be seen. It is static also because the peers' starters set
// LD_LIBRARY_PATH, for which a dynamic one would have to pay.
func tinyProgram(dir string) (path string, err error) {
	path = filepath.Join(dir, "hi")
	program, err := hex.DecodeString(tiny)
	if runtime.GOARCH != "amd64" {
		program = []byte("#!/bin/sh\necho hi\n")
	}
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, program, 0o755)
}
