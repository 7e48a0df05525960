// Package tcpmux is the program tcpmux, a client, as a function from arguments to exit code: the program's own main
// calls it, and muxspec carries it, so that it can be its own target. So it is with the other programs' packages.
package tcpmux

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/ref/tcpmux"
)

const usage = `Usage: tcpmux [OPTION]... HOST[:PORT] NAME
       tcpmux [OPTION]... --list HOST[:PORT]

Ask the TCPMUX server (RFC 1078) at HOST, port 1 unless PORT is given, for the service NAME. If it agrees, standard
input goes to the service and its output to standard output until it ends the connection. An IPv6 address
with a port is written [ADDRESS]:PORT.

Exit codes: 0 the service ended the connection, or the list is printed; 1 the server refused; 2 wrong usage; 3 network
or protocol error.
`

// Exit codes of tcpmux.
const (
	exitRefused = 1
	exitNetwork = 3
)

// Main is the program tcpmux: a client.
func Main(args []string) int {
	fs := cmdline.New(usage)
	list := fs.Bool("list", false, "print the names of the services that the server supports, one per line")
	timeout := fs.Duration("timeout", 30*time.Second, "the longest wait for the connection and the reply")
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	want, words := 2, "HOST[:PORT] NAME"
	if *list {
		want, words = 1, "HOST[:PORT]"
	}
	if fs.NArg() != want {
		return cmdline.Usage(fs, "%s expected; arguments given: %d", words, fs.NArg())
	}
	if *timeout <= 0 {
		return cmdline.Usage(fs, "--timeout %v: must be more than 0", *timeout)
	}
	address, err := withPort(fs.Arg(0))
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	name := tcpmux.Help
	if !*list {
		name = fs.Arg(1)
		if tcpmux.Fold(name) == tcpmux.Fold(tcpmux.Help) {
			return cmdline.Usage(fs, "%q is no service: --list asks for it", name)
		}
	}
	if _, err := tcpmux.AppendRequest(nil, name, len(name)); err != nil {
		return cmdline.Usage(fs, "%q cannot be a service name: %v", name, err)
	}

	switch err := dial(address, name, *list, *timeout).(type) {
	case nil:
		return cmdline.ExitOK
	case tcpmux.RefusedError:
		cmdline.Complain(fs, "%s: %q: %v", address, name, err)
		return exitRefused
	default:
		cmdline.Complain(fs, "%s: %v", address, err)
		return exitNetwork
	}
}

// dial connects and does what was asked for.
func dial(address, name string, list bool, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	dialer := net.Dialer{Deadline: deadline}
	c, err := dialer.Dial("tcp", address)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err // the address is in the message already
		}
		return err
	}
	defer c.Close()
	c.SetDeadline(deadline)
	if list {
		names, err := tcpmux.List(c)
		for _, name := range names {
			fmt.Println(printable(name))
		}
		return withoutAddress(err)
	}
	if _, err := tcpmux.Request(c, name); err != nil {
		return withoutAddress(err)
	}
	c.SetDeadline(time.Time{})
	return withoutAddress(session(c.(*net.TCPConn)))
}

// session carries standard input and output until the service ends the connection.
func session(c *net.TCPConn) error {
	go func() {
		io.Copy(c, os.Stdin) // a service that takes no more is heard of by the reader
		c.CloseWrite()
	}()
	// Only a plain writer: splice(2) fails on some devices, and what the connection does wrong it puts down to standard
	// output.
	_, err := io.Copy(struct{ io.Writer }{os.Stdout}, c)
	if errors.Is(err, unix.EPIPE) {
		return errors.New("standard output was closed")
	}
	return err
}

// withoutAddress takes the addresses out of a network error: the message names the server already.
func withoutAddress(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Timeout() {
		return errors.New("no answer in time")
	}
	for errors.As(err, &op) { // copying wraps twice
		err = op.Err
	}
	return err
}

// withPort adds the default port to a host without one.
func withPort(host string) (string, error) {
	port := strconv.Itoa(tcpmux.Port)
	bare := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, err := netip.ParseAddr(bare); err == nil {
		return net.JoinHostPort(bare, port), nil
	}
	if !strings.Contains(host, ":") {
		host += ":" + port
	}
	return host, cmdline.CheckAddress(host)
}

// printable quotes foreign text that a terminal could obey; one that does not know UTF-8 obeys 0x80 to 0x9f, too.
func printable(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
