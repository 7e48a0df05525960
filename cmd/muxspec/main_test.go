package main

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"muxspec":   main,
		"oddserver": func() { oddserver(os.Args[1], os.Args[2], os.Args[3:]) },
		"oddclient": func() { oddclient(os.Args[1], os.Args[2:]) },
		"odddaemon": func() { odddaemon(os.Args[1], os.Args[2], os.Args[3]) },
	})
}

// TestScripts runs muxspec as a user does. Its targets are the reference and the odd servers below.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exitcode": exitcode,
			"outcomes": outcomes,
			"passes":   passes,
			"evidence": evidence,
			"join":     join,

			"othersuite": otherSuite,
		},
	})
}

// exitcode N COMMAND...: the command ends with this exit code.
func exitcode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, expected %s", got, args[0])
	}
}

// reportSchema is what every report has to follow.
var reportSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(report.Schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("report.schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("report.schema.json")
})

// readReport reads a JSON report, and checks it against its schema.
func readReport(ts *testscript.TestScript, file string) (rep report.Report) {
	text := ts.ReadFile(file)
	schema, err := reportSchema()
	ts.Check(err)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	ts.Check(err)
	ts.Check(schema.Validate(doc))
	ts.Check(json.Unmarshal([]byte(text), &rep))
	return rep
}

// outcomes FILE OUTCOME=N...: the report has so many rules with the outcome, RULE=OUTCOME: the rule has it.
func outcomes(ts *testscript.TestScript, neg bool, args []string) {
	rep := readReport(ts, args[0])
	for _, arg := range args[1:] {
		key, want, _ := strings.Cut(arg, "=")
		got := fmt.Sprint(rep.Summary.Count[report.Outcome(key)])
		for _, rule := range rep.Rules {
			if rule.ID == key {
				got = string(rule.Outcome)
			}
		}
		if got != want {
			ts.Fatalf("%s is %s, expected %s", key, got, want)
		}
	}
}

// passes FILE: each rule of the pages that can be tested is in the report for each of its roles, and passes. What only
// root can see may be unsupported for others, and what only Linux shows, elsewhere.
func passes(ts *testscript.TestScript, neg bool, args []string) {
	rep := readReport(ts, args[0])
	reported := make(map[[2]string]bool)
	for _, rule := range rep.Rules {
		reported[[2]string{rule.ID, rule.Role}] = true
		excused := rule.Outcome == report.Unsupported && !slices.ContainsFunc(rule.Scenarios, inexcusable)
		if rule.Outcome != report.Pass && !excused {
			ts.Fatalf("%s is %s: %+v", rule.ID, rule.Outcome, rule.Scenarios)
		}
	}
	rules, err := docs.All()
	ts.Check(err)
	for _, rule := range rules {
		for _, role := range rule.Roles {
			if rule.Untested == "" && !reported[[2]string{rule.ID, role}] {
				ts.Fatalf("%s is not in the report for %s", rule.ID, role)
			}
		}
	}
}

// inexcusable: the scenario did not pass, though this user can have on this system what it needs.
func inexcusable(s report.ScenarioResult) bool {
	needsRoot := os.Geteuid() != 0 && strings.Contains(s.Reason, "root")
	return s.Outcome != report.Pass && runtime.GOOS == "linux" && !needsRoot
}

// join OUT FILE...: write the files one after another.
func join(ts *testscript.TestScript, neg bool, args []string) {
	var all string
	for _, file := range args[1:] {
		all += ts.ReadFile(file)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(all), 0o644))
}

// evidence FILE SCENARIO TEXT: the reason or the evidence of the scenario holds the text.
func evidence(ts *testscript.TestScript, neg bool, args []string) {
	rep := readReport(ts, args[0])
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			if s.Name == args[1] && strings.Contains(s.Reason+"\n"+strings.Join(s.Proof, "\n"), args[2]) != neg {
				return
			}
		}
	}
	ts.Fatalf("%s: %q: not as expected in\n%s", args[1], args[2], ts.ReadFile(args[0]))
}

// oddserver KIND ADDRESS is a server with one oddity. Kinds that begin with "no-" are null targets: they keep no rule
// at all, and a suite that lets one of them pass any is worth nothing.
func oddserver(kind, address string, connect []string) {
	if kind == "no-start" {
		fmt.Fprintln(os.Stderr, "oddserver: I do not start")
		os.Exit(7)
	}
	if kind == "no-listen" {
		time.Sleep(time.Hour) // hangs; the suite ends it
	}
	if kind == "fixed" {
		address = "127.0.0.1:0" // wherever it likes
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		panic(err)
	}
	if kind == "wordy" {
		fmt.Print(strings.Repeat("I start\n", 1000), "ready\n")
	}
	for n := 0; ; n++ {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		if kind == "dies" && n == 5 {
			os.Exit(9)
		}
		if kind == "spins" {
			spin(c)
			continue
		}
		if kind == "dies-of-nul" { // before it serves the next
			odd(kind, c)
			c.Close()
			continue
		}
		go func() {
			defer c.Close()
			if kind == "no-hmac" {
				forward(c, connect[0])
				return
			}
			odd(kind, c)
		}()
	}
}

// spinning is a process that serves a connection, and then takes all the processor time that it gets.
const spinning = `
line=$(dd bs=64 count=1 2>/dev/null)
case $line in
[Ee][Cc][Hh][Oo]?) printf '+\r\n'; cat ;;
*) printf -- '-\r\n' ;;
esac
exec <&- >&-
while :; do :; done`

// spin serves a connection by a process, as a forking server does.
func spin(c net.Conn) {
	defer c.Close()
	f, err := c.(*net.TCPConn).File()
	if err != nil {
		panic(err)
	}
	defer f.Close()
	child := exec.Command("sh", "-c", spinning)
	child.Stdin, child.Stdout = f, f
	if err := child.Start(); err != nil {
		panic(err)
	}
}

// forward carries bytes as they are, without an Init or an HMAC.
func forward(c net.Conn, address string) {
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer to.Close()
	go io.Copy(to, c)
	io.Copy(c, to)
}

// odd serves one connection.
func odd(kind string, c net.Conn) {
	switch kind {
	case "no-answer":
		io.Copy(io.Discard, c)
	case "no-word": // closes at once
	case "no-sense":
		io.CopyN(c, rand.Reader, 1<<16)
	case "no-idea": // echoes
		io.Copy(c, c)
	case "no-no":
		io.WriteString(c, "-no\r\n")
		c.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, c)
	case "always-plus":
		r := bufio.NewReader(c)
		r.ReadString('\n')
		io.WriteString(c, "+\r\n")
		io.Copy(c, r)
	case "slow":
		time.Sleep(100 * time.Millisecond)
		fallthrough
	default: // right, as far as a good exchange goes
		r := bufio.NewReader(c)
		line, _ := r.ReadString('\n')
		if kind == "dies-of-nul" && (strings.Contains(line, "\x00") || !strings.HasSuffix(line, "\n")) {
			os.Exit(9)
		}
		if strings.EqualFold(line, "echo\r\n") {
			io.WriteString(c, "+\r\n")
			io.Copy(c, r)
		} else {
			io.WriteString(c, "-\r\n")
		}
	}
}

// oddclient KIND ADDRESS [NAME] is a client with one oddity.
func oddclient(kind string, args []string) {
	c, err := net.Dial("tcp", args[0])
	if err != nil {
		os.Exit(3)
	}
	switch kind {
	case "closes":
	case "echoes":
		io.Copy(c, c)
	case "trusts": // takes any line for a positive reply
		fmt.Fprintf(c, "%s\r\n", args[1])
		r := bufio.NewReader(c)
		r.ReadString('\n')
		go io.Copy(c, os.Stdin)
		io.Copy(os.Stdout, r)
	}
}
