package agent

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

var testS = udpmux.RegistrationKey([16]byte{1})

var testRegister = udpmux.Frame{Type: udpmux.Register, Modes: udpmux.Token, Port: 33418, S: testS}

// A fakeDaemon is the other side of an agent's dialer. It has the answers, by the number of the attempt.
type fakeDaemon struct {
	t        *testing.T
	start    time.Time
	attempts []time.Duration // when
	conns    []net.Conn      // of answered attempts
	got      []udpmux.Frame  // the last attempt's
	answers  func(n int) []udpmux.Frame
}

var (
	good    = []udpmux.Frame{{Type: udpmux.Welcome, Modes: udpmux.Token, Port: 60000}, {Type: udpmux.Registered, ID: 1}}
	refused = []udpmux.Frame{{Type: udpmux.Error, Code: udpmux.CodeLimit}}
)

func (d *fakeDaemon) dial(context.Context) (net.Conn, error) {
	n := len(d.attempts)
	d.attempts = append(d.attempts, time.Since(d.start))
	answers := d.answers(n)
	if answers == nil {
		return nil, ErrNoDaemon
	}
	c, agent := net.Pipe()
	d.got = nil
	d.conns = append(d.conns, c)
	go func() {
		frames := udpmux.NewFrameReader(c)
		for _, answer := range answers {
			f, err := frames.Next()
			if err != nil {
				d.t.Error(err)
			}
			d.got = append(d.got, f)
			b, _ := udpmux.AppendFrame(nil, answer)
			c.Write(b)
		}
		if len(answers) < 2 {
			c.Close()
		}
	}()
	return agent, nil
}

func TestConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDaemon{t: t, start: time.Now(), answers: func(int) []udpmux.Frame {
			return []udpmux.Frame{{Type: udpmux.Welcome, Modes: udpmux.Learn | udpmux.Token | 0x80, Port: 60000},
				{Type: udpmux.Registered, ID: 7}}
		}}
		a, err := Dialer(d.dial).Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a.Modes != udpmux.Learn|udpmux.Token || a.Port != 60000 {
			t.Errorf("modes %v (unknown bits must be ignored), port %d", a.Modes, a.Port)
		}
		time.Sleep(time.Second)
		if age := time.Since(a.welcome); age != time.Second {
			t.Errorf("age %v", age)
		}
		if err := a.Register(t.Context(), testRegister); err != nil {
			t.Fatal(err)
		}
		if want := []udpmux.Frame{{Type: udpmux.Hello, Version: 1}, testRegister}; !slices.Equal(d.got, want) {
			t.Errorf("got %v, want %v", d.got, want)
		}
	})
}

func TestConversationFails(t *testing.T) {
	for name, test := range map[string]struct {
		answer []byte // and then the end of the connection
		want   error
	}{
		"end":            {nil, errEnded},
		"error":          {[]byte{0, 5, 5, 6, 'o', 'f', 'f'}, &udpmux.Refusal{Code: 6, Text: "off"}},
		"unknown code":   {[]byte{0, 2, 5, 99}, &udpmux.Refusal{Code: 99, Text: ""}},
		"other type":     {[]byte{0, 5, 4, 0, 0, 0, 7}, errUnexpected},
		"unknown type":   {[]byte{0, 2, 9, 0}, udpmux.ErrUnknownType},
		"bad port":       {[]byte{0, 4, 2, 3, 0, 0}, udpmux.ErrBadPort},
		"cut short":      {[]byte{0, 4, 2}, udpmux.ErrCutShort},
		"length of zero": {[]byte{0, 0}, udpmux.ErrEmptyFrame},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Dialer(func(context.Context) (net.Conn, error) {
				c, agent := net.Pipe()
				go func() {
					io.ReadFull(c, make([]byte, 4))
					c.Write(test.answer)
					c.Close()
				}()
				return agent, nil
			}).Connect(t.Context())
			refusal, isRefusal := errors.AsType[*udpmux.Refusal](err)
			want, wantsRefusal := errors.AsType[*udpmux.Refusal](test.want)
			if isRefusal != wantsRefusal || isRefusal && *refusal != *want || !isRefusal && !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

func TestConversationWithSilentDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := Dialer(func(context.Context) (net.Conn, error) {
			c, agent := net.Pipe()
			go io.Copy(io.Discard, c)
			return agent, nil
		})
		start := time.Now()
		if _, err := silent.Connect(t.Context()); err == nil || time.Since(start) != answerTime {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := silent.Connect(ctx); err != context.DeadlineExceeded {
			t.Errorf("error %v", err)
		}
	})
}

// The pauses: 0.1 s, then twice as long up to 0.5 s, and from the beginning again after a success. A refusal counts
// like no daemon.
func TestKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDaemon{t: t, start: time.Now(), answers: func(n int) []udpmux.Frame {
			switch {
			case n == 3:
				return refused
			case n == 5:
				return []udpmux.Frame{good[0]} // and the end before REGISTERED
			case n < 6 || n == 7:
				return nil
			}
			return good
		}}
		c, agent := net.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			Dialer(d.dial).Keep(ctx, agent, testRegister)
			close(done)
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(d.attempts) > 0 {
			t.Error("it connects though its connection is there")
		}
		d.start = time.Now()
		c.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		d.start = d.start.Add(-time.Minute)
		d.conns[len(d.conns)-1].Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		ms := time.Millisecond
		want := []time.Duration{100 * ms, 300 * ms, 700 * ms, 1200 * ms, 1700 * ms, 2200 * ms, 2700 * ms,
			2*time.Minute + 100*ms, 2*time.Minute + 300*ms}
		if !slices.Equal(d.attempts, want) {
			t.Errorf("attempts after %v, want %v", d.attempts, want)
		}
		if !slices.Equal(d.got, []udpmux.Frame{{Type: udpmux.Hello, Version: 1}, testRegister}) {
			t.Errorf("got %v", d.got)
		}
		cancel()
		<-done
		if _, err := d.conns[len(d.conns)-1].Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the connection is still open: %v", err)
		}
	})
}

func TestSocketDialer(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	if _, err := SocketDialer(first, second)(t.Context()); !errors.Is(err, ErrNoDaemon) ||
		err.Error() != "no daemon at "+first+" or "+second {
		t.Errorf("nobody there: %v", err)
	}
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: first})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	if _, err := SocketDialer(first, second)(t.Context()); !errors.Is(err, ErrNoDaemon) {
		t.Errorf("nobody listens: %v", err)
	}
	l, err := net.Listen("unix", second)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := SocketDialer(first, second)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if _, err := SocketDialer(filepath.Join(second, "below"), second)(t.Context()); err == nil ||
		errors.Is(err, ErrNoDaemon) {
		t.Errorf("an error that is not the daemon's absence: %v", err)
	}
}
