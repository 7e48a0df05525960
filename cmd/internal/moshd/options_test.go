package moshd

import (
	"strconv"
	"testing"
	"time"

	"github.com/muxspec/muxspec/docs"
)

// The table has the options of docs/operating.md, with the defaults that stand there.
func TestOptionsAreThePages(t *testing.T) {
	page := make(map[string]string)
	for _, o := range docs.Options() {
		page[o.Name] = o.Default
	}
	for _, o := range newConfig().options() {
		want, known := page[o.name]
		delete(page, o.name)
		if !known && o.only != file {
			t.Errorf("the page does not have %s", o.name)
		}
		if want == "" {
			continue
		}
		same := false
		switch v := o.value.(type) {
		case *bool:
			same = strconv.FormatBool(*v) == want
		case *int:
			same = strconv.Itoa(*v) == want
		case *time.Duration:
			d, err := time.ParseDuration(want)
			same = err == nil && d == *v
		}
		if !same {
			t.Errorf("%s: the default is not the page's, %s", o.name, want)
		}
	}
	for name := range page {
		t.Errorf("moshd does not have %s", name)
	}
}
