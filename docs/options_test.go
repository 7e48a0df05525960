package docs

import (
	"slices"
	"testing"
)

func TestOptions(t *testing.T) {
	options := Options()
	for _, want := range []Option{{"listen", ""}, {"multi-user", "false"}, {"socket-mode", ""},
		{"socket-group", ""}, {"max-flows", "65536"}, {"flow-idle", "2m"}, {"max-connections-per-uid", ""},
		{"receive-buffer", "4194304"}} {
		if !slices.Contains(options, want) {
			t.Errorf("%v is not among the options", want)
		}
	}
	if last := options[len(options)-1]; last.Name != "probe-after" {
		t.Errorf("the last option is %v", last)
	}
	for i, o := range options {
		if o.Name == "" || slices.ContainsFunc(options[:i], func(p Option) bool { return p.Name == o.Name }) {
			t.Errorf("option %q is there twice, or has no name", o.Name)
		}
	}
}
