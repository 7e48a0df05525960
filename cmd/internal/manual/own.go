package manual

import "embed"

//go:embed pages
var pages embed.FS

// Own gives what only the page of that name and section has.
func Own(name, section string) string {
	text, err := pages.ReadFile("pages/" + name + "." + section)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(text)
}
