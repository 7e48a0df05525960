package manual

import (
	"fmt"
	"strings"
)

// A Page is a man page.
type Page struct {
	Name, Section string
	Version, Date string // of the program, for the page's foot
	// Own is what only the page has, in roff: a line "name \- what it is", then sections.
	Own string
}

// Manual writes the page of a program: what its help says, what the helps of its subcommands say, and what only the
// page has. Without a help it is that alone.
func (p *Page) Manual(help *Help, commands []*Help) string {
	var b strings.Builder
	title, own, _ := strings.Cut(p.Own, "\n")
	b.WriteString(".\\\" Made from --help; see cmd/internal/manual.\n")
	fmt.Fprintf(&b, ".TH %s %s %s \"muxspec %s\" \"muxspec\"\n", strings.ToUpper(roff(p.Name)),
		p.Section, p.Date, roff(p.Version))
	fmt.Fprintf(&b, ".SH NAME\n%s\n", title)
	if help != nil {
		synopsis(&b, help)
		b.WriteString(".SH DESCRIPTION\n")
		blocks(&b, help.Body)
		if len(commands) > 0 {
			b.WriteString(".SH COMMANDS\n")
		}
		for _, c := range commands {
			command(&b, c)
		}
		b.WriteString(".SH OPTIONS\n")
		optionList(&b, help.Options)
		if len(help.Signals) > 0 {
			b.WriteString(".SH SIGNALS\n")
			blocks(&b, help.Signals)
		}
		b.WriteString(".SH EXIT STATUS\n")
		table(&b, help.Exit)
	}
	return b.String() + strings.TrimLeft(own, "\n")
}

// Definitions writes a list of terms and their meanings under a heading.
func Definitions(heading string, rows []Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".SH %s\n", heading)
	table(&b, rows)
	return b.String()
}

// command writes the part of a subcommand. The options that all have are described once, with the program's.
func command(b *strings.Builder, c *Help) {
	fmt.Fprintf(b, ".SS %s\n", roff(c.Name))
	for i, form := range c.Synopsis {
		if i > 0 {
			b.WriteString(".br\n")
		}
		fmt.Fprintf(b, "%s\n", form2roff(form))
	}
	b.WriteString(".PP\n")
	blocks(b, c.Body)
	var own []Option
	for _, o := range c.Options {
		if o.Long != "help" && o.Long != "version" {
			own = append(own, o)
		}
	}
	optionList(b, own)
	if len(c.Exit) > 0 {
		b.WriteString(".PP\nExit status:\n")
		table(b, c.Exit)
	}
}

func synopsis(b *strings.Builder, help *Help) {
	b.WriteString(".SH SYNOPSIS\n")
	for i, form := range help.Synopsis {
		if i > 0 {
			b.WriteString(".br\n")
		}
		fmt.Fprintf(b, "%s\n", form2roff(form))
	}
}

// form2roff sets a form of the command line: what is typed as it is in bold type.
func form2roff(form string) string {
	words := strings.Fields(form)
	for i, w := range words {
		if strings.ToLower(w) == w && !strings.ContainsAny(w, "[]") {
			words[i] = `\fB` + typed(w) + `\fR`
		} else {
			words[i] = typed(w)
		}
	}
	return strings.Join(words, " ")
}

func blocks(b *strings.Builder, all []Block) {
	for i, block := range all {
		switch {
		case block.Rows != nil:
			table(b, block.Rows)
		case block.Code != nil:
			b.WriteString(".PP\n.EX\n")
			for _, line := range block.Code {
				fmt.Fprintf(b, "%s\n", typed(line))
			}
			b.WriteString(".EE\n")
		default:
			if i > 0 {
				b.WriteString(".PP\n")
			}
			fmt.Fprintf(b, "%s\n", roff(block.Text))
		}
	}
}

func table(b *strings.Builder, rows []Row) {
	for _, r := range rows {
		fmt.Fprintf(b, ".TP\n\\fB%s\\fR\n%s\n", typed(r.Term), roff(r.Text))
	}
}

func optionList(b *strings.Builder, options []Option) {
	for _, o := range options {
		term := `\fB\-\-` + typed(o.Long) + `\fR`
		if o.Short != "" {
			term = `\fB\-` + o.Short + `\fR, ` + term
		}
		if o.Value != "" {
			term += ` \fI` + typed(o.Value) + `\fR`
		}
		fmt.Fprintf(b, ".TP\n%s\n%s\n", term, roff(o.Text))
	}
}

// roff writes prose, in which the dashes of options are those that can be typed.
func roff(text string) string {
	words := strings.Split(text, " ")
	for i, w := range words {
		if start := strings.TrimLeft(w, "('\""); strings.HasPrefix(start, "-") && start != "-" {
			words[i] = strings.ReplaceAll(escape(w), "-", `\-`)
		} else {
			words[i] = escape(w)
		}
	}
	return guard(strings.Join(words, " "))
}

// typed writes what is typed as it stands.
func typed(text string) string { return guard(strings.ReplaceAll(escape(text), "-", `\-`)) }

var escapes = strings.NewReplacer(`\`, `\e`, "…", "...", "~", `\(ti`, "^", `\(ha`, "`", `\(ga`)

func escape(text string) string { return escapes.Replace(text) }

// guard keeps a line from being taken for a request.
func guard(line string) string {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		return `\&` + line
	}
	return line
}
