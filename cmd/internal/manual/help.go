// Package manual makes man pages and the completions of shells from what the programs print for --help, so that each
// option is described in one place.
package manual

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Help is what a program prints for --help, taken apart.
type Help struct {
	Name     string   // "tcpmux", or "muxspec run" for a subcommand
	Synopsis []string // what follows "Usage:", one form each
	Body     []Block  // what the program does
	Signals  []Block  // paragraphs that begin with a signal's name
	Exit     []Row    // a code and its meaning
	Options  []Option
}

// A Block is a paragraph, or lines that are set off: a table, or lines as they are.
type Block struct {
	Text string
	Rows []Row
	Code []string
}

// A Row is a line of a table: a term and what it means.
type Row struct{ Term, Text string }

// An Option is one of the program's options.
type Option struct {
	Short, Long string // without dashes; Short may be empty
	Value       string // what stands for its value, such as FILE; empty if it has none
	Text        string
}

var (
	optionLine = regexp.MustCompile(`^(?:-(\w), )?--(\S+)(?: (\S+))?$`)
	exitCode   = regexp.MustCompile(`(?:^|; )(\d) `)
)

// Parse takes a program's --help apart. It refuses what it would otherwise lose.
func Parse(text string) (*Help, error) {
	usage, options, ok := strings.Cut(text, "\nOptions:\n")
	head, body, _ := strings.Cut(strings.TrimSpace(usage), "\n\n")
	if !ok || !strings.HasPrefix(head, "Usage: ") {
		return nil, fmt.Errorf("not a help text: %.60q", text)
	}
	h := new(Help)
	for line := range strings.Lines(strings.TrimPrefix(head, "Usage: ")) {
		h.Synopsis = append(h.Synopsis, strings.TrimSpace(line))
	}
	words := strings.Fields(h.Synopsis[0])
	end := slices.IndexFunc(words, func(w string) bool { return strings.ToLower(w) != w || strings.HasPrefix(w, "[") })
	if end < 0 {
		end = len(words)
	}
	h.Name = strings.Join(words[:end], " ")
	h.addBody(body)
	for _, row := range rows(strings.Split(strings.TrimRight(options, "\n"), "\n")) {
		m := optionLine.FindStringSubmatch(row.Term)
		if m == nil || row.Text == "" {
			return nil, fmt.Errorf("%s: not an option: %+v", h.Name, row)
		}
		h.Options = append(h.Options, Option{m[1], m[2], m[3], row.Text})
	}
	return h, nil
}

// addBody sorts the paragraphs.
func (h *Help) addBody(body string) {
	for _, paragraph := range strings.Split(body, "\n\n") {
		prose, indented := apart(paragraph)
		text := strings.Join(strings.Fields(prose), " ")
		before, codes, found := strings.Cut(text, "Exit codes: ")
		if found {
			h.addExit(codes)
		}
		if text = strings.TrimSpace(before); text != "" && strings.HasPrefix(text, "SIG") {
			h.Signals = append(h.Signals, Block{Text: text})
		} else if text != "" {
			h.Body = append(h.Body, Block{Text: text})
		}
		if indented == nil {
			continue
		}
		if table := rows(indented); slices.ContainsFunc(table, func(r Row) bool { return r.Text == "" }) {
			h.Body = append(h.Body, Block{Code: indented})
		} else {
			h.Body = append(h.Body, Block{Rows: table})
		}
	}
}

// addExit takes "0 success; 1 failure." apart.
func (h *Help) addExit(codes string) {
	codes = strings.TrimSuffix(codes, ".")
	at := exitCode.FindAllStringSubmatchIndex(codes, -1)
	for i, m := range at {
		end := len(codes)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		h.Exit = append(h.Exit, Row{codes[m[2]:m[3]], codes[m[1]:end]})
	}
}

// apart separates a paragraph's indented lines from the others.
func apart(paragraph string) (prose string, indented []string) {
	for line := range strings.SplitSeq(paragraph, "\n") {
		if strings.HasPrefix(line, "  ") {
			indented = append(indented, line)
		} else {
			prose += line + "\n"
		}
	}
	return prose, indented
}

// rows reads a table: two blanks or more, or a new line that is indented further, are between a term and its text.
func rows(lines []string) (all []Row) {
	for _, line := range lines {
		trimmed := strings.TrimLeft(line, " ")
		depth := len(line) - len(trimmed)
		if len(all) > 0 && depth > 6 { // an option without a short form is indented by 6
			last := &all[len(all)-1]
			last.Text = strings.TrimSpace(last.Text + " " + trimmed)
			continue
		}
		term, text, _ := strings.Cut(trimmed, "  ")
		all = append(all, Row{strings.TrimSpace(term), strings.TrimSpace(text)})
	}
	return all
}
