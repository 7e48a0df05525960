package moshagent_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// The stand-in's key, with what follows from it (docs/udpmux.md, section 2.4).
const standInKey = "AAECAwQFBgcICQoLDA0ODw"

var (
	standInK, _ = udpmux.ParseKey(standInKey)
	standInS    = udpmux.RegistrationKey(standInK)
)

// ownKey gives the test's stand-in another key than all others have, which other tests must not see anywhere.
func (a *agentTest) ownKey() (key string) {
	a.Helper()
	K := make([]byte, 16)
	rand.Read(K)
	key = base64.RawStdEncoding.EncodeToString(K)
	progtest.Must(a.T, os.WriteFile(filepath.Join(a.dir, "key"), []byte(key), 0o600))
	return key
}

// A standIn is what a stand-in for mosh-server or mosh-client writes down.
type standIn struct {
	PID  int
	Args []string
	Env  []string
}

// note writes to a file in the stand-ins' folder, whole or not at all.
func note(name string, v any) {
	text, err := json.Marshal(v)
	file := filepath.Join(os.Getenv("STANDIN_DIR"), name)
	if err := errors.Join(err, os.WriteFile(file+".new", text, 0o600), os.Rename(file+".new", file)); err != nil {
		panic(err)
	}
}

// standInServer is the program that stands in for mosh-server; $STANDIN says what is wrong with it.
func standInServer() {
	if os.Getenv("STANDIN_BACKGROUND") != "" {
		standInBackground()
		return
	}
	note("server", standIn{os.Getpid(), os.Args[1:], os.Environ()})
	key := standInKey
	if own, err := os.ReadFile(filepath.Join(os.Getenv("STANDIN_DIR"), "key")); err == nil {
		key = string(own)
	}
	kind := os.Getenv("STANDIN")
	switch kind {
	case "talks":
		fmt.Fprintln(os.Stderr, "hello")
	case "fails":
		fmt.Fprintln(os.Stderr, "I fail")
		os.Exit(3)
	case "silent":
		return
	case "other lines":
		fmt.Print("hello\n\n MOSH CONNECT 1 x\nMOSH IP ::1\n")
	}
	address := "127.0.0.1:0"
	if kind == "any address" {
		address = "0.0.0.0:0"
	}
	socket, err := net.ListenPacket("udp4", address)
	if err != nil {
		panic(err)
	}
	port := socket.LocalAddr().(*net.UDPAddr).Port
	if kind == "foreground" {
		fmt.Printf("MOSH CONNECT %d %s\n", port, key)
		note("background", os.Getpid())
		os.Stdout.Close() // as one in the background does
		os.Stderr.Close()
		serveStandIn(socket)
	}
	startBackground(socket, strings.HasSuffix(kind, "in a session of its own"))
	fmt.Println(standInLine(kind, port, key))
	if kind == "fails late" {
		os.Exit(1)
	}
}

// startBackground starts the part of the stand-in that stays.
func startBackground(socket net.PacketConn, apart bool) {
	background := exec.Command("standin-mosh-server")
	background.Env = append(os.Environ(), "STANDIN_BACKGROUND=1")
	background.SysProcAttr = &syscall.SysProcAttr{Setsid: apart}
	file, _ := socket.(*net.UDPConn).File()
	background.ExtraFiles = []*os.File{file}
	if err := background.Start(); err != nil {
		panic(err)
	}
	note("background", background.Process.Pid)
}

// standInLine gives the line that the stand-in prints, when it is time.
func standInLine(kind string, port int, key string) string {
	line := fmt.Sprintf("MOSH CONNECT %d %s", port, key)
	switch kind {
	case "bad number", "bad number, in a session of its own":
		line = "MOSH CONNECT 70000 " + key
	case "bad key":
		line = fmt.Sprintf("MOSH CONNECT %d %s", port, "AAECAwQFBgcICQoLDA0OD!")
	case "no line":
		line = "MOSH CONNECTED"
	case "foreign port":
		line = fmt.Sprintf("MOSH CONNECT %s %s", os.Getenv("STANDIN_PORT"), key)
	case "blanks":
		line += " \t\r"
	case "slow":
		time.Sleep(6 * time.Second)
	case "never":
		time.Sleep(time.Minute)
	}
	return line
}

// standInBackground is the part of the stand-in that stays.
func standInBackground() {
	socket, err := net.FilePacketConn(os.NewFile(3, "socket"))
	if err != nil {
		panic(err)
	}
	serveStandIn(socket)
}

// serveStandIn answers each datagram with itself, made one of the server's.
func serveStandIn(socket net.PacketConn) {
	time.AfterFunc(2*progtest.Patience, func() { os.Exit(9) })
	for b := make([]byte, 4096); ; {
		n, from, err := socket.ReadFrom(b)
		if err != nil {
			panic(err)
		}
		b[0] |= 0x80
		socket.WriteTo(b[:n], from)
	}
}

// An agentTest runs an agent with stand-ins.
type agentTest struct {
	*testing.T
	dir    string
	socket string // where the daemon is, if there is one
	env    []string
}

func newAgentTest(t *testing.T, kind string) *agentTest {
	t.Helper()
	progtest.OnlyLinux(t, "a daemon")
	a := &agentTest{T: t, dir: t.TempDir()}
	a.socket = filepath.Join(a.dir, "moshd.sock")
	for _, name := range []string{"mosh-server", "mosh-client"} {
		script := "#!/bin/sh\nexec standin-" + name + " \"$@\"\n"
		progtest.Must(t, os.WriteFile(filepath.Join(a.dir, name), []byte(script), 0o755))
	}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.Contains([]string{"PATH", "MOSHD_SOCKET", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "MOSH_KEY"}, name) {
			a.env = append(a.env, variable)
		}
	}
	a.env = append(a.env, "HOME="+a.dir, "STANDIN="+kind, "STANDIN_DIR="+a.dir, "PATH="+a.dir+":"+os.Getenv("PATH"))
	t.Cleanup(func() {
		var pid int
		if a.noted("background", &pid) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return a
}

// noted reads what a stand-in noted, and says whether it did.
func (a *agentTest) noted(name string, v any) bool {
	text, err := os.ReadFile(filepath.Join(a.dir, name))
	if err == nil {
		progtest.Must(a.T, json.Unmarshal(text, v))
	}
	return err == nil
}

func (a *agentTest) command(program string, args ...string) *exec.Cmd {
	a.Helper()
	cmd := exec.CommandContext(a.Context(), program, args...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = a.env, a.dir, 5*time.Second
	return cmd
}

// run runs an agent to its end, which must be that of its output, too: what it leaves in the background must not hold
// that.
func (a *agentTest) run(program string, args ...string) progtest.Result {
	a.Helper()
	var stdout, stderr bytes.Buffer
	cmd := a.command(program, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); errors.Is(err, exec.ErrWaitDelay) || cmd.ProcessState == nil {
		a.Fatalf("%s: %v", program, err)
	}
	return progtest.Result{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// checkError demands that the agent ended with an error and a reason that has these words, and that nothing is left of
// mosh-server.
func (a *agentTest) checkError(got progtest.Result, code int, reason string) {
	a.Helper()
	if got.Code != code || strings.Contains("\n"+got.Stdout, "\nMOSH CONNECT ") ||
		!strings.Contains(got.Stderr, reason) {
		a.Errorf("got %+v; wanted is exit code %d, no CONNECT line, and %q", got, code, reason)
	}
	var pid int
	if a.noted("background", &pid) && isAlive(pid) {
		a.Error("mosh-server is still there")
	}
}

// isAlive says whether there is a process that has not ended.
func isAlive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	i := bytes.LastIndexByte(stat, ')')
	return err == nil && i >= 0 && !bytes.HasPrefix(stat[i:], []byte(") Z"))
}

// gone waits for the end of a process and returns how long that took.
func gone(t *testing.T, pid int) time.Duration {
	t.Helper()
	start := time.Now()
	progtest.Must(t, progtest.Poll(func() error {
		if isAlive(pid) {
			return fmt.Errorf("process %d is still there", pid)
		}
		return nil
	}))
	return time.Since(start)
}

// backgroundOf finds the process that an agent left behind: the one of this program's in the background that has
// variable in its environment.
func backgroundOf(t *testing.T, program, variable string) (pid int) {
	t.Helper()
	progtest.Must(t, progtest.Poll(func() error {
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, file := range files {
			command, _ := os.ReadFile(file)
			environment, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "environ"))
			if bytes.Contains(command, []byte(program+"\x00--in-background\x00")) &&
				bytes.Contains(environment, []byte(variable+"\x00")) {
				_, err := fmt.Sscanf(file, "/proc/%d/", &pid)
				return err
			}
		}
		return errors.New("nothing is in the background")
	}))
	return pid
}
