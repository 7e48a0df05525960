package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// freePort gives a port of 127.0.0.1 that nobody has.
func freePort() (string, error) { return FreePort(net.IPv4(127, 0, 0, 1)) }

// FreePort gives a port of an address that nobody has. No program is started meanwhile: it would hold the listener
// until its execution begins, so that the target could not listen but would seem to.
func FreePort(ip net.IP) (string, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := listenLow(ip)
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// HasIPv6 says whether this machine has ::1.
func HasIPv6() bool {
	c, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err == nil {
		c.Close()
	}
	return err == nil
}

// UntilFree binds a port again. The port may stay taken for a moment after its socket was closed: a program that is
// being started holds the socket until its execution begins.
func UntilFree(ctx context.Context, bind func() error) error {
	for w := proc.Window(ctx, DefaultStart); ; time.Sleep(time.Millisecond) {
		if err := bind(); !errors.Is(err, syscall.EADDRINUSE) || w.Over() {
			return err
		}
	}
}

// The ports that the suite chooses lie below those that the kernel gives to outgoing connections, so that nobody gets
// one by chance while it is closed.
const LowestPort, HighestPort = 10240, 32767

// ListenLow listens at a port of 127.0.0.1 that nobody has.
func ListenLow() (*net.TCPListener, error) { return listenLow(net.IPv4(127, 0, 0, 1)) }

// tcpPorts are those that were given. A target takes a while to bind its port; if another one got it meanwhile, that
// one would be taken for it.
var tcpPorts sync.Map

func listenLow(ip net.IP) (*net.TCPListener, error) {
	var l *net.TCPListener
	if !GivePort(&tcpPorts, DefaultStart, func(port int) bool {
		var err error
		l, err = net.ListenTCP("tcp", &net.TCPAddr{IP: ip, Port: port})
		return err == nil
	}) {
		return nil, errors.New("no free TCP port was found")
	}
	return l, nil
}

// GivePort looks for a port that take accepts, that given does not hold yet, and that no other suite on this machine
// has just chosen. Other suites leave it alone for a time: until a target has bound it. GivePort reports whether it
// found one.
func GivePort(given *sync.Map, claimed time.Duration, take func(port int) bool) bool {
	for tries := range 200 {
		port := LowestPort + rand.IntN(HighestPort-LowestPort)
		if _, known := given.LoadOrStore(port, true); !known && claim(port, claimed) && take(port) {
			return true
		}
		if tries == 100 {
			given.Clear() // in a long run the first ones are free again
		}
	}
	return false
}

// claim says whether no other suite on this machine has just chosen the port: it takes a name for the port that nobody
// else can have meanwhile.
func claim(port int, meanwhile time.Duration) bool {
	if runtime.GOOS != "linux" {
		return true // this system has no names that vanish with their socket
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: fmt.Sprintf("@muxspec-port-%d", port)})
	if err != nil {
		return !errors.Is(err, syscall.EADDRINUSE)
	}
	time.AfterFunc(meanwhile, func() { l.Close() })
	return true
}
