package agent

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// A misuse is an error of the arguments or the environment.
type Misuse struct{ error }

// Client is UDP mux's client agent. With any arguments but those that mosh gives for a session with a token it becomes
// the real mosh-client. It returns nil if mosh asked with -c whether it is there, otherwise only an error; for wrong
// arguments that is a [Misuse].
func Client(args []string) error {
	path, environment, err := realProgram("mosh-client")
	if err != nil {
		return err
	}
	if slices.Equal(args, []string{"-c"}) {
		fmt.Println(colours(path, environment))
		return nil
	}
	last := ""
	if len(args) > 0 {
		last = args[len(args)-1]
	}
	mode, port, err := udpmux.ParseNumber(last)
	if errors.Is(err, udpmux.ErrUnknownNumber) {
		return Misuse{fmt.Errorf("%s names a mode of UDP mux that this version does not know", last)}
	}
	argv := append([]string{"mosh-client"}, args...)
	if err == nil && mode == udpmux.Token {
		server, T, err := tokenSession(args, port)
		if err != nil {
			return Misuse{err}
		}
		local, err := startRelay(args, server, T)
		if err != nil {
			return err
		}
		argv = append(argv[:len(argv)-2], local.Addr().String(), strconv.Itoa(int(local.Port())))
	}
	return fmt.Errorf("%s: %w", path, unix.Exec(path, argv, environment))
}

// colours is the answer to -c; it shows the real client's complaint, if there is one.
func colours(path string, environment []string) string {
	cmd := &exec.Cmd{Path: path, Args: []string{"mosh-client", "-c"}, Env: environment,
		Stdin: os.Stdin, Stderr: os.Stderr}
	output, err := cmd.Output()
	if err != nil {
		output = nil
	}
	return udpmux.Colours(string(output))
}

// tokenSession finds the daemon's place and the session's token in what mosh gives its client.
func tokenSession(args []string, port uint16) (server netip.AddrPort, T [15]byte, err error) {
	text, isSet := os.LookupEnv("MOSH_KEY")
	if !isSet {
		return server, T, errors.New("MOSH_KEY is not set")
	}
	K, err := udpmux.ParseKey(text)
	if err != nil {
		return server, T, fmt.Errorf("MOSH_KEY: %w", err)
	}
	if len(args) < 2 {
		return server, T, errors.New("the server's address is missing")
	}
	address, err := netip.ParseAddr(args[len(args)-2])
	if err != nil {
		return server, T, fmt.Errorf("%q is not an IP address", args[len(args)-2])
	}
	return netip.AddrPortFrom(address, port), udpmux.TokenOf(udpmux.RegistrationKey(K)), nil
}

// relayState is what the relay's process is told through a pipe. Its socket is the local one. Its end comes with that
// of another pipe, which ends with the real client.
type relayState struct {
	Server netip.AddrPort
	T      [15]byte
}

// startRelay starts a relay and returns its local address. It ends with this process, whatever program this becomes.
func startRelay(args []string, server netip.AddrPort, T [15]byte) (local netip.AddrPort, err error) {
	socket, err := listenLoopback(server.Port())
	if err != nil {
		return local, err
	}
	defer socket.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return local, err
	}
	defer r.Close()
	defer w.Close()
	if err := startInBackground(args, relayState{server, T}, socket, r); err != nil {
		return local, err
	}
	// The real client inherits a copy of w without knowing: however it ends, the relay sees the end of the pipe.
	_, err = unix.FcntlInt(w.Fd(), unix.F_DUPFD, 3)
	return socket.LocalAddr().(*net.UDPAddr).AddrPort(), err
}

// listenLoopback opens the relay's socket for the real client: on ::1, since mosh's datagrams are shorter over IPv6 and
// leave room for the token, or else on 127.0.0.1. It takes the server's port number if it can, since mosh names the
// port if nothing answers.
func listenLoopback(port uint16) (socket *net.UDPConn, err error) {
	for _, at := range []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})} {
		for _, port := range []uint16{port, 0} {
			socket, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, port)))
			if err == nil {
				return socket, nil
			}
		}
	}
	return nil, err
}

// relayRest is how long the relay goes on after the real client, whose last datagrams may still wait: with them
// mosh-client says that it ends (UDPMUX-134).
const relayRest = 200 * time.Millisecond

// KeepRelay is the relay's process.
func KeepRelay() error {
	var state relayState
	local, end, err := beInBackground(&state)
	if err != nil {
		return err
	}
	relay := newRelay(local.(*net.UDPConn), state.Server, state.T)
	go func() {
		end.Read(make([]byte, 1))
		time.Sleep(relayRest)
		// What has come is read, however long this process had no turn.
		local.SetReadDeadline(time.Now().Add(relayRest))
	}()
	relay.serve()
	return nil
}
