package tcpmux

import (
	"slices"
	"testing"

	"github.com/muxspec/muxspec/conformance/wire/tcpmux"
	"github.com/muxspec/muxspec/vectors"
)

func TestFlagsAreUsed(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for flag := range flags {
		if !slices.ContainsFunc(files, func(file vectors.File) bool { return file.Flags[flag].About != "" }) {
			t.Errorf("no vector has the flag %s", flag)
		}
	}
}

// What a reader may do is left open for those bytes only that these flags are about.
func TestAcceptableIsExplained(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, v := range file.Vectors {
			judged, ok := v.(vectors.Judged)
			if !ok {
				continue
			}
			head, result := v.Common(), judged.Came().Result
			why := slices.DeleteFunc(slices.Clone(head.Flags), func(flag string) bool {
				return flag != "LoneLF" && (flag != "LoneCR" && flag != "NUL" || file.Codec != vectors.Request)
			})
			if open := result == vectors.Acceptable; open != (len(why) > 0) {
				t.Errorf("%s: the result is %s, the flags are %s", head.ID, result, head.Flags)
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
	if err := valid.Check(tcpmux.None); err != nil || valid.Vector().Result != vectors.Valid {
		t.Errorf("a right table: %v", err)
	}
}
