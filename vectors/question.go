package vectors

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// given are the keys that a codec gets, by its kind. The others of a vector are what it must answer.
var given = map[Codec]string{
	Request: "max input ended",
	Reply:   "max input ended",
	List:    "max input ended",
	Name:    "a b",
	Writer:  "max writes name sign explanation names",

	Init:          "hash input ended",
	OneMessage:    "hash key n ml i input ended",
	Stream:        "hash key n ml i input ended",
	Counter:       "hash key n base i",
	InitWriter:    "hash ml n",
	MessageWriter: "hash key n ml i message",

	Datagram:       "modes input",
	Answer:         "input",
	DatagramWriter: "form port t p",
	OneFrame:       "input ended",
	FrameWriter:    "frame",
	KeyText:        "input",
	Token:          "s",
	Connect:        "input ended",
	ConnectWriter:  "number key",
	Number:         "input",
	Colours:        "input failed",
	Signal:         "input",
}

// A Question is a vector as it is put to a program. README.md describes it and its answer.
type Question struct {
	// Text is one line of JSON, without the line's end: the codec and what it is given.
	Text []byte
	// Want is the right answer in JSON. If its result is Acceptable, any answer with a result is right.
	Want []byte

	want map[string]any
}

// Questions gives the questions that a vector of this codec is asked with: one, but two for names, which must compare
// alike in both orders.
func (c Codec) Questions(v Vector) ([]Question, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	all, err := readObject(data)
	if err == nil {
		err = spell(all)
	}
	if err != nil {
		return nil, err
	}
	ask, want := map[string]any{"codec": c}, map[string]any{}
	for key, value := range all {
		switch {
		case slices.Contains(strings.Fields(given[c]), key):
			ask[key] = value
		case !slices.Contains([]string{"id", "comment", "rules", "flags", "fault"}, key):
			want[key] = value
		}
	}
	switch v := v.(type) {
	case *MessageVector, *MessageWriterVector:
		delete(want, "cn") // a help for people
	case *CounterVector:
		if v.Hash != "" {
			delete(ask, "base") // it is to be computed
		}
	case *NameVector:
		first, err := question(ask, want)
		if err != nil {
			return nil, err
		}
		ask["a"], ask["b"] = ask["b"], ask["a"]
		second, err := question(ask, want)
		return []Question{first, second}, err
	}
	only, err := question(ask, want)
	return []Question{only}, err
}

func question(ask, want map[string]any) (Question, error) {
	text, err := json.Marshal(ask)
	if err != nil {
		return Question{}, err
	}
	answer, err := json.Marshal(want)
	return Question{Text: text, Want: answer, want: want}, err
}

// A Verdict is what an answer is worth.
type Verdict string

// The verdicts.
const (
	Right       Verdict = "right"
	Wrong       Verdict = "wrong"
	Unsupported Verdict = "unsupported" // the program says that it cannot answer
)

// Judge judges an answer and gives the keys that are wrong, missing or too many. The error is that the line is not one
// JSON object.
func (q Question) Judge(line []byte) (Verdict, []string, error) {
	got, err := readObject(line)
	if err != nil {
		return "", nil, err
	}
	if reflect.DeepEqual(got, map[string]any{"unsupported": true}) {
		return Unsupported, nil, nil
	}
	if q.want["result"] == string(Acceptable) {
		if slices.Contains([]any{string(Valid), string(Invalid), string(Incomplete)}, got["result"]) {
			return Right, nil, nil
		}
		return Wrong, []string{"result"}, nil
	}
	delete(got, "fault")
	var differ []string
	for key, value := range q.want {
		if have, ok := got[key]; !ok || !reflect.DeepEqual(have, value) {
			differ = append(differ, key)
		}
	}
	if result, judged := q.want["result"]; !judged || result == string(Valid) {
		for key := range maps.Keys(got) { // of what is refused, nothing more is asked
			if _, asked := q.want[key]; !asked {
				differ = append(differ, key)
			}
		}
	}
	if len(differ) == 0 {
		return Right, nil, nil
	}
	slices.Sort(differ)
	return Wrong, differ, nil
}

// readObject reads one JSON object. Hexadecimal digits become small letters, and keys that are null are left out.
func readObject(data []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || object == nil {
		return nil, errors.New("no JSON object")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("more than a JSON object")
	}
	return each(object, func(o map[string]any) {
		if digits, ok := o["hex"].(string); ok {
			o["hex"] = strings.ToLower(digits)
		}
		maps.DeleteFunc(o, func(_ string, value any) bool { return value == nil })
	}), nil
}

// spell gives all bytes of a vector the form {"hex": …}. An answer must not have the other one: a short line could
// stand for more bytes than there is memory.
func spell(object map[string]any) error {
	var failed error
	each(object, func(o map[string]any) {
		if o["repeat"] == nil {
			return
		}
		data, err := json.Marshal(o)
		var b Hex
		failed = cmp.Or(failed, err, b.UnmarshalJSON(data))
		delete(o, "repeat")
		o["hex"] = hex.EncodeToString(b)
	})
	return failed
}

// each calls f with an object and all objects in it.
func each(object map[string]any, f func(map[string]any)) map[string]any {
	var within func(any)
	within = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, v := range value {
				within(v)
			}
		case map[string]any:
			f(value)
			for _, v := range value {
				within(v)
			}
		}
	}
	within(object)
	return object
}
