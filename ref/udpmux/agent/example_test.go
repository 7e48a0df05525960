package agent_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/muxspec/muxspec/ref/udpmux/agent"
)

// An agent tries the places where a daemon may be. Where there is none, mosh-server runs alone.
func ExampleSocketDialer() {
	_, err := agent.SocketDialer("/nonexistent/first.sock", "/nonexistent/second.sock").Connect(context.Background())
	fmt.Println(errors.Is(err, agent.ErrNoDaemon))
	fmt.Println(err)
	// Output:
	// true
	// no daemon at /nonexistent/first.sock or /nonexistent/second.sock
}
