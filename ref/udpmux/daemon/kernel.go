package daemon

import (
	"slices"

	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/internal/sockdiag"
	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

// aliveness looks the backends up in the kernel's table; if that cannot be read, all live. It takes up to a millisecond
// for each on a host with many sockets, so it is not called under the lock, and a backend that it reports alive may be
// gone by then. A socket that has gone does not come back.
func aliveness(backends []mux.Backend) mux.Alive {
	gone := make(map[mux.Backend]bool)
	for _, b := range backends {
		sockets, err := sockdiag.UDP(b.Port)
		gone[b] = err == nil && !slices.ContainsFunc(sockets, func(s sockdiag.Socket) bool {
			return s.Address == sockdiag.Loopback && s.Inode == b.Inode
		})
	}
	return func(b mux.Backend) bool { return !gone[b] }
}

// owned finds the one socket bound to 127.0.0.1, which must be uid's (section 2.5, step 6). It fails with a
// [udpmux.Refusal].
func owned(sockets []sockdiag.Socket, uid uint32) (inode uint64, err error) {
	inode, elsewhere := sockdiag.OnLoopback(sockets, uid)
	switch {
	case inode != 0:
		return inode, nil
	case len(elsewhere) > 0:
		return 0, &udpmux.Refusal{Code: udpmux.CodeNotLoopback, Text: "your socket is not bound to 127.0.0.1"}
	}
	return 0, &udpmux.Refusal{Code: udpmux.CodeNotOwner, Text: "no socket of yours alone is bound to 127.0.0.1 and this port"}
}
