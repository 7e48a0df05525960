package vectors

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestQuestions wants each key of a vector that is not about people in the question or in the answer, each key of the
// table somewhere, and the right answer to be right.
func TestQuestions(t *testing.T) {
	unused := map[string]bool{}
	for codec, keys := range given {
		for _, key := range strings.Fields(keys) {
			unused[string(codec)+" "+key] = true
		}
	}
	for _, file := range load(t) {
		for _, v := range file.Vectors {
			keys := keysOf(t, v)
			questions, err := file.Codec.Questions(v)
			if err != nil {
				t.Fatalf("%s: %v", v.Common().ID, err)
			}
			for _, q := range questions {
				asked, answer := keysIn(t, q.Text), keysIn(t, q.Want)
				if len(asked) < 2 || len(answer) == 0 {
					t.Errorf("%s: %s, %s", v.Common().ID, q.Text, q.Want)
				}
				for _, key := range asked {
					delete(unused, string(file.Codec)+" "+key)
				}
				for _, key := range keys {
					left := slices.Contains(strings.Fields("id comment rules flags fault cn base"), key)
					if !left && slices.Contains(asked, key) == slices.Contains(answer, key) {
						t.Errorf("%s: %s is not either asked or answered", v.Common().ID, key)
					}
				}
				if strings.Contains(string(q.Text)+string(q.Want), "repeat") {
					t.Errorf("%s: not all bytes are spelled out", v.Common().ID)
				}
				if o, ok := v.(Judged); ok && o.Came().Result == Acceptable {
					continue
				}
				if verdict, differ, err := q.Judge(q.Want); verdict != Right {
					t.Errorf("%s: its own answer is %s: %q, %v", v.Common().ID, verdict, differ, err)
				}
			}
		}
	}
	for key := range unused {
		t.Errorf("no question has %s", key)
	}
}

func keysIn(t *testing.T, text []byte) []string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(maps.Keys(object))
}

func TestQuestionTexts(t *testing.T) {
	for codec, test := range map[Codec][3]string{
		Request: {`"max":255,"input":{"hex":"410d0a"},"ended":false,"result":"valid","consumed":3,"name":{"hex":"41"}`,
			`{"codec":"request","ended":false,"input":{"hex":"410d0a"},"max":255}`,
			`{"consumed":3,"name":{"hex":"41"},"result":"valid"}`},
		Token: {`"s":{"repeat":[{"hex":"61","times":200}]},"t":{"hex":""}`,
			`{"codec":"token","s":{"hex":"` + strings.Repeat("61", 200) + `"}}`, `{"t":{"hex":""}}`},
		Counter: {`"hash":"sha256","key":{"hex":"01"},"n":{"hex":"02"},"base":{"hex":"03"},"i":"1","cn":{"hex":"04"}`,
			`{"codec":"counter","hash":"sha256","i":"1","key":{"hex":"01"},"n":{"hex":"02"}}`, `{"cn":{"hex":"04"}}`},
	} {
		file, err := decode([]byte(vectorIn(string(codec), test[0])))
		if err != nil {
			t.Fatal(err)
		}
		q, err := codec.Questions(file.Vectors[0])
		if err != nil || len(q) != 1 || string(q[0].Text) != test[1] || string(q[0].Want) != test[2] {
			t.Errorf("%s: %s, %s, %v", codec, q[0].Text, q[0].Want, err)
		}
	}
}

// TestNamesBothWays wants names to be asked in both orders.
func TestNamesBothWays(t *testing.T) {
	q, err := Name.Questions(&NameVector{A: Hex("a"), B: Hex("b")})
	if err != nil || len(q) != 2 || string(q[0].Text) != `{"a":{"hex":"61"},"b":{"hex":"62"},"codec":"name"}` ||
		string(q[1].Text) != `{"a":{"hex":"62"},"b":{"hex":"61"},"codec":"name"}` {
		t.Errorf("%v, %v", q, err)
	}
}

func TestJudge(t *testing.T) {
	valid := &RequestVector{Outcome: Outcome{Result: Valid}, Consumed: 3, Name: Hex("\x6a")}
	incomplete := &RequestVector{Outcome: Outcome{Result: Incomplete}}
	acceptable := &RequestVector{Outcome: Outcome{Result: Acceptable, Fault: "bad byte"}}
	for _, test := range []struct {
		vector *RequestVector
		answer string
		differ string
	}{
		{valid, `{"result":"valid","consumed":3,"name":{"hex":"6a"}}`, ""},
		{valid, ` {"name":{"hex":"6A"},"consumed":3.0,"fault":"","extra":null,"result":"valid"} `, ""},
		{valid, `{"result":"valid","consumed":4,"name":{"hex":"6b"}}`, "consumed name"},
		{valid, `{"result":"valid","consumed":"3","name":"6a"}`, "consumed name"},
		{valid, `{"result":"valid","consumed":3}`, "name"},
		{valid, `{"result":"valid","consumed":3,"name":{"hex":"6a"},"sign":1}`, "sign"},
		{valid, `{"result":"valid","consumed":3,"name":{"repeat":[{"hex":"6a","times":1}]}}`, "name"},
		{valid, `{"result":"valid","consumed":3,"name":{"repeat":[{"hex":"6a","times":99999999999999}]}}`, "name"},
		{valid, `{"result":"invalid","consumed":3,"name":{"hex":"6a"}}`, "result"},
		{valid, `{}`, "consumed name result"},
		{valid, `{"unsupported":false}`, "consumed name result unsupported"},
		{incomplete, `{"result":"incomplete","consumed":3,"name":{"hex":""}}`, ""},
		{incomplete, `{"result":"invalid"}`, "result"},
		{acceptable, `{"result":"invalid","fault":"x"}`, ""},
		{acceptable, `{"result":"valid","consumed":1,"name":{"hex":""}}`, ""},
		{acceptable, `{"result":"incomplete"}`, ""},
		{acceptable, `{"result":"acceptable"}`, "result"},
		{acceptable, `{}`, "result"},
	} {
		q, err := Request.Questions(test.vector)
		if err != nil {
			t.Fatal(err)
		}
		want := Wrong
		if test.differ == "" {
			want = Right
		}
		verdict, differ, err := q[0].Judge([]byte(test.answer))
		if verdict != want || strings.Join(differ, " ") != test.differ || err != nil {
			t.Errorf("%s is %s: %q, %v", test.answer, verdict, differ, err)
		}
	}
	q, _ := Request.Questions(valid)
	if verdict, _, err := q[0].Judge([]byte(`{"unsupported":true}`)); verdict != Unsupported || err != nil {
		t.Errorf("it is %s, %v", verdict, err)
	}
	for _, none := range []string{"", "[]", "null", "true", `"a"`, "{", "{} {}", "{},", "yes", "\xff"} {
		if verdict, _, err := q[0].Judge([]byte(none)); err == nil {
			t.Errorf("%q is %s", none, verdict)
		}
	}
}
