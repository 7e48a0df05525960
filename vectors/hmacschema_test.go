package vectors

import "strings"

// repeating is a message to read with another input.
func repeating(input string) string {
	return strings.Replace(readOne, `"hex":"61"`, input, 1) + `"result":"incomplete"`
}

var hmacSchemaTests = []struct {
	name, file string
	good       bool
}{
	{"init", hmacVectorIn("init", readInit+`"result":"valid","consumed":38,"ml":1,"n":`+n32), true},
	{"init with ml 0", hmacVectorIn("init", readInit+`"result":"valid","consumed":38,"ml":0,"n":`+n32), false},
	{"init with short n", hmacVectorIn("init", readInit+`"result":"valid","consumed":38,"ml":1,"n":{"hex":"00"}`),
		false},
	{"init that is invalid", hmacVectorIn("init", readInit+`"result":"invalid","fault":"hash length"`), true},
	{"init that is invalid with n", hmacVectorIn("init", readInit+`"result":"invalid","fault":"hash length","n":`+n32),
		false},
	{"init with TCPMUX's fault", hmacVectorIn("init", readInit+`"result":"invalid","fault":"bad byte"`), false},
	{"init that is acceptable", hmacVectorIn("init", readInit+`"result":"acceptable","fault":"hash length"`), false},
	{"init with unknown hash",
		hmacVectorIn("init", `"hash":"md5","input":{"hex":""},"ended":false,"result":"incomplete"`), false},
	{"message", hmacVectorIn("message", readOne+`"result":"valid","consumed":1,"message":`+goodChunk), true},
	{"message with parts", hmacVectorIn("message", repeating(`"repeat":[{"hex":"61","times":2000}]`)), true},
	{"message with wrong parts", hmacVectorIn("message", repeating(`"repeat":[{"hex":"61"}]`)), false},
	{"message with digits and parts", hmacVectorIn("message", repeating(`"hex":"","repeat":[{"hex":"61","times":9}]`)),
		false},
	{"message with neither", hmacVectorIn("message", repeating(``)), false},
	{"message with digits alone",
		hmacVectorIn("message", strings.Replace(readOne, `{"hex":"61"}`, `"61"`, 1)+`"result":"incomplete"`), false},
	{"message without key",
		hmacVectorIn("message", strings.Replace(readOne, `"key":{"hex":"6b"},`, ``, 1)+`"result":"incomplete"`), false},
	{"message with empty key",
		hmacVectorIn("message", strings.Replace(readOne, `"6b"`, `""`, 1)+`"result":"incomplete"`), false},
	{"message with i as a number",
		hmacVectorIn("message", strings.Replace(readOne, `"0"`, `0`, 1)+`"result":"incomplete"`), false},
	{"message with i below 0",
		hmacVectorIn("message", strings.Replace(readOne, `"0"`, `"-1"`, 1)+`"result":"incomplete"`), false},
	{"message: an Error", hmacVectorIn("message", readOne+`"result":"valid","consumed":1,"message":`+goodError), true},
	{"message: an Error without shown", hmacVectorIn("message",
		readOne+`"result":"valid","consumed":1,"message":{"kind":"error","ec":{"hex":"20"},"em":{"hex":""}}`), false},
	{"message: an Error with data",
		hmacVectorIn("message",
			readOne+`"result":"valid","consumed":1,`+
				`"message":{"kind":"error","ec":{"hex":"20"},"em":{"hex":""},"shown":true,"data":{"hex":""}}`), false},
	{"message: the end", hmacVectorIn("message", readOne+`"result":"valid","consumed":0,"message":{"kind":"end"}`),
		true},
	{"message that is invalid with a message",
		hmacVectorIn("message", readOne+`"result":"invalid","fault":"wrong HMAC","message":`+goodChunk), false},
	{"stream", hmacVectorIn("stream", readAll+`"result":"valid","consumed":1,"messages":[`+goodChunk+`,`+goodError+`]`),
		true},
	{"stream that is invalid",
		hmacVectorIn("stream", readAll+`"result":"invalid","fault":"cut short","consumed":0,"messages":[]`), true},
	{"stream without messages", hmacVectorIn("stream", readAll+`"result":"incomplete","consumed":0`), false},
	{"stream with an end", hmacVectorIn("stream", readAll+`"result":"valid","consumed":0,"messages":[{"kind":"end"}]`),
		false},
	{"counter", hmacVectorIn("counter", `"base":`+n32+`,"i":"0","cn":`+n32), true},
	{"counter with half of what base comes from",
		hmacVectorIn("counter", `"hash":"sha256","base":`+n32+`,"i":"0","cn":`+n32), false},
	{"counter with result", hmacVectorIn("counter", `"base":`+n32+`,"i":"0","cn":`+n32+`,"result":"valid"`), false},
	{"init-writer", hmacVectorIn("init-writer",
		`"hash":"sha256","ml":1,"n":{"hex":"00"},"result":"invalid","fault":"hash length"`), true},
	{"init-writer without output", hmacVectorIn("init-writer", `"hash":"sha256","ml":1,"n":`+n32+`,"result":"valid"`),
		false},
	{"message-writer", hmacVectorIn("message-writer",
		writeOne+`"message":`+goodChunk+`,"result":"valid","output":{"hex":"61"}`), true},
	{"message-writer that refuses", hmacVectorIn("message-writer",
		writeOne+`"message":{"kind":"chunk","data":{"hex":""}},"result":"invalid","fault":"empty"`), true},
	{"message-writer with shown", hmacVectorIn("message-writer",
		writeOne+`"message":`+goodError+`,"result":"valid","output":{"hex":"61"}`), false},
	{"message-writer that waits",
		hmacVectorIn("message-writer", writeOne+`"message":`+goodChunk+`,"result":"incomplete"`), false},
}
