package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// freePort gives a port of 127.0.0.1 that nobody has.
func freePort() (string, error) { return FreePort(net.IPv4(127, 0, 0, 1)) }

// FreePort gives a port of an address that nobody has. No program is started meanwhile: it would have the listener until its
// execution begins, so that the target could not listen, and would seem to.
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

// UntilFree binds a port again. It may be taken a moment longer than the socket was open: a program that is just
// being started has what is closed when its execution begins.
func UntilFree(ctx context.Context, bind func() error) error {
	for w := proc.Window(ctx, DefaultStart); ; time.Sleep(time.Millisecond) {
		if err := bind(); !errors.Is(err, syscall.EADDRINUSE) || w.Over() {
			return err
		}
	}
}

// The ports that the suite chooses lie below those that the kernel gives to outgoing connections, so that nobody gets
// one by chance while it is closed for a while.
const LowestPort, HighestPort = 10240, 32767

// ListenLow listens at a port of 127.0.0.1 that nobody has.
func ListenLow() (*net.TCPListener, error) { return listenLow(net.IPv4(127, 0, 0, 1)) }

func listenLow(ip net.IP) (*net.TCPListener, error) {
	for range 100 {
		port := LowestPort + rand.IntN(HighestPort-LowestPort)
		if l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip, Port: port}); err == nil {
			return l, nil
		}
	}
	return nil, errors.New("no free TCP port was found")
}
