//go:build linux

package daemon

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// The ECN bits pass both ways, for both families.
func TestECN(t *testing.T) {
	t.Parallel()
	needIPv6(t)
	d := startDaemon(t, nil, "127.0.0.1:0", "[::1]:0")
	b := newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token)
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		checkECN(t, newParty(t, host+":0"), b, netip.MustParseAddrPort(fmt.Sprintf("%s:%d", host, d.address.Port())))
	}
}

// checkECN exchanges datagrams of the first session with all ECN bits.
func checkECN(t *testing.T, c, b *party, to netip.AddrPort) {
	t.Helper()
	for ecn := range 4 {
		setECN(t, c, ecn)
		D, _ := udpmux.AppendClient(nil, tokenHeader(1), moshP(1, 60))
		c.send(to, D)
		flow, got := receiveECN(t, b)
		if got != ecn {
			t.Errorf("%v: ECN %d became %d", to, ecn, got)
		}
		setECN(t, b, ecn)
		b.send(flow, moshP(toClient, 60))
		if _, got := receiveECN(t, c); got != ecn {
			t.Errorf("%v: the answer's ECN %d became %d", to, ecn, got)
		}
	}
}

func options(t testing.TB, p *party) (fd int, six bool) {
	t.Helper()
	raw, err := p.SyscallConn()
	must(t, err)
	raw.Control(func(f uintptr) { fd = int(f) })
	return fd, p.LocalAddr().(*net.UDPAddr).IP.To4() == nil
}

func setECN(t testing.TB, p *party, ecn int) {
	t.Helper()
	fd, six := options(t, p)
	if six {
		must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, ecn))
		return
	}
	must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, ecn))
}

func receiveECN(t testing.TB, p *party) (from netip.AddrPort, ecn int) {
	t.Helper()
	fd, six := options(t, p)
	level := unix.IPPROTO_IP
	if six {
		level = unix.IPPROTO_IPV6
		must(t, unix.SetsockoptInt(fd, level, unix.IPV6_RECVTCLASS, 1))
	} else {
		must(t, unix.SetsockoptInt(fd, level, unix.IP_RECVTOS, 1))
	}
	b, oob := make([]byte, 4096), make([]byte, 256)
	p.SetReadDeadline(time.Now().Add(patience))
	_, n, _, from, err := p.ReadMsgUDPAddrPort(b, oob)
	must(t, err)
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	must(t, err)
	for _, m := range messages {
		if int(m.Header.Level) == level {
			ecn = int(m.Data[0])
		}
	}
	return netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), ecn
}
