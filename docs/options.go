package docs

import (
	"strings"
	"time"
)

// An Option is one of UDP mux's daemon: a constant of its rules that can be set.
type Option struct {
	Name string // without the dashes, as in the configuration file
	// Default is written as in the configuration file, but without quotes; empty if it depends on something else.
	Default string
}

// Options gives the options in the table of operating.md, in the page's order.
func Options() (options []Option) {
	page, err := Pages.ReadFile("operating.md")
	if err != nil {
		panic(err) // it is embedded
	}
	_, table, _ := strings.Cut(string(page), "| option | default | from, to | |\n|---|---|---|---|\n")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.Contains(cells[1], "--help") {
			break
		}
		if strings.HasPrefix(cells[1], " `key ") {
			continue // it is in the configuration file alone
		}
		for name := range strings.SplitSeq(cells[1], ", ") {
			name, _, _ = strings.Cut(strings.Trim(name, " `"), " ")
			options = append(options, Option{strings.TrimPrefix(name, "--"), defaultOf(cells[2])})
		}
	}
	return options
}

// defaultOf reads a cell: a number, a time such as "3s", or "off".
func defaultOf(cell string) string {
	cell = strings.TrimSpace(cell)
	if cell == "off" {
		return "false"
	}
	if _, err := time.ParseDuration(cell); err == nil || strings.Trim(cell, "0123456789") == "" {
		return cell
	}
	return ""
}
