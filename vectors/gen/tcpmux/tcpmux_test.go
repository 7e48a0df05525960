package tcpmux

import (
	"slices"
	"testing"

	"github.com/muxspec/muxspec/conformance/wire/tcpmux"
	"github.com/muxspec/muxspec/vectors"
	"github.com/muxspec/muxspec/vectors/gen/table"
)

func TestNotesAreUsed(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for flag := range notes {
		if !slices.ContainsFunc(files, func(file vectors.File) bool { return file.Notes[flag] != "" }) {
			t.Errorf("no vector has the flag %s", flag)
		}
	}
}

// What a reader may do is left open for those bytes only that the notes of these flags are about.
func TestAcceptableIsExplained(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, v := range file.Vectors {
			why := slices.DeleteFunc(slices.Clone(v.Flags), func(flag string) bool {
				return flag != "LoneLF" && (flag != "LoneCR" && flag != "NUL" || file.Codec != vectors.Request)
			})
			if open := v.Result == vectors.Acceptable; open != (len(why) > 0) {
				t.Errorf("%s: the result is %s, the flags are %s", v.ID, v.Result, v.Flags)
			}
		}
	}
}

func TestDisagreementIsAnError(t *testing.T) {
	for name, vector := range map[string]func() (vectors.Vector, error){
		"request": row{id: "a", max: 9, input: "a\n", outcome: valid}.request,
		"reply":   row{id: "a", max: 9, input: "+\n", outcome: incomplete}.reply,
		"list":    listRow{id: "a", max: 9, input: "a\r\n", ended: ended, outcome: cutShort}.list,
		"name":    nameRow{id: "a", a: "A", b: "a", same: other}.name,
		"writer":  writerRow{id: "a", writes: request, max: 9, texts: text(""), outcome: badByte}.writer,
	} {
		if _, err := vector(); err == nil {
			t.Errorf("%s: a wrong table is taken", name)
		}
	}
	v := table.Base("a", "", "", "")
	if err := valid.Set(&v, tcpmux.None); err != nil || v.Result != vectors.Valid {
		t.Errorf("a right table: %v", err)
	}
}
