package vectors

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path"
	"reflect"
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
			id := v.Common().ID
			if where[id] != "" {
				t.Errorf("%s is in %s and in %s", id, where[id], file.Name)
			}
			where[id] = file.Name
		}
	}
}

func TestFlagsAreExplained(t *testing.T) {
	explained := map[[2]string]Flag{} // by protocol and flag
	for _, file := range load(t) {
		used := map[string]bool{}
		for _, v := range file.Vectors {
			head := v.Common()
			for _, flag := range head.Flags {
				used[flag] = true
				if file.Flags[flag].About == "" || file.Flags[flag].Effect == "" {
					t.Errorf("%s: %s has the flag %s, which is not explained", file.Name, head.ID, flag)
				}
			}
			if v, ok := v.(Judged); ok && v.Came().Result == Acceptable && len(head.Flags) == 0 {
				t.Errorf("%s: no flag of %s says why it is acceptable", file.Name, head.ID)
			}
		}
		for name, flag := range file.Flags {
			if !used[name] {
				t.Errorf("%s explains the flag %s, which no vector has", file.Name, name)
			}
			key := [2]string{file.Protocol, name}
			if before, ok := explained[key]; ok && before != flag {
				t.Errorf("%s explains the flag %s otherwise than another file", file.Name, name)
			}
			explained[key] = flag
		}
	}
}

// TestOneLineEach wants each vector to be one line of its file: an object, and a comma unless it is the last.
func TestOneLineEach(t *testing.T) {
	for _, file := range load(t) {
		data, err := Files.ReadFile(path.Join(file.Protocol, file.Name))
		if err != nil {
			t.Fatal(err)
		}
		_, list, _ := strings.Cut(string(data), "\n\"vectors\": [\n")
		list, ok := strings.CutSuffix(list, "\n]\n}\n")
		lines := strings.Split(list, "\n")
		if !ok || len(lines) != len(file.Vectors) {
			t.Fatalf("%s: %d vectors are on %d lines", file.Name, len(file.Vectors), len(lines))
		}
		for i, line := range lines {
			line, comma := strings.CutSuffix(line, ",")
			id := `{"id":"` + file.Vectors[i].Common().ID + `",`
			if !json.Valid([]byte(line)) || !strings.HasPrefix(line, id) || comma == (i == len(lines)-1) {
				t.Errorf("%s: line %d of the vectors is not %s", file.Name, i+1, id)
			}
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
			for _, rule := range v.Common().Rules {
				if protocol[rule] != file.Protocol {
					t.Errorf("%s: %s shows %s, which is no rule of %s in force",
						file.Name, v.Common().ID, rule, file.Protocol)
				}
			}
		}
	}
}

func TestDecodeIsStrict(t *testing.T) {
	good := vectorIn("name", `"a":{"hex":"61"},"b":{"hex":""},"same":false`)
	file, err := decode([]byte(good + "\n"))
	if err != nil || len(file.Vectors) != 1 {
		t.Fatalf("decode gives %+v, %v", file, err)
	}
	if v := file.Vectors[0].(*NameVector); string(v.A) != "a" || v.B == nil || v.ID != "a" {
		t.Errorf("decode gives %+v", v)
	}
	for _, bad := range []string{
		"",
		good + good,
		strings.Replace(good, `"schema":2`, `"schema":1`, 1),
		strings.Replace(good, `"codec":"name"`, `"codec":"names"`, 1),
		strings.Replace(good, `"flags":{}`, `"notes":{}`, 1),
		strings.Replace(good, `"same"`, `"more"`, 1),
		strings.Replace(good, `"same"`, `"max":9,"same"`, 1), // which a vector of another codec has
		strings.Replace(good, `"61"`, `"6A"`, 1),
		strings.Replace(good, `"61"`, `"6"`, 1),
		strings.Replace(good, `"61"`, `"zz"`, 1),
		strings.Replace(good, `"61"`, `null`, 1),
		strings.Replace(good, `"61"`, `61`, 1),
		strings.Replace(good, `{"hex":"61"}`, `"61"`, 1),
		strings.Replace(good, `{"hex":"61"}`, `null`, 1),
	} {
		if file, err := decode([]byte(bad)); err == nil {
			t.Errorf("decode(%s) gives %+v", bad, file)
		}
	}
	if _, err := Load("nothing"); err == nil {
		t.Error("Load gives files of a protocol that has none")
	}
}

// TestEveryCodecHasItsType wants each file's vectors to be of one type, and each type to be of one codec.
func TestEveryCodecHasItsType(t *testing.T) {
	codecs := map[reflect.Type]Codec{}
	for _, file := range load(t) {
		for _, v := range file.Vectors {
			kind := reflect.TypeOf(v)
			if before, ok := codecs[kind]; ok && before != file.Codec {
				t.Errorf("%s is of %s and of %s", kind, before, file.Codec)
			}
			codecs[kind] = file.Codec
		}
	}
	if len(codecs) != len(decoders) {
		t.Errorf("%d types are used, %d codecs are known", len(codecs), len(decoders))
	}
}
