package vectors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
)

func TestHexIsLowerCase(t *testing.T) {
	data, err := json.Marshal(Hex{0x00, 0xAB, 0xFF})
	if string(data) != `{"hex":"00abff"}` || err != nil {
		t.Errorf("got %s, %v", data, err)
	}
}

func TestLongHexRepeats(t *testing.T) {
	few := strings.Repeat("ab", 128)
	unlike := make([]byte, 2000) // each byte's neighbours within 16 are others
	for i := range unlike {
		unlike[i] = byte(i*i>>3 ^ i*7)
	}
	unlike = unlike[:1800]
	for _, test := range []struct {
		bytes Hex
		want  string
	}{
		{nil, `{"hex":""}`},
		{bytes.Repeat([]byte{0xAB}, 128), `{"hex":"` + few + `"}`},
		{bytes.Repeat([]byte{0xAB}, 129), `{"repeat":[{"hex":"ab","times":129}]}`},
		{append([]byte("<"), bytes.Repeat([]byte("abc"), 400)...),
			`{"repeat":[{"hex":"3c","times":1},{"hex":"616263","times":400}]}`},
		{append(bytes.Repeat([]byte("ab"), 600), 'a', '>'),
			`{"repeat":[{"hex":"6162","times":600},{"hex":"613e","times":1}]}`},
		{unlike, `{"hex":"` + hex.EncodeToString(unlike) + `"}`},
	} {
		data, err := json.Marshal(test.bytes)
		if err != nil || string(data) != test.want {
			t.Errorf("got %s, %v, want %s", data, err, test.want)
		}
		var again Hex
		if err := json.Unmarshal(data, &again); err != nil || !bytes.Equal(again, test.bytes) {
			t.Errorf("%s is read as %d bytes, %v", data, len(again), err)
		}
	}
}

func TestHexIsStrict(t *testing.T) {
	for _, bad := range []string{
		`{}`,
		`null`,
		`"ab"`,
		`{"hex":null}`,
		`{"hex":"ab","times":1}`,
		`{"hex":"ab","repeat":[]}`,
		`{"hex":"` + strings.Repeat("ab", 129) + `"}`,
		`{"repeat":[]}`,
		`{"repeat":[null]}`,
		`{"repeat":[{"hex":"ab","times":128}]}`,
		`{"repeat":[{"hex":"ab","times":1025},{"hex":"","times":1}]}`,
		`{"repeat":[{"hex":"ab","times":1000},{"hex":"ab","times":1000}]}`,
		`{"repeat":[{"hex":"abab","times":1000}]}`,
		`{"repeat":[{"hex":"AB","times":1025}]}`,
		`{"repeat":[{"hex":"ab","times":0}]}`,
		`{"repeat":[{"hex":"ab","times":-1}]}`,
		`{"repeat":[{"hex":"ab"}]}`,
		`{"repeat":[{"times":1025}]}`,
		`{"repeat":[{"hex":"ab","times":1025,"more":1}]}`,
		`{"repeat":["ab"]}`,
	} {
		var h Hex
		if err := json.Unmarshal([]byte(bad), &h); err == nil {
			t.Errorf("%s is read as %d bytes", bad, len(h))
		}
	}
}
