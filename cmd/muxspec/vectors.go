package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/docs"
	"github.com/muxspec/muxspec/vectors"
)

const vectorsUsage = `Usage: muxspec vectors COMMAND [OPTION]...

Test a codec alone with the golden vectors.

  run    ask a codec all vectors of a protocol
  list   list the files of vectors
`

func vectorsMain(args []string) int {
	if len(args) > 0 && args[0] == "run" {
		return vectorsRunMain(args[1:])
	}
	if len(args) > 0 && args[0] == "list" {
		return vectorsListMain(args[1:])
	}
	fs := cmdline.New(vectorsUsage)
	fs.SetInterspersed(false)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() == 0 {
		return cmdline.Usage(fs, "a command is missing")
	}
	return cmdline.Usage(fs, "unknown command %q", fs.Arg(0))
}

const vectorsListUsage = `Usage: muxspec vectors list [OPTION]... [PROTOCOL]

List the files of vectors, of all protocols or of PROTOCOL: the codec that each is about and how many vectors it has.
`

func vectorsListMain(args []string) int {
	fs := cmdline.New(vectorsListUsage)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 1 {
		return cmdline.Usage(fs, "unexpected argument %q", fs.Arg(1))
	}
	protocols := docs.Protocols()
	if fs.NArg() == 1 {
		protocols = fs.Args()
	}
	for _, protocol := range protocols {
		files, err := vectorFiles(protocol)
		if err != nil {
			return cmdline.Usage(fs, "%v", err)
		}
		for _, file := range files {
			fmt.Fprintf(out, "%-32s %-15s %4d\n", protocol+"/"+file.Name, file.Codec, len(file.Vectors))
		}
	}
	return cmdline.ExitOK
}

// vectorFiles gives a protocol's files.
func vectorFiles(protocol string) ([]vectors.File, error) {
	if !slices.Contains(docs.Protocols(), protocol) {
		return nil, fmt.Errorf("unknown protocol %q; the protocols are %s",
			protocol, strings.Join(docs.Protocols(), ", "))
	}
	return vectors.Load(protocol)
}

// mostShown is how many bytes of a line are shown.
const mostShown = 2000

// shown makes a line fit for a terminal, without its middle if it is long.
func shown(line []byte) string {
	text := string(line)
	if len(text) > mostShown {
		text = fmt.Sprintf("%s… %d bytes …%s", text[:mostShown/2], len(text)-mostShown, text[len(text)-mostShown/2:])
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) || r == '\t' {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}
