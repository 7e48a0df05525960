package docs

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// texts returns the README and the pages by their paths from the repository's root.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, page := range pageNames() {
		text, err := fs.ReadFile(Pages, page)
		if err != nil {
			t.Fatal(err)
		}
		all["docs/"+page] = string(text)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	all["README.md"] = string(readme)
	return all
}

// prose calls f for each line of a page that is neither in a block of code nor a row of a table. n is the line's
// number.
func prose(text string, f func(n int, line string)) {
	fenced := false
	for n, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			fenced = !fenced
		case fenced, strings.HasPrefix(line, "    "), strings.HasPrefix(line, "\t"),
			strings.HasPrefix(strings.TrimSpace(line), "|"):
		default:
			f(n+1, line)
		}
	}
}

// TestLines: prose is at most 120 columns wide, but for lines with a URL.
func TestLines(t *testing.T) {
	const most = 120
	for page, text := range texts(t) {
		prose(text, func(n int, line string) {
			if width := utf8.RuneCountInString(line); width > most && !strings.Contains(line, "://") {
				t.Errorf("%s:%d: %d columns, more than %d", page, n, width, most)
			}
		})
	}
}

// TestRows: a row of a table is one line, which wrapping would break.
func TestRows(t *testing.T) {
	for page, text := range texts(t) {
		for n, line := range strings.Split(withoutCode(text), "\n") {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|") {
				t.Errorf("%s: the row %q, line %d without blocks of code, ends without a |", page, line, n+1)
			}
		}
	}
}

var (
	link = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	code = regexp.MustCompile("`[^`]*`")
)

// TestLinks: every relative link leads to a file of the repository, and its anchor to a heading. Links in tables count,
// too.
func TestLinks(t *testing.T) {
	all := texts(t)
	headings := make(map[string]map[string]bool)
	for page, text := range all {
		headings[page] = anchors(text)
	}
	for page, text := range all {
		joined := strings.Join(strings.Fields(code.ReplaceAllString(withoutCode(text), "")), " ")
		for _, m := range link.FindAllStringSubmatch(joined, -1) {
			to, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(to, ":") { // https:, mailto:
				continue
			}
			file := page
			if to != "" {
				file = path.Join(path.Dir(page), to)
			}
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(file))); err != nil {
				t.Errorf("%s: the link %s leads to no file", page, m[1])
			} else if anchor != "" && !headings[file][anchor] {
				t.Errorf("%s: the link %s leads to no heading", page, m[1])
			}
		}
	}
}

// withoutCode leaves out blocks of code, but not tables.
func withoutCode(text string) string {
	var kept strings.Builder
	fenced := false
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			fenced = !fenced
		case fenced, strings.HasPrefix(line, "    "):
		default:
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// anchors returns the names that GitHub gives to a page's headings.
func anchors(text string) map[string]bool {
	all := make(map[string]bool)
	prose(text, func(_ int, line string) {
		heading := strings.TrimLeft(line, "#")
		if heading == line || !strings.HasPrefix(heading, " ") {
			return
		}
		all[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(heading))] = true
	})
	return all
}

func TestAnchors(t *testing.T) {
	got := anchors("# A page\n\n```\n# no heading\n```\n\n## 4. One open port: 443 or `22`, NAT\n\n#hash\n")
	if len(got) != 2 || !got["a-page"] || !got["4-one-open-port-443-or-22-nat"] {
		t.Errorf("%v", got)
	}
}
