package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// List asks the daemon for the sessions that this user may see: each is a LISTED, and those of its clients follow it
// (docs/udpmux.md, section 2.7). It fails with [ErrNoDaemon] if there is none.
func List(ctx context.Context, sockets []string) (list []udpmux.Frame, err error) {
	c, err := SocketDialer(sockets...).Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	f, err := c.ask(ctx, udpmux.Frame{Type: udpmux.List}, udpmux.Listed)
	if refusal, ok := errors.AsType[*udpmux.Refusal](err); ok && refusal.Code == udpmux.CodeBadFrame {
		return nil, fmt.Errorf("this moshd does not list its sessions: %w", err)
	}
	c.SetDeadline(time.Now().Add(answerTime))
	for ; err == nil && f.Listing != udpmux.ListEnd; f, err = c.frames.Next() {
		if f.Type != udpmux.Listed || f.Listing == udpmux.ListPeer && len(list) == 0 {
			return nil, errUnexpected
		}
		list = append(list, f)
	}
	return list, err
}
