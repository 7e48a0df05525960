package sockets

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// Loopback4 is 127.0.0.1.
var Loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// RelayAddress is where a relay has to be: ::1 if the machine has it.
func RelayAddress() netip.Addr {
	if engine.HasIPv6() {
		return netip.IPv6Loopback()
	}
	return Loopback4
}

// Bindable fails if somebody has the UDP port at that address of the network, or at any address if none is given.
func Bindable(network string, at netip.AddrPort) error {
	syscall.ForkLock.RLock() // as in freePort
	defer syscall.ForkLock.RUnlock()
	c, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(at))
	if err == nil {
		c.Close()
	}
	return err
}

// udpPorts are those that FreePort has given away.
var udpPorts sync.Map

// FreePort gives a port that no UDP socket has at any address, for a program that will bind it. No port is given twice.
func FreePort() (string, error) { return freePort(engine.DefaultStart) }

// PortToBind gives such a port to a caller that binds it at once.
func PortToBind() (string, error) { return freePort(100 * time.Millisecond) }

func freePort(claimed time.Duration) (text string, err error) {
	if !engine.GivePort(&udpPorts, claimed, func(port int) bool {
		text = strconv.Itoa(port)
		return Bindable("udp", netip.AddrPortFrom(netip.Addr{}, uint16(port))) == nil
	}) {
		return "", errors.New("no free UDP port was found")
	}
	return text, nil
}

// Reuse makes a socket have SO_REUSEADDR and SO_REUSEPORT before it is bound: none, address, port or both.
func Reuse(options string) func(network, address string, raw syscall.RawConn) error {
	return func(_, _ string, raw syscall.RawConn) (err error) {
		errControl := raw.Control(func(fd uintptr) {
			if options == "address" || options == "both" {
				err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
			}
			if options == "port" || options == "both" {
				err = errors.Join(err, syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReusePort, 1))
			}
		})
		return errors.Join(err, errControl)
	}
}

// UsualLength is that of a P unless a scenario says another.
const UsualLength = 60
