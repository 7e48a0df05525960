package tcpmux

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/report"
	"golang.org/x/sys/unix"
)

// patternBytes is how much the fixture services "late" and "own" send, muchBytes how much "much" does: more than a
// connection holds while the client reads nothing.
const (
	patternBytes = 64 << 10
	muchBytes    = 6 << 20
)

// idleTime is how long the fixture service "idle" does nothing: longer than its scenarios take.
const idleTime = time.Minute

// services are the fixtures that a target offers to the scenarios, by the name of the capability. "CaseEcho", "long"
// and "blanks" are echo under another name; "absent" does not exist, which is its point.
var services = map[string]func(in io.Reader, out io.Writer) error{
	"echo": func(in io.Reader, out io.Writer) error {
		_, err := io.Copy(out, in)
		return err
	},
	// late answers when its input has ended.
	"late": func(in io.Reader, out io.Writer) error {
		if _, err := io.Copy(io.Discard, in); err != nil {
			return err
		}
		_, err := out.Write(engine.Pattern(patternBytes))
		return err
	},
	// idle does not look at its connection.
	"idle": func(io.Reader, io.Writer) error {
		time.Sleep(idleTime)
		return nil
	},
	// much reads nothing.
	"much": func(_ io.Reader, out io.Writer) error {
		_, err := out.Write(engine.Pattern(muchBytes))
		return err
	},
	// own sends the reply line itself.
	"own": func(in io.Reader, out io.Writer) error {
		_, err := out.Write(append([]byte("+own\r\n"), engine.Pattern(patternBytes)...))
		return err
	},
}

// A descriptor is read and written like a program that knows nothing of its flags: one that was left non-blocking is an
// error.
type descriptor int

func (d descriptor) Read(b []byte) (n int, err error) {
	for n, err = unix.Read(int(d), b); err == unix.EINTR; {
		n, err = unix.Read(int(d), b)
	}
	if n == 0 && err == nil && len(b) > 0 {
		return 0, io.EOF
	}
	return max(n, 0), err
}

func (d descriptor) Write(b []byte) (written int, err error) {
	for written < len(b) {
		n, err := unix.Write(int(d), b[written:])
		if err != nil && err != unix.EINTR {
			return written, err
		}
		written += max(n, 0)
	}
	return written, nil
}

// programs are the services as programs, on standard input and output.
func programs() map[string]func(args []string) int {
	all := make(map[string]func([]string) int)
	for name, serve := range services {
		all[name] = func(args []string) int {
			if len(args) > 0 {
				fmt.Fprintf(os.Stderr, "muxspec service %s: unexpected argument %q\n", name, args[0])
				return report.ExitUsage
			}
			// The reader may be gone.
			if err := serve(descriptor(0), descriptor(1)); err != nil && !errors.Is(err, unix.EPIPE) {
				fmt.Fprintf(os.Stderr, "muxspec service %s: %v\n", name, err)
				return report.ExitInconclusive
			}
			return report.ExitOK
		}
	}
	return all
}
