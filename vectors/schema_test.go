package vectors

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// vectorIn is a file with one vector.
func vectorIn(codec, vector string) string {
	return `{"schema":1,"protocol":"tcpmux","codec":"` + codec + `","description":"d","notes":{},"vectors":[` +
		`{"id":"a","comment":"c","rules":[],"flags":[],` + vector + `}]}`
}

// What the vectors below have in common: the beginnings of a vector of each codec.
const (
	request = `"max":9,"input":"610d0a",`
	reply   = `"max":9,"input":"2b0d0a",`
	list    = `"max":9,"input":"","ended":true,`
	write   = `"max":9,"writes":"request",`
)

var schemaTests = []struct {
	name, file string
	good       bool
}{
	{"request", vectorIn("request", request+`"result":"valid","consumed":3,"name":"61"`), true},
	{"valid without name", vectorIn("request", request+`"result":"valid","consumed":3`), false},
	{"valid with a fault", vectorIn("request", request+`"result":"valid","fault":"bad byte","consumed":3,"name":"61"`), false},
	{"valid with a sign", vectorIn("request", request+`"result":"valid","consumed":3,"name":"61","sign":"2b"`), false},
	{"capital digits", vectorIn("request", request+`"result":"valid","consumed":3,"name":"6A"`), false},
	{"odd digits", vectorIn("request", request+`"result":"valid","consumed":3,"name":"616"`), false},
	{"invalid", vectorIn("request", request+`"result":"invalid","fault":"bad byte"`), true},
	{"invalid with a name", vectorIn("request", request+`"result":"invalid","fault":"bad byte","name":"61"`), false},
	{"invalid without fault", vectorIn("request", request+`"result":"invalid"`), false},
	{"acceptable without fault", vectorIn("request", request+`"result":"acceptable"`), false},
	{"incomplete", vectorIn("request", request+`"result":"incomplete"`), true},
	{"incomplete with fault", vectorIn("request", request+`"result":"incomplete","fault":"cut short"`), false},
	{"no max", vectorIn("request", `"input":"","result":"incomplete"`), false},
	{"unknown field", vectorIn("request", request+`"result":"incomplete","more":1`), false},
	{"request that ended", vectorIn("request", request+`"result":"incomplete","ended":true`), false},
	{"reply", vectorIn("reply", reply+`"result":"valid","consumed":3,"sign":"2b","explanation":""`), true},
	{"reply with another sign", vectorIn("reply", reply+`"result":"valid","consumed":3,"sign":"2c","explanation":""`), false},
	{"reply without explanation", vectorIn("reply", reply+`"result":"valid","consumed":3,"sign":"2b"`), false},
	{"list", vectorIn("list", list+`"result":"valid","refused":false,"names":[]`), true},
	{"list without names", vectorIn("list", list+`"result":"valid","refused":false`), false},
	{"list with empty name", vectorIn("list", list+`"result":"valid","refused":false,"names":[""]`), false},
	{"refused list", vectorIn("list", list+`"result":"valid","refused":true,"explanation":""`), true},
	{"refused list with names", vectorIn("list", list+`"result":"valid","refused":true,"explanation":"","names":[]`), false},
	{"list without ended", vectorIn("list", request+`"result":"incomplete"`), false},
	{"names", vectorIn("name", `"a":"61","b":"62","same":false`), true},
	{"names with null", vectorIn("name", `"a":"61","b":"62","same":null`), false},
	{"names with result", vectorIn("name", `"a":"61","b":"62","same":false,"result":"valid"`), false},
	{"writer", vectorIn("writer", write+`"name":"61","result":"valid","output":"610d0a"`), true},
	{"writer without output", vectorIn("writer", write+`"name":"61","result":"valid"`), false},
	{"writer that refuses", vectorIn("writer", write+`"name":"","result":"invalid","fault":"empty name"`), true},
	{"writer that may refuse", vectorIn("writer", write+`"name":"","result":"acceptable","fault":"empty name"`), false},
	{"other codec", vectorIn("session", request+`"result":"incomplete"`), false},
	{"no vector", `{"schema":1,"protocol":"tcpmux","codec":"name","description":"d","notes":{},"vectors":[]}`, false},
	{"other schema", strings.Replace(vectorIn("name", `"a":"61","b":"62","same":false`), "1", "2", 1), false},
}

func TestSchemaTellsGoodFromBad(t *testing.T) {
	schema := schema(t)
	for _, test := range schemaTests {
		t.Run(test.name, func(t *testing.T) {
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(test.file))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(doc); (err == nil) != test.good {
				t.Errorf("%s: %v", test.file, err)
			}
		})
	}
}
