package main

import (
	"os"
	"testing"
)

// "make docs" leaves the tree clean.
func TestPagesAreMade(t *testing.T) {
	for _, table := range tables() {
		text, err := os.ReadFile("../../../" + table.page)
		if err != nil {
			t.Fatal(err)
		}
		made, err := table.in(string(text))
		if err != nil {
			t.Fatal(err)
		}
		if made != string(text) {
			t.Errorf("in %s, %s is not what \"make docs\" makes", table.page, table.name)
		}
	}
}

func TestPageWithoutLines(t *testing.T) {
	const begin, end = "<!-- made by \"make docs\": a -->\n", "<!-- end of a -->\n"
	if made, err := (table{"page", "a", "new\n"}).in("x" + begin + "old" + end + "y"); err != nil ||
		made != "x"+begin+"\nnew\n\n"+end+"y" {
		t.Errorf("%q, %v", made, err)
	}
	for _, text := range []string{"", begin, end, "text\n" + end + begin} {
		if _, err := (table{"page", "a", "new\n"}).in(text); err == nil {
			t.Errorf("%q is taken for a page", text)
		}
	}
}
