package services

import (
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/muxspec/muxspec/ref/tcpmux"
)

// A client that sends requests and reads no reply is dropped, by the built-in tcpmux, too.
func TestReplyNotRead(t *testing.T) {
	for name, requests := range map[string]string{"unknown": "none\r\n", "tcpmux": "mux\r\nmux\r\n",
		"list": "HELP\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := new(tcpmux.Table)
			if err := table.Add("mux", tcpmux.MaxName, Builtins["tcpmux"]); err != nil {
				t.Fatal(err)
			}
			config := &tcpmux.Config{Services: table, RequestTimeout: time.Hour, MaxName: tcpmux.MaxName}
			client, c := net.Pipe() // without a buffer
			go tcpmux.NewServer(config, slog.New(slog.DiscardHandler)).ServeConn(c)
			client.SetDeadline(time.Now().Add(20 * time.Second))
			if name == "tcpmux" {
				if _, err := io.WriteString(client, "mux\r\n"); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(client, make([]byte, len("+Go\r\n"))); err != nil {
					t.Fatal(err)
				}
			}
			for err := error(nil); err != io.ErrClosedPipe; _, err = io.WriteString(client, requests) {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
