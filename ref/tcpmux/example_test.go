package tcpmux_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"strings"

	"github.com/muxspec/muxspec/ref/tcpmux"
)

// A server has one service. A client asks for the list, for that service in another spelling, and for one that does not
// exist.
func ExampleServer() {
	var services tcpmux.Table
	if err := services.Add("shout", tcpmux.MaxName, shout); err != nil {
		log.Fatal(err)
	}
	s := tcpmux.NewServer(&tcpmux.Config{
		Services:       &services,
		RequestTimeout: tcpmux.RequestTimeout,
		MaxName:        tcpmux.MaxName,
		MaxConnections: tcpmux.MaxConnections,
		MaxPerSource:   tcpmux.MaxPerSource,
	}, slog.New(slog.DiscardHandler))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go s.Serve(l)

	list := dial(l)
	fmt.Println(tcpmux.List(list))
	list.Close()
	for _, name := range []string{"Shout", "whisper"} {
		c := dial(l)
		if _, err := tcpmux.Request(c, name); err != nil {
			fmt.Println(err)
		} else {
			fmt.Fprint(c, "hello")
			c.CloseWrite()
			answer, err := io.ReadAll(c)
			fmt.Printf("%s, %v\n", answer, err)
		}
		c.Close()
	}

	l.Close()
	s.Shutdown(context.Background())
	// Output:
	// [shout] <nil>
	// HELLO, <nil>
	// refused: "Service not available"
}

// shout agrees, and answers in capitals.
func shout(_ context.Context, c net.Conn) error {
	if err := tcpmux.Accept(c); err != nil {
		return err
	}
	text, err := io.ReadAll(c)
	if err != nil {
		return err
	}
	fmt.Fprint(c, strings.ToUpper(string(text)))
	return tcpmux.Finish(c)
}

func dial(l net.Listener) *net.TCPConn {
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	return c.(*net.TCPConn)
}
