package tcpmux

import (
	"bytes"
	"maps"
	"net"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
	wire "github.com/muxspec/muxspec/conformance/wire/tcpmux"
)

func clientVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "client", Usage: "[-list|NAME]",
			Help: "Start the target and have it ask for the service NAME, or for {any} if no name is given, or with " +
				"-list for the list of services.",
			Max: 1, Run: clientVerb},
		{Name: "accept",
			Help: "The target connects. The new connection becomes the current one.", Max: -1, Run: acceptVerb},
		{Name: "request",
			Help: "The target sends the requested name, in any case, followed by CR LF, and nothing before it.",
			Run:  requestVerb},
		{Name: "type", Usage: "TEXT...|-filler N|-end",
			Help: "Write to the target's standard input: the texts, N bytes of the pattern, or the end of input.",
			Min:  1, Max: -1, Run: typeVerb},
		{Name: "prints", Usage: "TEXT...|-filler N",
			Help: "The next bytes on the target's standard output are exactly these.",
			Min:  1, Max: -1, Run: printsVerb},
		{Name: "ends", Usage: "ok|failed|anyhow",
			Help: "The target ends with exit code 0 (ok) or another (failed). It counts as failed only if it has " +
				"been asked for a service: a program that never connects has not refused anything. With anyhow, it " +
				"ends with any code, but it does not crash.", Min: 1, Max: 1, Run: endsVerb},
		{Name: "exchange baseline",
			Help: "Run the whole baseline of a client.",
			Run:  func(s *engine.Session, args []string) error { return goodClient(s) }},
	}
}

// A client is a target that connects to the suite.
type client struct {
	*proc.Process
	listener *net.TCPListener
	name     string // the service that it was told to ask for
	begun    time.Time
	asked    bool // it has connected and sent its request
	printed  int  // bytes of its output that verbs have taken
}

// startClient starts the target with the argument that has it ask this session's own server for a service.
func startClient(s *engine.Session, argument, name string) error {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return engine.Inconclusive("listening: %v", err)
	}
	values := maps.Clone(s.Values)
	values["address"], values["name"] = l.Addr().String(), argument
	values["host"], values["port"], _ = net.SplitHostPort(values["address"])
	s.Keep(l)
	in, err := s.Start(values)
	s.In = in
	if err != nil {
		return engine.Violation("starting the target: %v", err)
	}
	s.Keep(in.Process.Stdin)
	of(s).client = &client{Process: in.Process, listener: l, name: name, begun: time.Now()}
	s.Rec.Note(". the target is started to ask for %s", engine.Shown([]byte(name)))
	return nil
}

func clientVerb(s *engine.Session, args []string) error {
	if len(args) == 0 {
		args = []string{"{any}"}
	}
	if argument := s.Target().List(listKey); args[0] == "-list" && len(argument) > 0 {
		return startClient(s, argument[0], "HELP")
	}
	name := string(s.Texts(args))
	return startClient(s, name, name)
}

func acceptVerb(s *engine.Session, args []string) error {
	if !(len(args) == 0 && of(s).client != nil) {
		return engine.ErrUsage
	}
	return accept(s)
}

// accept waits for the target to connect or to end.
func accept(s *engine.Session) error {
	for w := s.Wait(); ; {
		of(s).client.listener.SetDeadline(time.Now().Add(5 * time.Millisecond))
		c, err := of(s).client.listener.AcceptTCP()
		if err == nil {
			tcp.Of(s).Cur = tcp.NewConn(s, c, "").Accepted()
			s.Keep(tcp.Current(s))
			s.Good(time.Since(of(s).client.begun))
			return nil
		}
		if how := of(s).client.Ended(); how != "" {
			return engine.Violation("expected the target to connect; it ended: %s", how)
		}
		if w.Over() {
			return s.Meaning(w, "the target to connect", engine.ErrLimit)
		}
	}
}

func requestVerb(s *engine.Session, args []string) error {
	want := []byte(of(s).client.name + "\r\n")
	w := s.Wait()
	got, err := tcp.Current(s).Exactly(len(want), w)
	if err != nil {
		got = tcp.Current(s).In
	}
	switch {
	case !wire.SameName(got, want[:len(got)]):
		return engine.Violation("expected the request %s, not %s", engine.Shown(want), engine.Shown(got))
	case err != nil:
		return s.MeaningBehind(w, "the request "+engine.Shown(want), got, err)
	}
	of(s).client.asked = true
	return nil
}

func typeVerb(s *engine.Session, args []string) error {
	if args[0] == "-end" {
		of(s).client.Stdin.Close()
		s.Rec.Note(". the target's standard input ends")
		return nil
	}
	b := tcp.Filler(s, args)
	s.Rec.Bytes("stdin >", "", b)
	go of(s).client.Stdin.Write(b) // if the target does not read, its output shows it
	return nil
}

func printsVerb(s *engine.Session, args []string) error {
	return printed(s, tcp.Filler(s, args))
}

// printed waits until the target has printed want, right after the output that was taken before.
func printed(s *engine.Session, want []byte) error {
	w := s.Wait()
	for {
		all, whole := of(s).client.Stdout.From(of(s).client.printed)
		if !whole {
			return engine.Inconclusive("the target printed more than the suite keeps")
		}
		got := all[:min(len(all), len(want))]
		if !bytes.HasPrefix(want, got) {
			return engine.Violation("expected the output %s, not %s", engine.Shown(want), engine.Shown(got))
		}
		if len(got) == len(want) {
			of(s).client.printed += len(want)
			return nil
		}
		if how := of(s).client.Ended(); how != "" && len(all) == len(got) {
			return engine.Violation("expected the output %s; %s came, and the target ended: %s", engine.Shown(want),
				engine.Shown(got), how)
		}
		if w.Over() {
			return s.Meaning(w, "the output "+engine.Shown(want), engine.ErrLimit)
		}
		time.Sleep(time.Millisecond)
	}
}

func endsVerb(s *engine.Session, args []string) error {
	switch args[0] {
	case "ok", "failed":
		return ends(s, args[0] == "ok", s.Wait())
	case "anyhow":
		return endsAnyhow(s, s.Wait())
	}
	return engine.ErrUsage
}

// endsAnyhow waits until the target has ended by itself: by no signal but that of a closed connection, and not as Go's
// programs do that panic.
func endsAnyhow(s *engine.Session, w proc.Wait) error {
	if !w.Closes(of(s).client.Gone) {
		return s.Meaning(w, "the end of the target", engine.ErrLimit)
	}
	state := of(s).client.Cmd.ProcessState
	status, ok := state.Sys().(syscall.WaitStatus)
	crashed := ok && status.Signaled() && status.Signal() != syscall.SIGPIPE
	if crashed || bytes.Contains(of(s).client.Printed(), []byte("\ngoroutine 1 [")) {
		return engine.Violation("the target has crashed: %v", state)
	}
	return nil
}

func ends(s *engine.Session, ok bool, w proc.Wait) error {
	if !w.Closes(of(s).client.Gone) {
		return s.Meaning(w, "the end of the target", engine.ErrLimit)
	}
	state := of(s).client.Cmd.ProcessState
	s.Rec.Note(". the target has ended: %v", state)
	switch {
	case !of(s).client.asked && !ok:
		return engine.Blocked("the target did not send its request, so its failure means nothing")
	case state.Success() && !ok:
		return engine.Violation("expected the target to end unsuccessfully; its exit code is 0")
	case !state.Success() && ok:
		return engine.Violation("expected the target to end successfully; %v", state)
	}
	return nil
}
