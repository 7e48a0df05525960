package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/process"
)

// What mosh-server-mux and mosh-client-mux have in common: they start the real program, and stay in the background
// themselves. Go cannot fork, so a program runs itself again, with this argument alone.
const backgroundArg = "--in-background"

// InBackground says whether args start a program in the background.
func InBackground(args []string) bool { return slices.Equal(args, []string{backgroundArg}) }

// startInBackground runs this program, whose arguments are args, again, in a session of its own and away from the
// terminal. The new process gets state through a pipe, since arguments and environment are public, the socket, and the
// file that tells it to end, if there is one. When startInBackground returns, it holds nothing else.
func startInBackground(args []string, state any, socket interface{ File() (*os.File, error) }, end *os.File) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, _ := json.Marshal(backgroundState{end != nil, state}) // nothing in a state can fail
	passed, err := socket.File()
	if err != nil {
		return err
	}
	defer passed.Close()
	// What comes before args is the program, and muxspec's subcommand.
	argv := append(slices.Clone(os.Args[:len(os.Args)-len(args)]), backgroundArg)
	cmd := &exec.Cmd{Path: self, Args: argv, Stdin: bytes.NewReader(text), ExtraFiles: []*os.File{passed, end}}
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	cmd.Env = process.Environment("MOSH_KEY") // K stays where mosh put it
	ready, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	defer ready.Close()
	if err := cmd.Start(); err != nil {
		return err
	}
	if said, _ := io.ReadAll(ready); len(said) == 0 { // to its end: then the process holds nothing of this one
		return errors.New("the process in the background does not start")
	}
	return nil
}

type backgroundState struct {
	HasEnd bool
	State  any
}

// beInBackground is what such a program does first: it reads its state into what state points to, takes its socket and
// its file, and gives up everything else that it has inherited and all that has to do with the terminal.
func beInBackground(state any) (socket net.Conn, end *os.File, err error) {
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTSTP, unix.SIGPIPE)
	all := backgroundState{State: state}
	if err := json.NewDecoder(os.Stdin).Decode(&all); err != nil {
		return nil, nil, err
	}
	passed := os.NewFile(3, "socket")
	if socket, err = net.FileConn(passed); err != nil {
		return nil, nil, err
	}
	passed.Close()
	if all.HasEnd {
		unix.CloseOnExec(4)
		end = os.NewFile(4, "end")
	}
	for _, fd := range process.Inherited() {
		unix.Close(fd)
	}
	if err := os.Chdir("/"); err != nil { // the folder that it was started in stays free to be unmounted
		return nil, nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	defer null.Close()
	os.Stdout.Write([]byte{1}) // it is ready; its start ends here
	return socket, end, errors.Join(dup2(int(null.Fd()), 0), dup2(int(null.Fd()), 1))
}

// triedVariable has the id of an agent's process, and the programs that it has taken for the real one. If such a
// program starts the agent again, as a script of that name may, the agent takes the next one on PATH.
const triedVariable = "MOSH_MUX_TRIED"

// realProgram finds the first program of this name on PATH that is not one of ours under another name and does not lead
// to one: that would never end. environment is what to start it with.
func realProgram(name string) (path string, environment []string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	own, err := os.Stat(self)
	if err != nil {
		return "", nil, err
	}
	tried := triedByThis()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if !filepath.IsAbs(dir) {
			continue // as exec.LookPath: the current directory is anybody's
		}
		path, err := exec.LookPath(filepath.Join(dir, name))
		if err != nil || slices.Contains(tried, path) {
			continue
		}
		target, err := filepath.EvalSymlinks(path)
		if err != nil || filepath.Base(target) == name+"-mux" {
			continue
		}
		if found, err := os.Stat(target); err != nil || os.SameFile(found, own) {
			continue
		}
		tried = append([]string{strconv.Itoa(os.Getpid())}, append(tried, path)...)
		mark := triedVariable + "=" + strings.Join(tried, string(filepath.ListSeparator))
		return path, append(process.Environment(triedVariable), mark), nil
	}
	return "", nil, fmt.Errorf("there is no %s on PATH that is not this program", name)
}

// triedByThis are the programs that this process, or one that it descends from, has taken for the real one. Another
// process's variable says nothing: a user's shell has it from mosh-server.
func triedByThis() []string {
	tried := strings.Split(os.Getenv(triedVariable), string(filepath.ListSeparator))
	pid, err := strconv.Atoi(tried[0])
	if err != nil || !process.DescendsFrom(pid) {
		return nil
	}
	return tried[1:]
}
