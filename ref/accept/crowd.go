package accept

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// A Crowd is the members that have a part of something bounded, such as places or memory, and have not shown yet that
// they deserve it. When it is used up, a member gives way: the oldest of the source that has the most. So members from
// other sources stay, however long. The zero value is empty; its methods may be called by many goroutines at once.
type Crowd struct {
	mu      sync.Mutex
	members map[string][]*Member // of each source, in the order in which they came
	total   int
}

// A Member is one of a crowd.
type Member struct {
	crowd   *Crowd
	source  string
	part    int
	giveWay func()
}

// Join adds a member, which has no part yet. giveWay is called when it has had to give way, and is no longer a member.
func (c *Crowd) Join(source string, giveWay func()) *Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.members == nil {
		c.members = make(map[string][]*Member)
	}
	m := &Member{crowd: c, source: source, giveWay: giveWay}
	c.members[source] = append(c.members[source], m)
	return m
}

// Take makes m's part n, and makes members give way, perhaps m itself, until all together have no more than most.
func (m *Member) Take(n, most int) {
	c := m.crowd
	c.mu.Lock()
	if slices.Contains(c.members[m.source], m) {
		c.total += n - m.part
		m.part = n
	}
	over := c.total > most
	c.mu.Unlock()
	if over && c.Displace("") {
		m.Take(m.part, most)
	}
}

// Leave ends a membership, if it has not ended already.
func (m *Member) Leave() {
	m.crowd.mu.Lock()
	defer m.crowd.mu.Unlock()
	m.crowd.remove(m)
}

func (c *Crowd) remove(m *Member) {
	others := c.members[m.source]
	i := slices.Index(others, m)
	if i < 0 {
		return
	}
	c.total -= m.part
	if c.members[m.source] = slices.Delete(others, i, i+1); len(others) == 1 {
		delete(c.members, m.source)
	}
}

// Displace makes one member with a part give way: of source, or if that is empty, of the source that has the most. It
// says whether there was one.
func (c *Crowd) Displace(source string) bool {
	c.mu.Lock()
	if source == "" {
		source = c.greediest()
	}
	members := c.members[source]
	i := slices.IndexFunc(members, func(m *Member) bool { return m.part > 0 })
	if i < 0 {
		c.mu.Unlock()
		return false
	}
	first := members[i]
	c.remove(first)
	c.mu.Unlock()
	first.giveWay()
	return true
}

// greediest gives the source that has the most.
func (c *Crowd) greediest() (source string) {
	most := 0
	for s, members := range c.members {
		parts := 0
		for _, m := range members {
			parts += m.part
		}
		if parts > most {
			most, source = parts, s
		}
	}
	return source
}

// Source gives what connections from one place have in common: an address without its port, or the first 64 bits of an
// IPv6 address, since whoever has one of these addresses has all.
func Source(c net.Conn) string {
	remote := c.RemoteAddr()
	if remote == nil { // a socket whose peer has gone
		return ""
	}
	address := remote.String()
	from, err := netip.ParseAddrPort(address)
	if err != nil {
		return address
	}
	ip := from.Addr().Unmap()
	if ip.Is4() {
		return ip.String()
	}
	network, _ := ip.WithZone("").Prefix(64)
	return network.String() + ip.Zone()
}
