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
	return `{"schema":1,"protocol":"` + protocol + `","codec":"` + codec + `","description":"d","notes":{},"vectors":[` +
		`{"id":"a","comment":"c","rules":[],"flags":[],` + vector + `}]}`
}

// What the vectors below have in common: the beginnings of a vector of each codec.
const (
	request = `"max":9,"input":"610d0a",`
	reply   = `"max":9,"input":"2b0d0a",`
	list    = `"max":9,"input":"","ended":true,`
	write   = `"max":9,"writes":"request",`

	n32       = `"0000000000000000000000000000000000000000000000000000000000000000"`
	readInit  = `"hash":"sha256","input":"0020","ended":false,`
	agreed    = `"hash":"sha256","key":"6b","n":` + n32 + `,"ml":9,"i":"0",`
	readOne   = agreed + `"cn":` + n32 + `,"input":"61","ended":true,`
	readAll   = agreed + `"input":"61","ended":true,`
	writeOne  = agreed + `"cn":` + n32 + `,`
	goodChunk = `{"kind":"chunk","data":"61"}`
	goodError = `{"kind":"error","ec":"20","em":"","shown":true}`
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
	{"other protocol", fileOf("ssh", "name", `"a":"61","b":"62","same":false`), false},
	{"other protocol's codec", hmacVectorIn("name", `"a":"61","b":"62","same":false`), false},
	{"TCPMUX with HMACSocket's codec", vectorIn("init", readInit+`"result":"incomplete"`), false},
	{"other schema", strings.Replace(vectorIn("name", `"a":"61","b":"62","same":false`), "1", "2", 1), false},
}

var hmacSchemaTests = []struct {
	name, file string
	good       bool
}{
	{"init", hmacVectorIn("init", readInit+`"result":"valid","consumed":38,"ml":1,"n":`+n32), true},
	{"init with ml 0", hmacVectorIn("init", readInit+`"result":"valid","consumed":38,"ml":0,"n":`+n32), false},
	{"init with short n", hmacVectorIn("init", readInit+`"result":"valid","consumed":38,"ml":1,"n":"00"`), false},
	{"init that is invalid", hmacVectorIn("init", readInit+`"result":"invalid","fault":"hash length"`), true},
	{"init that is invalid with n", hmacVectorIn("init", readInit+`"result":"invalid","fault":"hash length","n":`+n32), false},
	{"init with TCPMUX's fault", hmacVectorIn("init", readInit+`"result":"invalid","fault":"bad byte"`), false},
	{"init that is acceptable", hmacVectorIn("init", readInit+`"result":"acceptable","fault":"hash length"`), false},
	{"init with unknown hash", hmacVectorIn("init", `"hash":"md5","input":"","ended":false,"result":"incomplete"`), false},
	{"message", hmacVectorIn("message", readOne+`"result":"valid","consumed":1,"message":`+goodChunk), true},
	{"message with runs", hmacVectorIn("message", strings.Replace(readOne, `"61"`, `[{"repeat":"61","times":2000}]`, 1)+`"result":"incomplete"`), true},
	{"message with wrong runs", hmacVectorIn("message", strings.Replace(readOne, `"61"`, `[{"repeat":"61"}]`, 1)+`"result":"incomplete"`), false},
	{"message without key", hmacVectorIn("message", strings.Replace(readOne, `"key":"6b",`, ``, 1)+`"result":"incomplete"`), false},
	{"message with empty key", hmacVectorIn("message", strings.Replace(readOne, `"6b"`, `""`, 1)+`"result":"incomplete"`), false},
	{"message with i as a number", hmacVectorIn("message", strings.Replace(readOne, `"0"`, `0`, 1)+`"result":"incomplete"`), false},
	{"message with i below 0", hmacVectorIn("message", strings.Replace(readOne, `"0"`, `"-1"`, 1)+`"result":"incomplete"`), false},
	{"message: an Error", hmacVectorIn("message", readOne+`"result":"valid","consumed":1,"message":`+goodError), true},
	{"message: an Error without shown", hmacVectorIn("message", readOne+`"result":"valid","consumed":1,"message":{"kind":"error","ec":"20","em":""}`), false},
	{"message: an Error with data", hmacVectorIn("message", readOne+`"result":"valid","consumed":1,"message":{"kind":"error","ec":"20","em":"","shown":true,"data":""}`), false},
	{"message: the end", hmacVectorIn("message", readOne+`"result":"valid","consumed":0,"message":{"kind":"end"}`), true},
	{"message that is invalid with a message", hmacVectorIn("message", readOne+`"result":"invalid","fault":"wrong HMAC","message":`+goodChunk), false},
	{"stream", hmacVectorIn("stream", readAll+`"result":"valid","consumed":1,"messages":[`+goodChunk+`,`+goodError+`]`), true},
	{"stream that is invalid", hmacVectorIn("stream", readAll+`"result":"invalid","fault":"cut short","consumed":0,"messages":[]`), true},
	{"stream without messages", hmacVectorIn("stream", readAll+`"result":"incomplete","consumed":0`), false},
	{"stream with an end", hmacVectorIn("stream", readAll+`"result":"valid","consumed":0,"messages":[{"kind":"end"}]`), false},
	{"counter", hmacVectorIn("counter", `"base":`+n32+`,"i":"0","cn":`+n32), true},
	{"counter with half of what base comes from", hmacVectorIn("counter", `"hash":"sha256","base":`+n32+`,"i":"0","cn":`+n32), false},
	{"counter with result", hmacVectorIn("counter", `"base":`+n32+`,"i":"0","cn":`+n32+`,"result":"valid"`), false},
	{"init-writer", hmacVectorIn("init-writer", `"hash":"sha256","ml":1,"n":"00","result":"invalid","fault":"hash length"`), true},
	{"init-writer without output", hmacVectorIn("init-writer", `"hash":"sha256","ml":1,"n":`+n32+`,"result":"valid"`), false},
	{"message-writer", hmacVectorIn("message-writer", writeOne+`"message":`+goodChunk+`,"result":"valid","output":"61"`), true},
	{"message-writer that refuses", hmacVectorIn("message-writer", writeOne+`"message":{"kind":"chunk","data":""},"result":"invalid","fault":"empty"`), true},
	{"message-writer with shown", hmacVectorIn("message-writer", writeOne+`"message":`+goodError+`,"result":"valid","output":"61"`), false},
	{"message-writer that waits", hmacVectorIn("message-writer", writeOne+`"message":`+goodChunk+`,"result":"incomplete"`), false},
}

// What UDP mux's vectors have in common.
const (
	oneK = `"000102030405060708090a0b0c0d0e0f"`
	oneT = `"8b29225feb1f6e8c8a70484d36c941"`
)

var udpSchemaTests = []struct {
	name, file string
	good       bool
}{
	{"datagram: learn", udpVectorIn("datagram", `"modes":7,"input":"00","result":"valid","form":"learn","p":"00","on":true`), true},
	{"datagram: token", udpVectorIn("datagram", `"modes":7,"input":"00","result":"valid","form":"token","t":`+oneT+`,"p":"00","on":true`), true},
	{"datagram: token without t", udpVectorIn("datagram", `"modes":7,"input":"00","result":"valid","form":"token","p":"00","on":true`), false},
	{"datagram: learn with t", udpVectorIn("datagram", `"modes":7,"input":"00","result":"valid","form":"learn","t":`+oneT+`,"p":"00","on":true`), false},
	{"datagram: port", udpVectorIn("datagram", `"modes":0,"input":"00","result":"valid","form":"port","port":1024,"p":"00","on":false`), true},
	{"datagram: port without port", udpVectorIn("datagram", `"modes":0,"input":"00","result":"valid","form":"port","p":"00","on":false`), false},
	{"datagram without on", udpVectorIn("datagram", `"modes":7,"input":"00","result":"valid","form":"learn","p":"00"`), false},
	{"datagram without modes", udpVectorIn("datagram", `"input":"00","result":"valid","form":"learn","p":"00","on":true`), false},
	{"datagram that is invalid", udpVectorIn("datagram", `"modes":7,"input":"02","result":"invalid","fault":"reserved"`), true},
	{"datagram that is invalid with p", udpVectorIn("datagram", `"modes":7,"input":"02","result":"invalid","fault":"reserved","p":"00"`), false},
	{"datagram that is incomplete", udpVectorIn("datagram", `"modes":7,"input":"02","result":"incomplete"`), false},
	{"datagram with HMACSocket's fault", udpVectorIn("datagram", `"modes":7,"input":"02","result":"invalid","fault":"wrong HMAC"`), false},
	{"answer", udpVectorIn("answer", `"input":"80","result":"valid"`), true},
	{"answer with a form", udpVectorIn("answer", `"input":"80","result":"valid","form":"learn"`), false},
	{"datagram-writer", udpVectorIn("datagram-writer", `"form":"port","port":1023,"p":"00","result":"invalid","fault":"bad port"`), true},
	{"datagram-writer without output", udpVectorIn("datagram-writer", `"form":"learn","p":"00","result":"valid"`), false},
	{"datagram-writer with output", udpVectorIn("datagram-writer", `"form":"learn","p":"00","result":"valid","output":"00"`), true},
	{"frame", udpVectorIn("frame", `"input":"00020101","ended":false,"result":"valid","consumed":4,"frame":{"type":1,"version":1}`), true},
	{"frame that is incomplete", udpVectorIn("frame", `"input":"0002","ended":false,"result":"incomplete"`), true},
	{"frame without ended", udpVectorIn("frame", `"input":"0002","result":"incomplete"`), false},
	{"frame without consumed", udpVectorIn("frame", `"input":"00020101","ended":false,"result":"valid","frame":{"type":1,"version":1}`), false},
	{"frame with another type's field", udpVectorIn("frame", `"input":"00","ended":false,"result":"valid","consumed":4,"frame":{"type":1,"version":1,"id":1}`),
		false},
	{"frame without its type's field", udpVectorIn("frame", `"input":"00","ended":false,"result":"valid","consumed":6,"frame":{"type":2,"modes":1}`), false},
	{"frame of unknown type", udpVectorIn("frame", `"input":"00","ended":false,"result":"valid","consumed":4,"frame":{"type":6}`), false},
	{"frame-writer of unknown type", udpVectorIn("frame-writer", `"frame":{"type":6},"result":"invalid","fault":"unknown type"`), true},
	{"frame-writer", udpVectorIn("frame-writer", `"frame":{"type":5,"code":1,"text":""},"result":"valid","output":"0002050a"`), true},
	{"frame-writer: register with short s", udpVectorIn("frame-writer", `"frame":{"type":3,"modes":1,"port":1,"s":"00"},"result":"valid","output":"00"`), false},
	{"key", udpVectorIn("key", `"input":"41","result":"valid","key":`+oneK+`,"s":`+n32+`,"t":`+oneT), true},
	{"key without s", udpVectorIn("key", `"input":"41","result":"valid","key":`+oneK+`,"t":`+oneT), false},
	{"key that is short", udpVectorIn("key", `"input":"41","result":"valid","key":"00","s":`+n32+`,"t":`+oneT), false},
	{"token", udpVectorIn("token", `"s":`+n32+`,"t":`+oneT), true},
	{"token with result", udpVectorIn("token", `"s":`+n32+`,"t":`+oneT+`,"result":"valid"`), false},
	{"connect", udpVectorIn("connect", `"input":"4d","ended":true,"result":"valid","port":1,"key":`+oneK), true},
	{"connect with the port 0", udpVectorIn("connect", `"input":"4d","ended":true,"result":"valid","port":0,"key":`+oneK), false},
	{"connect without the line", udpVectorIn("connect", `"input":"4d","ended":true,"result":"invalid","fault":"not the line"`), true},
	{"connect-writer", udpVectorIn("connect-writer", `"number":"10737478240","key":`+oneK+`,"result":"valid","output":"4d"`), true},
	{"connect-writer with a number", udpVectorIn("connect-writer", `"number":60000,"key":`+oneK+`,"result":"valid","output":"4d"`), false},
	{"number", udpVectorIn("number", `"input":"31","result":"valid","form":"learn","port":1`), true},
	{"number of port mode", udpVectorIn("number", `"input":"31","result":"valid","form":"port","port":1`), false},
	{"number that is unknown", udpVectorIn("number", `"input":"30","result":"invalid","fault":"unknown"`), true},
	{"colours", udpVectorIn("colours", `"input":"38","failed":false,"output":"30380a"`), true},
	{"colours without failed", udpVectorIn("colours", `"input":"38","output":"30380a"`), false},
	{"signal", udpVectorIn("signal", `"input":"3038","agent":true`), true},
	{"signal with output", udpVectorIn("signal", `"input":"3038","agent":true,"output":""`), false},
	{"UDP mux with TCPMUX's codec", udpVectorIn("name", `"a":"61","b":"62","same":false`), false},
	{"UDP mux's codec elsewhere", hmacVectorIn("signal", `"input":"3038","agent":true`), false},
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
