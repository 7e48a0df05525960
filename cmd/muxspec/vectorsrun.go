package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
	"github.com/muxspec/muxspec/vectors"
)

const vectorsRunUsage = `Usage: muxspec vectors run [OPTION]... PROTOCOL -- CODEC [ARGUMENT]...

Ask a codec all golden vectors of PROTOCOL: tcpmux, hmacsocket or udpmux. CODEC is a program in any language. It reads
one question per line from standard input, a JSON object, and writes one answer per line to standard output;
vectors/README.md describes both. Each wrong answer is shown with its vector, and all are counted by file.

Exit codes: 0 all answers are right, apart from "unsupported"; 1 one is wrong; 2 wrong usage, or CODEC cannot be
started; 3 no conclusion: an answer did not come or is no JSON object, or all are "unsupported".
`

// A codecRun is one run of a codec.
type codecRun struct {
	files    []vectors.File
	argv     []string
	without  []string // flags
	patience time.Duration
}

func vectorsRunMain(args []string) int {
	fs := cmdline.New(vectorsRunUsage)
	var r codecRun
	fs.DurationVar(&r.patience, "patience", 5*time.Second, "the `TIME` to wait for an answer")
	fs.StringSliceVar(&r.without, "without", nil,
		"leave out vectors with this `FLAG`, where the codec differs on purpose; repeatable")
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if err := r.prepare(fs); err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	if code, done := supervise(false); done {
		return code
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	heard()
	c, err := startCodec(ctx, r.argv, r.patience)
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	total, err := r.ask(c)
	stderr := c.end()
	fmt.Fprintln(out, total)
	switch {
	case ctx.Err() != nil:
		err = errors.New("interrupted")
	case err == nil && total.counts[vectors.Right]+total.counts[vectors.Wrong] == 0:
		err = errors.New("no answer could be judged")
	}
	code := report.ExitOK
	switch {
	case err != nil:
		cmdline.Complain(fs, "%v", err)
		code = report.ExitInconclusive
	case total.counts[vectors.Wrong] > 0:
		code = report.ExitViolation
	}
	if code != report.ExitOK {
		printStderr(stderr)
	}
	return code
}

// printStderr prints what a codec wrote to standard error.
func printStderr(text string) {
	if text != "" {
		fmt.Fprintln(out, "\nthe codec's standard error:")
	}
	for line := range strings.Lines(text) {
		fmt.Fprintf(out, "    %s\n", shown([]byte(strings.TrimRight(line, "\r\n"))))
	}
}

// prepare takes the arguments.
func (r *codecRun) prepare(fs *pflag.FlagSet) (err error) {
	protocol := fs.Args()
	if n := fs.ArgsLenAtDash(); n >= 0 {
		protocol, r.argv = protocol[:n], protocol[n:]
	}
	switch {
	case len(protocol) == 0:
		return fmt.Errorf("PROTOCOL is missing; it is one of %s", strings.Join(docs.Protocols(), ", "))
	case len(protocol) > 1:
		return fmt.Errorf("unexpected argument %q (put -- before a command)", protocol[1])
	case len(r.argv) == 0:
		return errors.New("the codec's command is missing: put it after --")
	case r.patience <= 0:
		return fmt.Errorf("--patience %v: must be above 0", r.patience)
	}
	if r.files, err = vectorFiles(protocol[0]); err != nil {
		return err
	}
	flags := map[string]vectors.Flag{}
	for _, file := range r.files {
		maps.Copy(flags, file.Flags)
	}
	for _, flag := range r.without {
		if _, ok := flags[flag]; !ok {
			return fmt.Errorf("--without %s: the flags of %s are %s", flag, protocol[0],
				strings.Join(slices.Sorted(maps.Keys(flags)), ", "))
		}
	}
	return nil
}

// A tally counts answers.
type tally struct {
	name   string
	counts map[vectors.Verdict]int
	left   int // left out
}

func (t tally) String() string {
	var parts []string
	asked := 0
	for _, verdict := range []vectors.Verdict{vectors.Right, vectors.Wrong, vectors.Unsupported} {
		if n := t.counts[verdict]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, verdict))
			asked += n
		}
	}
	if t.left > 0 {
		parts = append(parts, fmt.Sprintf("%d left out", t.left))
	}
	return fmt.Sprintf("%-32s %4d asked: %s", t.name, asked, cmp.Or(strings.Join(parts, ", "), "nothing"))
}

// ask asks everything, and prints wrong answers and a line for each file. The error is that an answer did not come,
// or that the codec did not end well.
func (r *codecRun) ask(c *codec) (total tally, err error) {
	total = tally{name: "all", counts: map[vectors.Verdict]int{}}
	for _, file := range r.files {
		t := tally{name: file.Protocol + "/" + file.Name, counts: map[vectors.Verdict]int{}}
		for _, v := range file.Vectors {
			if slices.ContainsFunc(v.Common().Flags, func(f string) bool { return slices.Contains(r.without, f) }) {
				t.left++
				continue
			}
			verdict, askErr := askOne(c, file, v)
			if err = askErr; err != nil {
				break
			}
			t.counts[verdict]++
		}
		fmt.Fprintln(out, t)
		for verdict, n := range t.counts {
			total.counts[verdict] += n
		}
		total.left += t.left
		if err != nil {
			return total, err
		}
	}
	if err = c.finish(); err != nil {
		err = fmt.Errorf("the codec %w", err)
	}
	return total, err
}

// askOne asks a vector, and prints a wrong answer.
func askOne(c *codec, file vectors.File, v vectors.Vector) (vectors.Verdict, error) {
	questions, err := file.Codec.Questions(v)
	if err != nil {
		return "", err
	}
	verdict := vectors.Right
	for _, q := range questions {
		answer, err := c.ask(q.Text)
		if err != nil {
			return "", fmt.Errorf("%s: the codec %w", v.Common().ID, err)
		}
		var differ []string
		if verdict, differ, err = q.Judge(answer); err != nil {
			return "", fmt.Errorf("%s: the codec printed %w: %s", v.Common().ID, err, shown(answer))
		}
		if verdict == vectors.Wrong {
			printWrong(file, v.Common(), q, answer, differ)
		}
		if verdict != vectors.Right {
			break
		}
	}
	return verdict, nil
}

// printWrong prints a wrong answer.
func printWrong(file vectors.File, head *vectors.Head, q vectors.Question, answer []byte, differ []string) {
	fmt.Fprintf(out, "WRONG %s: %s\n    %s\n", head.ID, strings.Join(differ, ", "), head.Comment)
	for _, flag := range head.Flags {
		effect := strings.TrimPrefix(" "+file.Flags[flag].Effect, " None: judge as usual.")
		fmt.Fprintf(out, "    %s: %s%s\n", flag, file.Flags[flag].About, effect)
	}
	var compact bytes.Buffer
	if json.Compact(&compact, answer) == nil {
		answer = compact.Bytes()
	}
	fmt.Fprintf(out, "      asked    %s\n      expected %s\n      came     %s\n",
		shown(q.Text), shown(q.Want), shown(answer))
	if len(head.Rules) > 0 {
		fmt.Fprintf(out, "      rules    %s\n", strings.Join(head.Rules, ", "))
	}
	fmt.Fprintln(out)
}
