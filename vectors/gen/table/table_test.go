package table

import (
	"errors"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/vectors"
)

func TestErrorsAreAllTold(t *testing.T) {
	p := &Protocol{Name: "p", Flags: map[string]vectors.Flag{"Known": {About: "a"}}}
	vector := func(flag string) (vectors.Vector, error) {
		v := &vectors.NameVector{Head: Head("id-of-"+flag, "", flag, "c")}
		if flag == "" {
			return v, errors.New("wrong")
		}
		return v, nil
	}
	Add(p, "good.json", vectors.Name, "d", []string{"Known"}, vector)
	if files, err := p.Files(); len(files) != 1 || files[0].Flags["Known"].About != "a" || err != nil {
		t.Errorf("a right table: %+v, %v", files, err)
	}
	Add(p, "bad.json", vectors.Name, "d", []string{"Known", "Unknown", ""}, vector)
	_, err := p.Files()
	for _, want := range []string{"p/bad.json", "id-of-: wrong", `"Unknown"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not tell %s: %v", want, err)
		}
	}
}

func TestHeadHasNoNil(t *testing.T) {
	if v := Head("a", "", "", ""); v.Rules == nil || v.Flags == nil {
		t.Error("no rules and no flags are null in JSON")
	}
}
