package manual

import (
	"fmt"
	"strings"
)

// A Completion is what the shells need to complete a program's command lines.
type Completion struct {
	Help     *Help
	Commands []*Help // its subcommands; empty if it has none
	// Words gives the values of options and of first arguments: "muxspec run --target", "muxspec run". They are words,
	// or one function of the shell, whose name begins with "_", that prints (bash) or adds (zsh) them.
	Words map[string][]string
	// Functions is a shell's code before the first function: for bash and zsh.
	Functions map[string]string
}

// isFile says whether an option's value is a file.
func (o Option) isFile() bool { return o.Value == "FILE" || o.Value == "PATH" || o.Value == "TARGET" }

// commandName is a subcommand's name alone.
func commandName(h *Help) string { return h.Name[strings.LastIndex(h.Name, " ")+1:] }

// Bash writes the completion for bash.
func (c *Completion) Bash() string {
	var b strings.Builder
	name := "_" + strings.ReplaceAll(c.Help.Name, "-", "_")
	fmt.Fprintf(&b, "# bash completion of %s, made from --help; see cmd/internal/manual\n\n", c.Help.Name)
	b.WriteString(c.Functions["bash"])
	fmt.Fprintf(&b, "%s() {\n", name)
	b.WriteString(`  local IFS=$' \t\n' cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  local i command= words= options= files=
  COMPREPLY=()
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} != -- ]] || prev=--
  done
`)
	if len(c.Commands) > 0 {
		b.WriteString("  ((COMP_CWORD == 1)) || command=${COMP_WORDS[1]}\n")
	}
	b.WriteString("  case \"$command $prev\" in\n  *' --') files=1 ;;\n")
	for _, h := range append(c.Commands, c.Help) {
		c.bashCases(&b, h)
	}
	b.WriteString(`  esac
  if [[ -n $options && ( $cur == -* || -z $words ) ]]; then words=$options; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ -n $files ]]; then
    IFS=$'\n'
    COMPREPLY+=($(compgen -f -- "$cur"))
    compopt -o filenames 2>/dev/null
  fi
}
`)
	fmt.Fprintf(&b, "complete -F %s %s\n", name, c.Help.Name)
	return b.String()
}

// bashCases writes what may come after each option of a command, and after everything else.
func (c *Completion) bashCases(b *strings.Builder, h *Help) {
	command := ""
	if h != c.Help {
		command = commandName(h)
	}
	var options, free []string
	for _, o := range h.Options {
		options = append(options, "--"+o.Long)
		if o.Value == "" {
			continue
		}
		pattern := fmt.Sprintf("'%s --%s'", command, o.Long)
		if o.Short != "" {
			pattern += fmt.Sprintf("|'%s -%s'", command, o.Short)
		}
		switch words := c.Words[h.Name+" --"+o.Long]; {
		case words != nil && o.isFile():
			fmt.Fprintf(b, "  %s) files=1 words=%s ;;\n", pattern, bashWords(words))
		case words != nil:
			fmt.Fprintf(b, "  %s) words=%s ;;\n", pattern, bashWords(words))
		case o.isFile():
			fmt.Fprintf(b, "  %s) files=1 ;;\n", pattern)
		default:
			free = append(free, pattern)
		}
	}
	if free != nil {
		fmt.Fprintf(b, "  %s) return ;;\n", strings.Join(free, "|"))
	}
	fmt.Fprintf(b, "  '%s '*) options=%s words=%s ;;\n", command, bashWords(options), bashWords(c.Words[h.Name]))
}

func bashWords(words []string) string {
	if len(words) == 1 && strings.HasPrefix(words[0], "_") {
		return "$(" + words[0] + ")"
	}
	return "'" + strings.Join(words, " ") + "'"
}

// Zsh writes the completion for zsh.
func (c *Completion) Zsh() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#compdef %s\n# Made from --help; see cmd/internal/manual.\n\n%s", c.Help.Name, c.Functions["zsh"])
	if len(c.Commands) == 0 {
		c.zshArguments(&b, c.Help, "")
		return b.String()
	}
	b.WriteString("local context state state_descr line\ntypeset -A opt_args\n")
	c.zshArguments(&b, c.Help, " \\\n  '1:command:"+zshWords(c.Words[c.Help.Name])+
		"' '*::argument:->arguments' && return")
	b.WriteString("[[ $state == arguments ]] || return\ncase $words[1] in\n")
	for _, h := range c.Commands {
		fmt.Fprintf(&b, "%s)\n  ", commandName(h))
		c.zshArguments(&b, h, "")
		b.WriteString("  ;;\n")
	}
	b.WriteString("esac\n")
	return b.String()
}

// zshArguments writes a call of _arguments: a command's options, its argument, and what comes at the end of the call.
func (c *Completion) zshArguments(b *strings.Builder, h *Help, end string) {
	b.WriteString("_arguments -s -S -C")
	for _, o := range h.Options {
		text, _, _ := strings.Cut(o.Text, "; ")
		spec := "[" + zshText(text) + "]"
		if o.Value != "" {
			spec = "=" + spec + ":" + zshText(o.Value) + ":" + c.zshAction(h, o)
		}
		many := ""
		if strings.Contains(o.Text, "repeatable") {
			many = "*"
		}
		fmt.Fprintf(b, " \\\n  '%s--%s%s'", many, o.Long, spec)
		if o.Short != "" {
			fmt.Fprintf(b, " \\\n  '%s-%s%s'", many, o.Short, strings.Replace(spec, "=", "+", min(1, len(o.Value))))
		}
	}
	if words := c.Words[h.Name]; words != nil && end == "" {
		fmt.Fprintf(b, " \\\n  '1:argument:%s'", zshWords(words))
	}
	if strings.Contains(strings.Join(h.Synopsis, " "), "COMMAND [ARG") {
		b.WriteString(" \\\n  '*:command:_files'")
	}
	b.WriteString(end + "\n")
}

// zshAction says how an option's value is completed.
func (c *Completion) zshAction(h *Help, o Option) string {
	switch words := c.Words[h.Name+" --"+o.Long]; {
	case words != nil && o.isFile():
		return fmt.Sprintf(` _alternative "words\:word\:%s" "files\:file\:_files"`, zshWords(words))
	case words != nil:
		return zshWords(words)
	case o.isFile():
		return "_files"
	}
	return " "
}

func zshWords(words []string) string {
	if len(words) == 1 && strings.HasPrefix(words[0], "_") {
		return words[0]
	}
	return "(" + strings.Join(words, " ") + ")"
}

// zshText is a text within a specification in quotes.
func zshText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`, "'", `'\''`).Replace(text)
}
