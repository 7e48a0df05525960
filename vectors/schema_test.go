package vectors

import (
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// vectorIn is a file of TCPMUX with one vector, hmacVectorIn one of HMACSocket, udpVectorIn one of UDP mux.
func vectorIn(codec, vector string) string     { return fileOf("tcpmux", codec, vector) }
func hmacVectorIn(codec, vector string) string { return fileOf("hmacsocket", codec, vector) }
func udpVectorIn(codec, vector string) string  { return fileOf("udpmux", codec, vector) }

func fileOf(protocol, codec, vector string) string {
	return `{"schema":2,"protocol":"` + protocol + `","codec":"` + codec + `","description":"d","flags":{},` +
		`"vectors":[{"id":"a","comment":"c","rules":[],"flags":[],` + vector + `}]}`
}

// What the vectors below have in common: the beginnings of a vector of each codec.
const (
	request = `"max":9,"input":{"hex":"610d0a"},"ended":false,`
	reply   = `"max":9,"input":{"hex":"2b0d0a"},"ended":false,`
	answer  = `"max":9,"input":{"hex":""},"ended":true,`
	write   = `"max":9,"writes":"request",`

	n32       = `{"hex":"0000000000000000000000000000000000000000000000000000000000000000"}`
	readInit  = `"hash":"sha256","input":{"hex":"0020"},"ended":false,`
	agreed    = `"hash":"sha256","key":{"hex":"6b"},"n":` + n32 + `,"ml":9,"i":"0",`
	readOne   = agreed + `"cn":` + n32 + `,"input":{"hex":"61"},"ended":true,`
	readAll   = agreed + `"input":{"hex":"61"},"ended":true,`
	writeOne  = agreed + `"cn":` + n32 + `,`
	goodChunk = `{"kind":"chunk","data":{"hex":"61"}}`
	goodError = `{"kind":"error","ec":{"hex":"20"},"em":{"hex":""},"shown":true}`
)

var schemaTests = []struct {
	name, file string
	good       bool
}{
	{"request", vectorIn("request", request+`"result":"valid","consumed":3,"name":{"hex":"61"}`), true},
	{"valid without name", vectorIn("request", request+`"result":"valid","consumed":3`), false},
	{"valid with a fault",
		vectorIn("request", request+`"result":"valid","fault":"bad byte","consumed":3,"name":{"hex":"61"}`), false},
	{"valid with a sign",
		vectorIn("request", request+`"result":"valid","consumed":3,"name":{"hex":"61"},"sign":{"hex":"2b"}`), false},
	{"capital digits", vectorIn("request", request+`"result":"valid","consumed":3,"name":{"hex":"6A"}`), false},
	{"odd digits", vectorIn("request", request+`"result":"valid","consumed":3,"name":{"hex":"616"}`), false},
	{"invalid", vectorIn("request", request+`"result":"invalid","fault":"bad byte"`), true},
	{"invalid with a name", vectorIn("request", request+`"result":"invalid","fault":"bad byte","name":{"hex":"61"}`),
		false},
	{"invalid without fault", vectorIn("request", request+`"result":"invalid"`), false},
	{"acceptable without fault", vectorIn("request", request+`"result":"acceptable"`), false},
	{"incomplete", vectorIn("request", request+`"result":"incomplete"`), true},
	{"incomplete with fault", vectorIn("request", request+`"result":"incomplete","fault":"cut short"`), false},
	{"no max", vectorIn("request", `"input":{"hex":""},"ended":false,"result":"incomplete"`), false},
	{"unknown field", vectorIn("request", request+`"result":"incomplete","more":1`), false},
	{"request without ended", vectorIn("request", `"max":9,"input":{"hex":""},"result":"incomplete"`), false},
	{"reply", vectorIn("reply", reply+`"result":"valid","consumed":3,"sign":{"hex":"2b"},"explanation":{"hex":""}`),
		true},
	{"reply with another sign",
		vectorIn("reply", reply+`"result":"valid","consumed":3,"sign":{"hex":"2c"},"explanation":{"hex":""}`), false},
	{"reply without explanation", vectorIn("reply", reply+`"result":"valid","consumed":3,"sign":{"hex":"2b"}`), false},
	{"list", vectorIn("list", answer+`"result":"valid","refused":false,"names":[]`), true},
	{"list without names", vectorIn("list", answer+`"result":"valid","refused":false`), false},
	{"list with empty name", vectorIn("list", answer+`"result":"valid","refused":false,"names":[{"hex":""}]`), false},
	{"refused list", vectorIn("list", answer+`"result":"valid","refused":true,"explanation":{"hex":""}`), true},
	{"refused list with names",
		vectorIn("list", answer+`"result":"valid","refused":true,"explanation":{"hex":""},"names":[]`), false},
	{"list without ended", vectorIn("list", `"max":9,"input":{"hex":""},"result":"incomplete"`), false},
	{"names", vectorIn("name", `"a":{"hex":"61"},"b":{"hex":"62"},"same":false`), true},
	{"names with null", vectorIn("name", `"a":{"hex":"61"},"b":{"hex":"62"},"same":null`), false},
	{"names with result", vectorIn("name", `"a":{"hex":"61"},"b":{"hex":"62"},"same":false,"result":"valid"`), false},
	{"writer", vectorIn("writer", write+`"name":{"hex":"61"},"result":"valid","output":{"hex":"610d0a"}`), true},
	{"writer without output", vectorIn("writer", write+`"name":{"hex":"61"},"result":"valid"`), false},
	{"writer that refuses", vectorIn("writer", write+`"name":{"hex":""},"result":"invalid","fault":"empty name"`),
		true},
	{"writer that may refuse", vectorIn("writer", write+`"name":{"hex":""},"result":"acceptable","fault":"empty name"`),
		false},
	{"other codec", vectorIn("session", request+`"result":"incomplete"`), false},
	{"no vector", `{"schema":2,"protocol":"tcpmux","codec":"name","description":"d","flags":{},"vectors":[]}`, false},
	{"other protocol", fileOf("ssh", "name", `"a":{"hex":"61"},"b":{"hex":"62"},"same":false`), false},
	{"other protocol's codec", hmacVectorIn("name", `"a":{"hex":"61"},"b":{"hex":"62"},"same":false`), false},
	{"TCPMUX with HMACSocket's codec", vectorIn("init", readInit+`"result":"incomplete"`), false},
	{"other schema", strings.Replace(vectorIn("name", `"a":{"hex":"61"},"b":{"hex":"62"},"same":false`), "2", "1", 1),
		false},
}

func TestSchemaTellsGoodFromBad(t *testing.T) {
	schema := schema(t)
	for _, test := range slices.Concat(schemaTests, hmacSchemaTests, udpSchemaTests) {
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
