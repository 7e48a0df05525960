package pcap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// tshark finds the program that reads what is written, or skips the test.
func tshark(t *testing.T) string {
	t.Helper()
	for _, file := range []string{"../../../.peers/bin/tshark", "tshark"} {
		if path, err := exec.LookPath(file); err == nil {
			return path
		}
	}
	t.Skip("tshark: not found; make peers fetches it")
	return ""
}

// checks lets tshark look at checksums.
var checks = []string{"-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"}

// read gives what tshark prints for a file.
func read(t *testing.T, file string, args ...string) string {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.Command(tshark(t), slices.Concat([]string{"-n", "-r", file}, checks, args)...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %q: %v\n%s", args, err, errs.String())
	}
	return string(out)
}

// fields gives some fields of each packet.
func fields(t *testing.T, file string, names ...string) (all [][]string) {
	t.Helper()
	args := []string{"-T", "fields", "-E", "separator=|"}
	for _, name := range names {
		args = append(args, "-e", name)
	}
	for line := range strings.Lines(read(t, file, args...)) {
		all = append(all, strings.Split(strings.TrimSuffix(line, "\n"), "|"))
	}
	return all
}

// played writes a file with two plays: a connection over IPv4 that the suite opens and one over IPv6 that the target
// opens and resets, and datagrams.
func played(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := New(&b)
	suite, target := netip.MustParseAddrPort("127.0.0.1:50025"), netip.MustParseAddrPort("[::ffff:127.0.0.2]:50026")
	one, two := w.Play("one", "A-1 server: the first."), w.Play("two@cut=bytes", "A-2 server: the second.")
	one.Opened(suite, target, false)
	asked := time.Now()
	one.Received(suite, target, []byte("answer"))
	one.Sent(suite, target, asked, []byte("ask")) // was sent before it was answered
	one.Sent(suite, target, time.Now(), make([]byte, 200_000))
	one.Ended(suite, target, false, false)
	one.Ended(suite, target, false, false) // once is enough
	one.Ended(suite, target, true, false)
	one.End("end of one: pass")
	one.Sent(suite, target, time.Now(), []byte("too late"))
	suite, target = netip.MustParseAddrPort("[::1]:50027"), netip.MustParseAddrPort("[::1%lo]:50028")
	two.Opened(suite, target, true)
	two.Received(suite, target, []byte("odd"))
	two.Ended(suite, target, true, true)
	two.Datagram(netip.MustParseAddrPort("0.0.0.0:50029"), netip.MustParseAddrPort("127.0.0.2:50030"), []byte("P"))
	two.Datagram(netip.MustParseAddrPort("[::1]:50031"), netip.MustParseAddrPort("[::]:50032"), nil)
	two.Datagram(netip.MustParseAddrPort("[::1]:50031"), netip.MustParseAddrPort("127.0.0.1:50032"), nil) // no packet
	two.End("end of two: violation: nothing came")
	if err := w.Err(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "a.pcapng")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPackets(t *testing.T) {
	file := played(t)
	const good = "1"
	all := fields(t, file, "frame.interface_name", "_ws.malformed", "ip.checksum.status",
		"tcp.checksum.status", "udp.checksum.status", "ip.src", "ipv6.src", "tcp.flags.str", "tcp.analysis.flags",
		"frame.comment", "frame.protocols")
	if len(all) != 3+1+1+4+2+3+1+1+2 {
		t.Fatalf("%d packets:\n%s", len(all), read(t, file))
	}
	for i, f := range all {
		v4, tcp := f[5] != "", strings.Contains(f[10], ":tcp")
		if f[1] != "" || v4 && f[2] != good || tcp && f[3] != good || !tcp && f[4] != good || f[8] != "" {
			t.Errorf("packet %d is not well formed: %q", i+1, f)
		}
	}
	comments := map[int]string{0: "one: A-1 server: the first.", 10: "end of one: pass",
		11: "two@cut=bytes: A-2 server: the second.", 17: "end of two: violation: nothing came"}
	for i, f := range all {
		name := "one"
		if i > 10 {
			name = "two@cut=bytes"
		}
		if f[0] != name || f[9] != comments[i] {
			t.Errorf("packet %d: of %q, comment %q", i+1, f[0], f[9])
		}
	}
	if from, flags := all[0][5], strings.ReplaceAll(all[11][7], "·", ""); from != "127.0.0.1" || flags != "S" ||
		all[11][6] != "::1" {
		t.Errorf("the connections begin with %q and %q", all[0], all[11])
	}
}

// The contents come back: what was asked stands before the answer, and a long text is whole.
func TestContents(t *testing.T) {
	file := played(t)
	var sent, received string
	order := ""
	for _, f := range fields(t, file, "tcp.stream", "tcp.srcport", "tcp.payload") {
		b, err := hex.DecodeString(f[2])
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case f[0] != "0":
		case f[1] == "50025":
			sent += string(b)
			order += strings.Repeat(">", min(1, len(b)))
		default:
			received += string(b)
			order += strings.Repeat("<", min(1, len(b)))
		}
	}
	if received != "answer" || sent != "ask"+string(make([]byte, 200_000)) || order != "><>>>>" {
		t.Errorf("%d bytes sent, %q received, in the order %s", len(sent), received, order)
	}
	followed := read(t, file, "-q", "-z", "follow,tcp,ascii,1")
	if !strings.Contains(followed, "odd") ||
		!strings.Contains(followed, "Node 0: [::1]:50028") && !strings.Contains(followed, "Node 0: ::1:50028") {
		t.Errorf("the second stream is not followed:\n%s", followed)
	}
	datagrams := fields(t, file, "udp.srcport", "ip.src", "ipv6.dst", "udp.length")
	if got := datagrams[len(datagrams)-2:]; strings.Join(got[0], " ") != "50029 127.0.0.1  9" ||
		strings.Join(got[1], " ") != "50031  ::1 8" {
		t.Errorf("%q", got)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

// A file that cannot be written is told once, and nobody else is disturbed; without a file nothing happens.
func TestFull(t *testing.T) {
	w := New(full{})
	p := w.Play("a", "b")
	p.Datagram(netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2"), nil)
	p.End("c")
	if w.Err() == nil || w.Err().Error() != "no space" {
		t.Error(w.Err())
	}
	var b bytes.Buffer
	w = New(&b)
	p = w.Play("a", "b")
	p.Datagram(netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2"), nil)
	w.Close()
	if n := b.Len(); n == 0 {
		t.Error("nothing is written")
	} else if p.End("c"); b.Len() != n {
		t.Error("a file that is over is written to")
	}
	var none *Writer
	none.Close()
	none.Play("a", "b").Opened(netip.AddrPort{}, netip.AddrPort{}, false)
	none.Play("a", "b").End("")
}
