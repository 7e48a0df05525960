//go:build linux

package daemon

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// A flood is what a crowd of forged sources sends, and how the sessions fare meanwhile.
type flood struct {
	rate    float64 // datagrams per second, reached
	tries   int     // of the sessions' clients
	lost    int
	latency []time.Duration // sorted
}

const (
	floodSources  = 10000
	floodSessions = 20 // half of them with learn
)

// runFlood has 10 000 sources send in turn, at the given rate if the machine can: unknown clients' datagrams, and some
// with a T that somebody saw. Meanwhile each session's client sends a datagram every 10 ms and waits for its answer.
func runFlood(t testing.TB, rate int, while, wait time.Duration) (result flood, pid int) {
	t.Helper()
	learners, others := newCrowd(t, floodSessions/2), newCrowd(t, floodSessions/2)
	stop := make(chan bool)
	var echoes sync.WaitGroup
	echoes.Go(func() { learners.echoFor(stop, 0x40) })
	echoes.Go(func() { others.echoFor(stop, 0x40) })
	defer echoes.Wait()
	defer close(stop)
	to, pid := startBenchDaemon(t, append(learners.ports(t), others.ports(t)...), udpmux.Token|udpmux.Learn)
	var mu sync.Mutex
	var clients sync.WaitGroup
	end := time.Now().Add(while)
	for n := range floodSessions {
		c, h := newParty(t, "127.0.0.1:0"), udpmux.Header{Mode: udpmux.Learn}
		if n >= floodSessions/2 {
			h = udpmux.Header{Mode: udpmux.Token, T: udpmux.TokenOf(benchKey(n))}
		}
		clients.Go(func() {
			tries, lost, latency := c.exchangeUntil(to, h, end, wait)
			mu.Lock()
			defer mu.Unlock()
			result.tries, result.lost, result.latency = result.tries+tries, result.lost+lost,
				append(result.latency, latency...)
		})
	}
	f := newForger(t, "0.0.0.0:0")
	seen, _ := udpmux.AppendClient(nil,
		udpmux.Header{Mode: udpmux.Token, T: udpmux.TokenOf(benchKey(floodSessions - 1))}, moshP(1, 100))
	contents := [][]byte{moshP(1, 100), seen}
	start, n := time.Now(), 0
	for ; time.Now().Before(end); n++ {
		if n%batchSize == 0 { // so many at once
			time.Sleep(min(time.Until(start.Add(time.Duration(n)*time.Second/time.Duration(rate))), time.Until(end)))
		}
		f.queue([4]byte{127, 20, byte(n % floodSources >> 8), byte(n % floodSources)}, to, contents[n/floodSources%2])
	}
	result.rate = float64(n) / time.Since(start).Seconds()
	clients.Wait()
	slices.Sort(result.latency)
	return result, pid
}

// exchangeUntil sends a datagram every 10 ms and waits for its answer, which counts as lost if it takes longer than
// wait.
func (p *party) exchangeUntil(to netip.AddrPort, h udpmux.Header, end time.Time,
	wait time.Duration) (tries, lost int, latency []time.Duration) {
	buffer := make([]byte, 4096)
	for ; time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		P := moshP(uint64(tries), 100)
		P[20] = 0x40 // marks what sessions answer
		D, _ := udpmux.AppendClient(nil, h, P)
		sent := time.Now()
		p.WriteToUDPAddrPort(D, to)
		tries++
		p.SetReadDeadline(sent.Add(wait))
		for {
			n, _, err := p.ReadFromUDPAddrPort(buffer)
			if err != nil {
				lost++
				break
			}
			if udpmux.Nonce(buffer[:n]) == toClient|uint64(tries-1) {
				latency = append(latency, time.Since(sent))
				break
			}
		}
	}
	return tries, lost, latency
}

// A flood that leaves the machine time for its sessions, even a busy machine, takes nothing from them; BenchmarkFlood
// tells about larger floods.
func TestFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two seconds")
	}
	f, _ := runFlood(t, 2000, 2*time.Second, patience)
	t.Logf("%.0f datagrams/s; %d of %d lost, p99 %v", f.rate, f.lost, f.tries, f.latency[len(f.latency)*99/100])
	if f.lost*100 > f.tries {
		t.Errorf("%d of %d datagrams were lost in a flood of %.0f per second", f.lost, f.tries, f.rate)
	}
}

// BenchmarkFlood measures what sessions lose to 100 000 datagrams per second from 10 000 sources, or as many as this
// machine can send meanwhile.
func BenchmarkFlood(b *testing.B) {
	for _, rate := range []int{1, 100000} { // without a flood this shows what the machine can do now
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			var f flood
			for range b.N {
				var pid int
				f, pid = runFlood(b, rate, 5*time.Second, time.Second)
				b.ReportMetric(rss(pid), "MB")
				b.ReportMetric(cpu(pid).Seconds()*1e6/(5*f.rate), "cpu-µs/datagram")
			}
			b.ReportMetric(f.rate, "datagrams/s")
			b.ReportMetric(100*float64(f.lost)/float64(f.tries), "%lost")
			b.ReportMetric(float64(f.latency[len(f.latency)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(f.latency[len(f.latency)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
