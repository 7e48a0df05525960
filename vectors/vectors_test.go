package vectors

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/docs"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// load gives the files of all protocols.
func load(t *testing.T) []File {
	t.Helper()
	var all []File
	for _, protocol := range docs.Protocols() {
		files, err := Load(protocol)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, files...)
	}
	return all
}

// schema gives schema.json, ready to validate with.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func TestFilesFollowSchema(t *testing.T) {
	schema := schema(t)
	names, err := fs.Glob(Files, "*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if files := load(t); len(names) == 0 || len(names) != len(files) {
		t.Errorf("%d files are embedded, %d loaded", len(names), len(files))
	}
	for _, name := range names {
		data, err := Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIDsAreUnique(t *testing.T) {
	where := map[string]string{}
	for _, file := range load(t) {
		if len(file.Vectors) == 0 {
			t.Errorf("%s has no vectors", file.Name)
		}
		for _, v := range file.Vectors {
			if where[v.ID] != "" {
				t.Errorf("%s is in %s and in %s", v.ID, where[v.ID], file.Name)
			}
			where[v.ID] = file.Name
		}
	}
}

func TestFlagsAreExplained(t *testing.T) {
	explained := map[[2]string]string{} // by protocol and flag
	for _, file := range load(t) {
		used := map[string]bool{}
		for _, v := range file.Vectors {
			for _, flag := range v.Flags {
				used[flag] = true
				if file.Notes[flag] == "" {
					t.Errorf("%s: %s has the flag %s, which no note explains", file.Name, v.ID, flag)
				}
			}
			if v.Result == Acceptable && len(v.Flags) == 0 {
				t.Errorf("%s: no flag of %s says why it is acceptable", file.Name, v.ID)
			}
		}
		for flag, note := range file.Notes {
			if !used[flag] {
				t.Errorf("%s explains the flag %s, which no vector has", file.Name, flag)
			}
			key := [2]string{file.Protocol, flag}
			if before, ok := explained[key]; ok && before != note {
				t.Errorf("%s explains the flag %s otherwise than another file", file.Name, flag)
			}
			explained[key] = note
		}
	}
}

func TestRulesExist(t *testing.T) {
	all, err := docs.All()
	if err != nil {
		t.Fatal(err)
	}
	protocol := map[string]string{}
	for _, rule := range all {
		protocol[rule.ID] = rule.Protocol
	}
	for _, file := range load(t) {
		for _, v := range file.Vectors {
			for _, rule := range v.Rules {
				if protocol[rule] != file.Protocol {
					t.Errorf("%s: %s shows %s, which is no rule of %s in force", file.Name, v.ID, rule, file.Protocol)
				}
			}
		}
	}
}

func TestDecodeIsStrict(t *testing.T) {
	good := vectorIn("name", `"a":"61","b":"","same":false`)
	file, err := decode([]byte(good + "\n"))
	if err != nil || len(file.Vectors) != 1 || string(file.Vectors[0].A) != "a" || file.Vectors[0].B == nil {
		t.Errorf("decode gives %+v, %v", file, err)
	}
	for _, bad := range []string{
		"",
		good + good,
		strings.Replace(good, `"schema":1`, `"schema":2`, 1),
		strings.Replace(good, `"same"`, `"more"`, 1),
		strings.Replace(good, `"61"`, `"6A"`, 1),
		strings.Replace(good, `"61"`, `"6"`, 1),
		strings.Replace(good, `"61"`, `"zz"`, 1),
		strings.Replace(good, `"61"`, `null`, 1),
		strings.Replace(good, `"61"`, `61`, 1),
	} {
		if file, err := decode([]byte(bad)); err == nil {
			t.Errorf("decode(%s) gives %+v", bad, file)
		}
	}
	if _, err := Load("nothing"); err == nil {
		t.Error("Load gives files of a protocol that has none")
	}
}
