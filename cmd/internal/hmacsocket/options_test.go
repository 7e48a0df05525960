package hmacsocket_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

var hmacSocketPrograms = []string{"hmacsocketserver", "hmacsocketclient"}

func TestWrongOptionsOfHMACSocket(t *testing.T) {
	key, listen, connect := "-kkey", "-l127.0.0.1:0", "-c127.0.0.1:7"
	for _, test := range []struct {
		name      string
		args      []string
		complaint string
	}{
		{"no key", []string{listen, connect}, `--keyfile is missing`},
		{"no target", []string{key, listen}, `--connect is missing`},
		{"argument", []string{key, listen, connect, "x"}, `unexpected argument "x"`},
		{"unknown option", []string{"--colour"}, `unknown flag: --colour`},
		{"option without its value", []string{"-k"}, `flag needs an argument: 'k' in -k`},
		{"port no number", []string{key, "-l", "abc", connect},
			`--listen "abc": "abc" is not a port number from 0 to 65535`},
		{"port beyond 65535", []string{key, "-l", "99999", connect},
			`--listen "99999": "99999" is not a port number from 0 to 65535`},
		{"port with a sign", []string{key, "-l", "127.0.0.1:-1", connect},
			`--listen "127.0.0.1:-1": "-1" is not a port number from 0 to 65535`},
		{"no port", []string{key, "-l", ":", connect}, `--listen ":": "" is not a port number from 0 to 65535`},
		{"empty address", []string{key, "-l", "", connect}, `--listen "": "" is not a port number from 0 to 65535`},
		{"address without brackets", []string{key, "-l", "::1:0", connect}, `--listen "::1:0": is not [HOST:]PORT`},
		{"address without port", []string{key, "-l", "[::1]", connect}, `--listen "[::1]": is not [HOST:]PORT`},
		{"second address", []string{key, "-l", "0", "-l", "x", connect},
			`--listen "x": "x" is not a port number from 0 to 65535`},
		{"target without port", []string{key, listen, "-c", "localhost"}, `--connect "localhost" is not HOST:PORT`},
		{"target without host", []string{key, listen, "-c", ":7"}, `--connect ":7" is not HOST:PORT`},
		{"target port zero", []string{key, listen, "-c", "localhost:0"},
			`--connect "localhost:0": "0" is not a port number from 1 to 65535`},
		{"target port beyond 65535", []string{key, listen, "-c", "localhost:99999"},
			`--connect "localhost:99999": "99999" is not a port number from 1 to 65535`},
		{"target port no number", []string{key, listen, "-c", "[::1]:abc"},
			`--connect "[::1]:abc": "abc" is not a port number from 1 to 65535`},
		{"target without brackets", []string{key, listen, "-c", "::1:7"}, `--connect "::1:7" is not HOST:PORT`},
		{"hash", []string{key, listen, connect, "--hash", "md5"},
			`--hash "md5": there are: sha256, sha512, sha512-256, blake2b-256, blake3`},
		{"max-data zero", []string{key, listen, connect, "--max-data", "0"},
			`--max-data 0: must be from 1 to 2147483647`},
		{"max-data too large", []string{key, listen, connect, "--max-data", "2147483648"},
			`--max-data 2147483648: must be from 1 to 2147483647`},
		{"init-timeout zero", []string{key, listen, connect, "--init-timeout", "0"},
			`--init-timeout 0s: must be more than 0`},
		{"max-connections negative", []string{key, listen, connect, "--max-connections", "-1"},
			`--max-connections -1: must not be less than 0`},
		{"max-per-source negative", []string{key, listen, connect, "--max-per-source", "-1"},
			`--max-per-source -1: must not be less than 0`},
		{"grace negative", []string{key, listen, connect, "--grace", "-1s"}, `--grace -1s: must not be less than 0`},
	} {
		for _, program := range hmacSocketPrograms {
			t.Run(test.name+"/"+program, func(t *testing.T) {
				t.Parallel()
				progtest.CheckComplaint(t, progtest.Run(t, nil, program, test.args...), program, test.complaint)
			})
		}
	}
	t.Run("client first", func(t *testing.T) {
		t.Parallel()
		got := progtest.Run(t, nil, "hmacsocketclient", key, listen, connect, "--client-first")
		progtest.CheckComplaint(t, got, "hmacsocketclient", `--client-first is for hmacsocketserver`)
	})
}

// keyFile makes a key file for a test.
func keyFile(t *testing.T, key string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	progtest.Must(t, os.WriteFile(file, []byte(key), 0o600))
	return file
}

// An address is only missing when the key is good: systemd may have passed one.
func TestHMACSocketWithoutAddress(t *testing.T) {
	for _, program := range hmacSocketPrograms {
		got := progtest.Run(t, nil, program, "-k", keyFile(t, "a key of 16 bytes"), "-c", "127.0.0.1:7")
		progtest.CheckComplaint(t, got, program, `--listen is missing`)
	}
}

// A key file that cannot be used ends the program with one line, before it listens.
func TestWrongKeyFile(t *testing.T) {
	dir := t.TempDir()
	progtest.Must(t, os.WriteFile(dir+"/empty", nil, 0o600))
	progtest.Must(t, os.WriteFile(dir+"/long", make([]byte, 1<<20+1), 0o600))
	for _, test := range []struct{ file, complaint string }{
		{dir + "/empty", "the key is empty"},
		{dir + "/none", "no such file or directory"},
		{dir + "/long", "the key is longer than 1048576 bytes"},
		{dir, "is a directory"},
		{"/dev/zero", "the key is longer than 1048576 bytes"},
		{"/dev/null", "the key is empty"},
	} {
		for _, program := range hmacSocketPrograms {
			t.Run(filepath.Base(test.file)+"/"+program, func(t *testing.T) {
				t.Parallel()
				got := progtest.Run(t, nil, program, "-k", test.file, "-l", "127.0.0.1:0", "-c", "127.0.0.1:7",
					"--address-file="+dir+"/address")
				want := progtest.Result{Code: 2, Stdout: "",
					Stderr: program + `: --keyfile "` + test.file + `": ` + test.complaint + "\n"}
				if got != want {
					t.Errorf("got  %+v\nwant %+v", got, want)
				}
			})
		}
	}
}

func TestUnreadableKeyFile(t *testing.T) {
	t.Parallel()
	file := keyFile(t, "k")
	progtest.Must(t, os.Chmod(file, 0))
	program, err := exec.LookPath("hmacsocketserver")
	progtest.Must(t, err)
	cmd := exec.Command(program, "-k", file, "-l127.0.0.1:0", "-c127.0.0.1:7")
	if os.Getuid() == 0 { // who may read everything
		cmd.Path = filepath.Join(filepath.Dir(file), "hmacsocketserver") // where others may start it
		progtest.Must(t, os.Link(program, cmd.Path))
		progtest.Must(t, os.Chmod(filepath.Dir(file), 0o755))
		progtest.Must(t, os.Chmod(filepath.Dir(filepath.Dir(file)), 0o755))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	want := `hmacsocketserver: --keyfile "` + file + `": permission denied` + "\n"
	if code := cmd.ProcessState.ExitCode(); code != 2 || string(out) != want {
		t.Errorf("exit code %d, %q, not %q", code, out, want)
	}
}

// A FIFO gives the key once, as a shell's <(…) does, and nobody warns of its mode.
func TestKeyFromFIFO(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	progtest.Must(t, unix.Mkfifo(dir+"/key", 0o644))
	go os.WriteFile(dir+"/key", []byte("sixteen or more."), 0)
	service := progtest.EchoServer(t, "tcp", "127.0.0.1:0")
	s := startHMACSocket(t, "hmacsocketserver", "-k", dir+"/key", "-c", service.Addr().String())
	c := startHMACSocket(t, "hmacsocketclient", "-k", keyFile(t, "sixteen or more."), "-c", s.Addresses[0])
	echoes(t, c)
	if log, _ := os.ReadFile(s.Log); strings.Contains(string(log), "WARN") {
		t.Errorf("the log:\n%s", log)
	}
}

// Every byte of the file counts, whatever it is, and however many there are.
func TestKeys(t *testing.T) {
	service := progtest.EchoServer(t, "tcp", "127.0.0.1:0")
	for name, test := range map[string]struct {
		key, other string
		fits       bool
	}{
		"one byte":                {"k", "k", true},
		"NUL, line end, high bit": {"\x00\n\r\xff\x00", "\x00\n\r\xff\x00", true},
		"longer than a block":     {progtest.Random(1000), progtest.Random(1000), true},
		"1 MiB":                   {progtest.Random(1 << 20), progtest.Random(1 << 20), true},
		"line end more":           {"secret", "secret\n", false},
		"after NUL":               {"a\x00b", "a\x00c", false},
		"last of 1 MiB":           {progtest.Random(1 << 20), progtest.Random(1<<20 - 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startHMACSocket(t, "hmacsocketserver", "-k", keyFile(t, test.key), "-c", service.Addr().String())
			cl := startHMACSocket(t, "hmacsocketclient", "-k", keyFile(t, test.other), "-c", s.Addresses[0])
			if test.fits {
				echoes(t, cl)
				return
			}
			c := cl.Dial(t)
			progtest.Must(t, c.Send("x"))
			progtest.Must(t, c.Dropped())
		})
	}
}

// systemd's socket is served, and --listen not missing then; one that is not TCP is refused.
func TestActivationOfHMACSocket(t *testing.T) {
	t.Parallel()
	service := progtest.EchoServer(t, "tcp", "127.0.0.1:0")
	tcp := progtest.Listen(t, "tcp", "127.0.0.1:0").(*net.TCPListener)
	key := "-k" + keyFile(t, "sixteen or more.")
	s := progtest.ServeCommand(t, progtest.ActivationOf(t, []progtest.Filer{tcp}, "hmacsocketserver", key,
		"-c", service.Addr().String()))
	echoes(t, startHMACSocket(t, "hmacsocketclient", key, "-c", tcp.Addr().String()))
	if len(s.Addresses) != 1 || s.Addresses[0] != tcp.Addr().String() {
		t.Errorf("it listens on %v", s.Addresses)
	}
	name := filepath.Join(t.TempDir(), "socket")
	local := progtest.Listen(t, "unix", name).(*net.UnixListener)
	bad, err := progtest.StartProgram(progtest.ActivationOf(t, []progtest.Filer{local}, "hmacsocketclient", key, "-c",
		tcp.Addr().String()), progtest.LogFile(t))
	progtest.Must(t, err)
	t.Cleanup(bad.Kill)
	bad.Complains(t, "hmacsocketclient", "socket activation: "+name+" is no TCP socket")
}
