// Package sessions is what the programs of UDP mux tell their users of a daemon's sessions.
package sessions

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os/user"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/agent"
)

// A Session is a session of the daemon, in the form of --json.
type Session struct {
	ID        uint32    `json:"session"`
	User      string    `json:"user"` // or the uid
	UID       uint32    `json:"uid"`
	PID       int       `json:"pid"` // of mosh-server; 0 if this process may not look into that one
	Port      uint16    `json:"port"`
	Modes     []string  `json:"modes"`
	Since     time.Time `json:"since"`        // when this daemon registered it
	Idle      int64     `json:"idle_seconds"` // since a client was heard
	ToServer  uint64    `json:"bytes_to_server"`
	ToClients uint64    `json:"bytes_to_clients"`
	Total     uint32    `json:"clients_total"`
	Clients   []Client  `json:"clients"` // those heard last

	inode uint64
}

// A Client is a client of a session.
type Client struct {
	Address string `json:"address"`
	Source  string `json:"source"` // where mosh-server sees it
}

// List asks the daemon at the first of the sockets that one listens on.
func List(ctx context.Context, sockets []string) ([]Session, error) {
	frames, err := agent.List(ctx, sockets)
	if err != nil {
		return nil, err
	}
	list, now, holders := []Session{}, time.Now(), socketHolders()
	for _, f := range frames {
		if f.Listing == udpmux.ListPeer {
			last := &list[len(list)-1]
			address := netip.AddrPortFrom(netip.AddrFrom16(f.Peer.Address).Unmap(), f.Peer.Port)
			source := netip.AddrPortFrom(netip.AddrFrom4(f.Peer.Source), f.Peer.SourcePort)
			last.Clients = append(last.Clients, Client{address.String(), source.String()})
			continue
		}
		s := f.Session
		list = append(list, Session{ID: s.ID, User: nameOf(s.UID), UID: s.UID, PID: holders[s.Inode], Port: s.Port,
			Modes: strings.Split(s.Modes.String(), ","),
			Since: now.Add(-time.Duration(s.Age) * time.Second).Round(time.Second),
			Idle:  int64(s.Idle), ToServer: s.ToBackend, ToClients: s.ToClients, Total: s.Clients, Clients: []Client{},
			inode: s.Inode})
	}
	return list, nil
}

func nameOf(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// IdleFor is how long nobody has used the session.
func (s *Session) IdleFor() time.Duration { return time.Duration(s.Idle) * time.Second }

// Write writes a list, as a table or in JSON.
func Write(w io.Writer, list []Session, isJSON bool) error {
	if isJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SESSION\tUSER\tPID\tMODES\tSINCE\tIDLE\tTO SERVER\tTO CLIENTS\tCLIENT\tSEEN AS")
	for _, s := range list {
		pid, clients := "-", s.Clients
		if s.PID != 0 {
			pid = strconv.Itoa(s.PID)
		}
		if len(clients) == 0 {
			clients = []Client{{"-", "-"}}
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%v\t%d\t%d", s.ID, s.User, pid, strings.Join(s.Modes, ","),
			s.Since.Format(time.DateTime), s.IdleFor(), s.ToServer, s.ToClients)
		for i, c := range clients {
			if i > 0 {
				fmt.Fprint(t, strings.Repeat("\t", 7))
			}
			fmt.Fprintf(t, "\t%s\t%s\n", c.Address, c.Source)
		}
		if more := int(s.Total) - len(s.Clients); more > 0 {
			fmt.Fprintf(t, "%sand %d more\t\n", strings.Repeat("\t", 8), more)
		}
	}
	return t.Flush()
}
