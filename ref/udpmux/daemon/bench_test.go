//go:build linux

package daemon

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

// benchDaemon makes the test binary a daemon: it prints its port, and ends with its standard input.
func benchDaemon(path string) {
	config := DefaultConfig(false)
	config.MaxSessions, config.MaxSessionsPerUID, config.MaxConnectionsPerUID = 20000, 20000, 20000
	config.MaxFlows = 20000
	socket, err := ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), config.ReceiveBuffer)
	if err != nil {
		panic(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		panic(err)
	}
	server, err := New(config, slog.New(slog.DiscardHandler), []*Socket{socket})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	fmt.Println(socket.Addr())
	server.Serve(ctx, l)
}

// startBenchDaemon starts one, and registers each of the ports.
func startBenchDaemon(b testing.TB, ports []int, modes udpmux.Mode) (address netip.AddrPort, pid int) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "s")
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "UDPMUX_TEST_DAEMON="+path)
	in, err := cmd.StdinPipe()
	must(b, err)
	out, err := cmd.StdoutPipe()
	must(b, err)
	must(b, cmd.Start())
	b.Cleanup(func() { in.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	must(b, err)
	d := &daemon{t: b, path: path}
	for n, port := range ports {
		a := d.connect()
		a.send(hello, udpmux.Frame{Type: udpmux.Register, Modes: modes, Port: uint16(port), S: benchKey(n)})
		a.gets(udpmux.Welcome)
		a.gets(udpmux.Registered)
	}
	return netip.MustParseAddrPort(strings.TrimSpace(line)), cmd.Process.Pid
}

func benchKey(n int) (S [32]byte) {
	binary.BigEndian.PutUint32(S[:], uint32(n+1))
	return S
}

// A crowd is many sockets that one thread waits for.
type crowd struct {
	poll int
	fds  []int
}

func newCrowd(b testing.TB, n int) *crowd {
	b.Helper()
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	must(b, err)
	c := &crowd{poll: poll}
	b.Cleanup(func() {
		for _, fd := range append(c.fds, poll) {
			unix.Close(fd)
		}
	})
	for i := range n {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		must(b, err)
		c.fds = append(c.fds, fd)
		must(b, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		must(b, unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}))
	}
	return c
}

func (c *crowd) ports(b testing.TB) (ports []int) {
	for _, fd := range c.fds {
		name, err := unix.Getsockname(fd)
		must(b, err)
		ports = append(ports, name.(*unix.SockaddrInet4).Port)
	}
	return ports
}

// wait returns the numbers of the sockets with input.
func (c *crowd) wait(events []unix.EpollEvent) []unix.EpollEvent {
	for {
		n, err := unix.EpollWait(c.poll, events, 2000)
		if err != unix.EINTR {
			return events[:max(n, 0)]
		}
	}
}

// echo answers each datagram by one in the other direction.
func (c *crowd) echo(stop chan bool) { c.echoFor(stop, 0) }

// echoFor answers only what has mark in byte 20, as a mosh-server answers only what it can decrypt.
func (c *crowd) echoFor(stop chan bool, mark byte) {
	events, buffer := make([]unix.EpollEvent, 64), make([]byte, 2100)
	for {
		select {
		case <-stop:
			return
		default:
		}
		for _, e := range c.wait(events) {
			n, from, err := unix.Recvfrom(c.fds[e.Fd], buffer, 0)
			if err == nil && n > 20 && buffer[20] == mark {
				buffer[0] ^= 0x80
				unix.Sendto(c.fds[e.Fd], buffer[:n], 0, from)
			}
		}
	}
}

// exchange keeps one datagram of each of the crowd on its way until b.N have come back, and returns what each one took.
func (c *crowd) exchange(b *testing.B, to []unix.Sockaddr, D [][]byte) (latencies []time.Duration) {
	b.Helper()
	sent := make([]time.Time, len(c.fds))
	send := func(i int) {
		sent[i] = time.Now()
		unix.Sendto(c.fds[i], D[i], 0, to[i])
	}
	events, buffer := make([]unix.EpollEvent, 64), make([]byte, 2100)
	for i := range c.fds {
		send(i)
	}
	lost := 0
	for back := 0; back < b.N; {
		came := c.wait(events)
		if len(came) == 0 { // lost datagrams are sent again
			if lost++; lost > 5 {
				b.Fatal("nothing comes back")
			}
			for i := range c.fds {
				send(i)
			}
		}
		for _, e := range came {
			if n, _, err := unix.Recvfrom(c.fds[e.Fd], buffer, 0); err == nil && n > 0 {
				back++
				latencies = append(latencies, time.Since(sent[e.Fd]))
				send(int(e.Fd))
			}
		}
	}
	return latencies
}

// cpu is what a process has used.
func cpu(pid int) (used time.Duration) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, task := range tasks {
		var ns int64
		text, _ := os.ReadFile(task)
		fmt.Sscan(string(text), &ns)
		used += time.Duration(ns)
	}
	return used
}

func rss(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	var kB float64
	fmt.Sscan(rest, &kB)
	return kB / 1024
}

// BenchmarkRoundTrips sends 100 bytes there and back, directly and through the daemon, with a session for each flow.
func BenchmarkRoundTrips(b *testing.B) {
	for _, flows := range []int{1, 100, 1000} {
		for _, through := range []string{"direct", "daemon"} {
			b.Run(fmt.Sprintf("%s/flows=%d", through, flows), func(b *testing.B) {
				servers, clients := newCrowd(b, flows), newCrowd(b, flows)
				ports := servers.ports(b)
				to, D := make([]unix.Sockaddr, flows), make([][]byte, flows)
				for i := range flows {
					to[i], D[i] = &unix.SockaddrInet4{Port: ports[i], Addr: [4]byte{127, 0, 0, 1}}, moshP(1, 100)
				}
				pid := os.Getpid()
				if through == "daemon" {
					var address netip.AddrPort
					address, pid = startBenchDaemon(b, ports, udpmux.Token)
					for i := range flows {
						to[i] = &unix.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().As4()}
						D[i], _ = udpmux.AppendClient(nil,
							udpmux.Header{Mode: udpmux.Token, T: udpmux.TokenOf(benchKey(i))}, D[i])
					}
				}
				stop := make(chan bool)
				go servers.echo(stop)
				defer close(stop)
				used := cpu(pid)
				b.ResetTimer()
				start := time.Now()
				latencies := clients.exchange(b, to, D)
				passed := time.Since(start)
				b.StopTimer()
				time.Sleep(50 * time.Millisecond) // for what is still on its way
				slices.Sort(latencies)
				b.ReportMetric(float64(b.N)/passed.Seconds(), "trips/s")
				b.ReportMetric(float64(latencies[len(latencies)/2].Nanoseconds())/1000, "p50-µs")
				if through == "daemon" {
					b.ReportMetric(float64((cpu(pid)-used).Nanoseconds())/1000/float64(2*b.N), "cpu-µs/datagram")
					b.ReportMetric(rss(pid), "MB")
				}
			})
		}
	}
}

// BenchmarkLookUp measures what the Mux alone costs per datagram there and back, with this many sessions of one flow
// each.
func BenchmarkLookUp(b *testing.B) {
	for _, sessions := range []int{1, 100, 1000, 10000} {
		b.Run(fmt.Sprint(sessions), func(b *testing.B) {
			config := DefaultConfig(false)
			config.MaxSessions, config.MaxSessionsPerUID = 20000, 20000
			m := mux.New(config.Config, slog.New(slog.DiscardHandler))
			D := make([][]byte, sessions)
			for i := range sessions {
				backend := mux.Backend{Port: uint16(2000 + i)}
				r := mux.Registration{Modes: udpmux.Token, Backend: backend, S: benchKey(i)}
				if _, err := m.Register(0, r, nil); err != nil {
					b.Fatal(err)
				}
				D[i], _ = udpmux.AppendClient(nil, udpmux.Header{Mode: udpmux.Token, T: udpmux.TokenOf(benchKey(i))},
					moshP(1, 100))
			}
			answer := moshP(toClient, 100)
			b.ResetTimer()
			for i := range b.N {
				c := mux.Client{RemotePort: uint16(i % sessions)}
				for _, d := range m.FromClient(time.Duration(i), c, 0, D[i%sessions]) {
					m.FromBackend(time.Duration(i), d.Port, d.Source, answer)
				}
			}
		})
	}
}
