package engine

import (
	"strings"
	"testing"
)

func TestHexLines(t *testing.T) {
	short := []byte("echo\r\n\x00\xff\\")
	lines := hexLines(short, len(short))
	if want := `65 63 68 6f 0d 0a 00 ff 5c                       echo\r\n\x00\xff\\`; len(lines) != 1 || lines[0] != want {
		t.Errorf("%q, want %q", lines, want)
	}
	long := hexLines(make([]byte, hexBytes), 1000)
	if len(long) != hexBytes/16 || !strings.HasSuffix(long[len(long)-1], "920 bytes more") {
		t.Errorf("%q", long)
	}
}
