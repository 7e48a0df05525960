package tcp

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
)

func loadVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "flood", Usage: "[-keep|-much] N [TEXT]",
			Help: "Open N connections at once and send the text on each; with -much, add 4 MiB without a line end. " +
				"Then close them all, or with -keep leave them open.", Max: -1, Run: floodVerb},
		{Name: "dropped", Usage: "silent|drip|late",
			Help: "The target ends a connection after its stated time limit if the connection sends nothing " +
				"(silent) or a byte now and then (drip). With late, the connection starts dripping late, and still " +
				"ends before a connection that was opened after it and sends nothing.",
			Min: 1, Max: 1, Run: droppedVerb},
	}
}

// muchBytes is what a client of "flood -much" sends without a line end.
const muchBytes = 4 << 20

func floodVerb(s *engine.Session, args []string) error {
	keep, much := len(args) > 0 && args[0] == "-keep", len(args) > 0 && args[0] == "-much"
	if keep || much {
		args = args[1:]
	}
	if !(len(args) == 1 || len(args) == 2) {
		return engine.ErrUsage
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return engine.ErrUsage
	}
	text := s.Texts(args[1:])
	if much {
		text = append(text, bytes.Repeat([]byte("a"), muchBytes)...)
	}
	conns := ConnectAll(s, n, func(c *Conn) {
		c.Send(text, s.Wait())
		if much { // so that the target holds what all have sent, and not the kernel
			Emptied(c, s.Wait())
		}
	})
	if much { // while the connections exist: a process for each may end with it
		s.Peak = s.In.Process.Members().Memory()
	}
	for _, c := range conns {
		if keep {
			s.Keep(c)
		} else {
			c.Close()
		}
	}
	s.Rec.Note("%d of %d connections opened at once, %s sent on each", len(conns), n, engine.Shown(text))
	return nil
}

// ConnectAll opens so many connections at once, does something with each, and gives those that were opened: how many a
// target takes at once is its own choice. All are alike, so none is evidence.
func ConnectAll(s *engine.Session, n int, do func(*Conn)) (opened []*Conn) {
	s.In.Crowd += n
	quiet := s.Rec.Quiet()
	var mu sync.Mutex
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			c, err := Connect(s, "", quiet)
			if err != nil {
				return
			}
			do(c)
			mu.Lock()
			defer mu.Unlock()
			opened = append(opened, c)
		})
	}
	all.Wait()
	return opened
}

// Emptied waits until the target has read all that was sent, and says whether that could be seen. The queue has to be
// empty several times: what is still on its way arrives between two looks.
func Emptied(c *Conn, w proc.Wait) bool {
	const looks = 5
	for empty := 0; empty < looks; time.Sleep(time.Millisecond) {
		yes, known := proc.Received(c)
		switch {
		case !known || w.Over():
			return false
		case yes:
			empty++
		default:
			empty = 0
		}
	}
	return true
}

func droppedVerb(s *engine.Session, args []string) error {
	if !slices.Contains([]string{"silent", "drip", "late"}, args[0]) {
		return engine.ErrUsage
	}
	timer, drop, err := s.First()
	if err != nil {
		return err
	}
	stated, err := s.Stated(timer)
	if err != nil {
		return engine.Violation("%v", err)
	}
	c := Current(s)
	c.SetWriteDeadline(time.Time{}) // an earlier write's deadline would end the dripping
	if args[0] == "late" {
		return droppedLate(s, c, drop, stated)
	}
	if args[0] == "drip" {
		stop := make(chan struct{})
		defer close(stop)
		go drip(c, drop, stated/4, stop)
	}
	w := s.WaitFor(stated)
	for {
		switch err := c.Fill(w); {
		case err == engine.ErrLimit:
			return s.Meaning(w, fmt.Sprintf("the end of the connection, for which the target states %v", stated), err)
		case err != nil:
			return nil // whether by FIN or reset
		}
	}
}

// droppedLate judges a connection whose first byte comes when its time is nearly over. A clock would have to allow for
// as much time as the fault itself takes. A second connection, half the time younger, tells whether the first has had
// more than its time, however slow the machine is.
func droppedLate(s *engine.Session, c *Conn, drop []byte, stated time.Duration) error {
	s.Pause(stated / 2)
	younger, err := Reach(s, "younger")
	if err != nil {
		return err
	}
	began := time.Now()
	s.Pause(stated * 4 / 10)
	stop := make(chan struct{})
	defer close(stop)
	go drip(c, drop, stated/4, stop)
	moment, turnedAway := stated/20, false
	for w := s.WaitFor(2 * stated); ; {
		if err := c.Fill(s.Window(moment)); err != nil && err != engine.ErrLimit {
			return nil
		}
		if w.Over() {
			want := fmt.Sprintf("the end of the connection, for which the target states %v", stated)
			return s.Meaning(w, want, engine.ErrLimit)
		}
		if turnedAway {
			continue
		}
		if err := younger.Fill(s.Window(moment)); err == nil || err == engine.ErrLimit {
			continue
		}
		if turnedAway = time.Since(began) < stated*3/4; turnedAway { // it had no place and tells nothing
			continue
		}
		if last := s.Window(4 * moment); c.ends(last) {
			return nil
		}
		return engine.Violation("the target states %v; it has ended a connection that sent nothing "+
			"and was opened %v later, and not this one", stated, stated/2)
	}
}

// ends says whether the target ends the connection.
func (c *Conn) ends(w proc.Wait) bool {
	for {
		if err := c.Fill(w); err != nil {
			return err != engine.ErrLimit
		}
	}
}

// drip sends a byte of the text at intervals.
func drip(c io.Writer, text []byte, every time.Duration, stop chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := 0; ; i++ {
		if _, err := c.Write(text[i%len(text):][:1]); err != nil {
			return
		}
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}
