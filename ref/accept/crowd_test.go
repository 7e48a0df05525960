package accept_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/muxspec/muxspec/ref/accept"
)

// A crowd makes the oldest of the source with the most give way, as often as it must, and never a member without a
// part.
func TestCrowd(t *testing.T) {
	var c accept.Crowd
	var gone []string
	join := func(source, name string) *accept.Member {
		return c.Join(source, func() { gone = append(gone, name) })
	}
	check := func(want ...string) {
		t.Helper()
		if !slices.Equal(gone, want) {
			t.Errorf("gone are %q, not %q", gone, want)
		}
		gone = nil
	}
	const most = 10
	first := join("here", "first")
	alone := join("elsewhere", "alone")
	alone.Take(3, most)
	left := join("here", "left")
	left.Take(4, most)
	left.Leave()
	left.Leave()
	a, b := join("here", "a"), join("here", "b")
	a.Take(2, most)
	b.Take(3, most)
	check()
	b.Take(6, most)
	check("a")
	b.Take(8, most)
	check("b")
	first.Take(11, most)
	check("first")
	alone.Take(11, most)
	check("alone")
	if c.Displace("") || c.Displace("here") {
		t.Error("somebody gave way who was not there")
	}
}

// A remote is a connection that only has a source.
type remote struct {
	net.Conn
	netip.AddrPort
}

func (r remote) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(r.AddrPort) }

func TestSourceOfAddress(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1:7":              "192.0.2.1",
		"[::ffff:192.0.2.1]:8":     "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:9": "2001:db8:1:2::/64",
		"[2001:db8:1:2::1]:10":     "2001:db8:1:2::/64",
		"[2001:db8:1:3::1]:10":     "2001:db8:1:3::/64",
		"[fe80::1%eth0]:1":         "fe80::/64eth0",
	} {
		if got := accept.Source(remote{nil, netip.MustParseAddrPort(address)}); got != want {
			t.Errorf("%s: %s, not %s", address, got, want)
		}
	}
}

// Without room, in all or for the source, a connection that was not kept gives way, and only such a one.
func TestGiveWay(t *testing.T) {
	for name, limits := range map[string]func() (int, int){"in all": limits(3, 0), "of a source": limits(0, 3)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan string, 10)
			s := &accept.Server{GiveWay: true, Limits: limits}
			s.Handle = func(ctx context.Context, c net.Conn) {
				b := make([]byte, 1)
				c.Read(b)
				if b[0] < 'c' {
					accept.Keep(ctx)
				}
				c.Write(b)
				<-ctx.Done()
				ended <- fmt.Sprintf("%s: %v", b, context.Cause(ctx))
			}
			l, text := serve(t, s)
			open := func(name string) net.Conn {
				c := dial(t, l)
				c.Write([]byte(name))
				c.Read(make([]byte, 1))
				return c
			}
			for _, name := range []string{"a", "c", "d"} {
				open(name)
			}
			for _, at := range []struct{ opened, goes string }{{"b", "c"}, {"e", "d"}} {
				open(at.opened)
				if got := <-ended; got != at.goes+": gave way to another connection" {
					t.Errorf("%q, and not %s", got, at.goes)
				}
			}
			open("a") // e goes
			<-ended
			if c, err := net.Dial("tcp", l.Addr().String()); err == nil { // no connection is left to give way
				defer c.Close()
			}
			text.await(t, "turned away: too many connections")
			if len(ended) > 0 {
				t.Error("one that was kept gave way: ", <-ended)
			}
		})
	}
}
