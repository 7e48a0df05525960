package vectors

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestHexIsLowerCase(t *testing.T) {
	data, err := json.Marshal(Hex{0x00, 0xAB, 0xFF})
	if string(data) != `"00abff"` || err != nil {
		t.Errorf("got %s, %v", data, err)
	}
}

func TestLongHexIsRuns(t *testing.T) {
	few := strings.Repeat("ab", 1024)
	unlike := make([]byte, 2000) // each byte's neighbours within 16 are others, but for the last ones
	for i := range unlike {
		unlike[i] = byte(i*i>>3 ^ i*7)
	}
	for _, test := range []struct {
		bytes Hex
		want  string // "" if not worth writing down
	}{
		{bytes.Repeat([]byte{0xAB}, 1024), `"` + few + `"`},
		{bytes.Repeat([]byte{0xAB}, 1025), `[{"repeat":"ab","times":1025}]`},
		{append([]byte("<"), bytes.Repeat([]byte("abc"), 400)...), `[{"repeat":"3c","times":1},{"repeat":"616263","times":400}]`},
		{append(bytes.Repeat([]byte("ab"), 600), 'a', '>'), `[{"repeat":"6162","times":600},{"repeat":"613e","times":1}]`},
		{unlike, ""},
	} {
		data, err := json.Marshal(test.bytes)
		if err != nil || test.want != "" && string(data) != test.want {
			t.Errorf("got %s, %v, want %s", data, err, test.want)
		}
		var again Hex
		if err := json.Unmarshal(data, &again); err != nil || !bytes.Equal(again, test.bytes) {
			t.Errorf("%s is read as %d bytes, %v", data, len(again), err)
		}
	}
}

func TestRunsAreStrict(t *testing.T) {
	for _, bad := range []string{
		`[]`,
		`[null]`,
		`[{"repeat":"ab","times":1024}]`,
		`[{"repeat":"ab","times":1025},{"repeat":"","times":1}]`,
		`[{"repeat":"ab","times":1000},{"repeat":"ab","times":1000}]`,
		`[{"repeat":"abab","times":1000}]`,
		`[{"repeat":"AB","times":1025}]`,
		`[{"repeat":"ab","times":0}]`,
		`[{"repeat":"ab","times":-1}]`,
		`[{"repeat":"ab"}]`,
		`[{"times":1025}]`,
		`[{"repeat":"ab","times":1025,"more":1}]`,
		`["ab"]`,
	} {
		var h Hex
		if err := json.Unmarshal([]byte(bad), &h); err == nil {
			t.Errorf("%s is read as %d bytes", bad, len(h))
		}
	}
}
