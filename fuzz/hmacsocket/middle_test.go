package hmacsocket

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"

	"pgregory.net/rapid"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// A step is what an application or the middle does. To and From are connections, by number; what K is depends on the
// kind.
type step struct {
	Kind     string
	To, From int
	K, Each  int
	ML       uint32 // of an Init that the middle makes; 0: the program's
	Change   int    // of a message or Init, see changes and changedInit
}

// kinds: those that make progress come more often.
var kinds = []string{
	"meet", "init", "init", "init", "init", "init", "write", "write", "write", "write", "write", "write",
	"pass", "pass", "pass", "pass", "pass", "pass", "all", "all", "all", "twist", "twist", "twist", "junk", "end",
	"reset", "close write", "close", "sleep", "open", "open", "cut",
}

// below draws evenly, where rapid.IntRange prefers small numbers.
func below(n int) *rapid.Generator[int] {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return rapid.SampledFrom(all)
}

var anyPeer = rapid.SampledFrom([]int{0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6})

var plans = rapid.Custom(func(t *rapid.T) plan {
	return plan{
		Hash:        anyHash.Draw(t, "hash").Name,
		ML:          rapid.SampledFrom([]uint32{0, 1, 5, 64}).Draw(t, "ML"),
		Size:        rapid.SampledFrom([]int{0, 1, 7, 4096}).Draw(t, "size"),
		ClientFirst: rapid.Bool().Draw(t, "client first"),
		Pairs:       rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "pairs"),
		Steps: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{
				Kind:   rapid.SampledFrom(kinds).Draw(t, "kind"),
				To:     anyPeer.Draw(t, "to"),
				From:   anyPeer.Draw(t, "from"),
				K:      below(41).Draw(t, "K"),
				Each:   rapid.SampledFrom([]int{0, 0, 0, 1, 5}).Draw(t, "each"),
				ML:     rapid.SampledFrom([]uint32{0, 0, 0, 1, 3, 1 << 20, 1<<32 - 1}).Draw(t, "ML"),
				Change: below(len(changes)).Draw(t, "change"),
			}
		}), 20, 60).Draw(t, "steps"),
	}
})

// do does a step; one that makes no sense does nothing.
func (s *session) do(a step) {
	if a.ML == 0 {
		a.ML = s.limit()
	}
	to, from := s.peers[a.To%len(s.peers)], s.peers[a.From%len(s.peers)]
	switch a.Kind {
	case "meet": // both Inits, as the middle would pass them if it were honest
		for i := 1; to.server == from.server; i++ {
			from = s.peers[(a.From+i)%len(s.peers)]
		}
		s.giveInit(to, from.own, a.ML, a.Each)
		s.giveInit(from, to.own, a.ML, a.Each)
	case "init":
		if to.fed == nil {
			s.feed(to, changedInit(s.hash, from.own, a), a.Each)
		}
	case "pass", "all", "twist":
		s.pass(to, from, a)
	case "cut":
		a.Kind, a.Change = "twist", changeCut
		s.pass(to, from, a)
		s.end(to, io.EOF)
	case "junk":
		s.feed(to, bytes.Repeat([]byte{byte(a.Change)}, a.K), a.Each)
	case "end":
		s.end(to, io.EOF)
	case "reset":
		s.end(to, errReset)
	case "sleep":
		s.sleep(time.Duration(1+a.K%2) * 3 * time.Second) // never 10 s together
	case "open":
		if len(s.peers) < 10 {
			s.open(a.K%2 == 0)
		}
	default:
		s.application(to, a)
	}
}

func initOf(hash wire.Hash, ML uint32, N []byte) []byte {
	b, f := hash.AppendInit(nil, wire.Init{ML: ML, N: N})
	if f != wire.None {
		panic(f)
	}
	return b
}

func (s *session) giveInit(to *peer, N []byte, ML uint32, each int) {
	if to.fed == nil {
		s.feed(to, initOf(s.hash, ML, N), each)
	}
}

// changedInit is an Init that the middle makes of an N, mostly a good one.
func changedInit(hash wire.Hash, N []byte, a step) []byte {
	b := initOf(hash, a.ML, N)
	switch a.Change {
	case 0:
		b[1] ^= 0x60
	case 1:
		binary.BigEndian.PutUint32(b[2:], 0)
	case 2, 3:
		b[6+a.K%hash.Length] ^= 0x80
	case 4:
		return b[:a.K%len(b)]
	}
	return b
}

// pass lets messages arrive that were transmitted elsewhere: the next one, or all, and, where they are twisted, another
// one or not as it was.
func (s *session) pass(to, from *peer, a step) {
	if _, signers := s.signers(to); len(signers) > 0 && (a.Kind != "twist" || a.K%2 == 0) {
		from = signers[a.From%len(signers)]
	}
	messages, at := s.transmitted(from), to.frames
	if a.Kind == "twist" {
		at += []int{0, 0, 0, 0, 0, -1, 1, -2}[a.K%8]
	}
	for ; at >= 0 && at < len(messages) && to.fed != nil; at++ {
		m := bytes.Clone(messages[at])
		if a.Kind == "twist" {
			m = changes[a.Change](m, 4+s.hash.Length, a.K)
		}
		s.feed(to, m, a.Each)
		if to.frames++; a.Kind != "all" {
			return
		}
	}
}

// application is what p's application does, if there is still one.
func (s *session) application(p *peer, a step) {
	conn, _, end := p.state()
	if conn == nil || p.closed || end != "" && end != "end" {
		return
	}
	switch a.Kind {
	case "write":
		if p.writeEnded {
			return
		}
		data := make([]byte, a.K+1)
		for i := range data {
			data[i] = byte(len(p.wrote)+i)*7 + p.own[(len(p.wrote)+i)%len(p.own)]
		}
		var err error
		if a.Change%2 == 0 {
			_, err = conn.Write(data)
		} else {
			_, err = conn.ReadFrom(bytes.NewReader(data))
		}
		if err != nil {
			panic(err) // a line takes everything
		}
		p.wrote = append(p.wrote, data...)
	case "close write":
		p.writeEnded = true
		conn.CloseWrite()
	case "close":
		p.closed = true
		conn.Close()
	default:
		panic(a.Kind)
	}
}

// changeCut is the number of the change that only cuts.
const changeCut = 11

// changes are what the middle makes of a message m, whose head is so long.
var changes = []func(m []byte, head, k int) []byte{
	func(m []byte, head, k int) []byte { return m },
	func(m []byte, head, k int) []byte { m[k*7%len(m)] ^= 1 << (k % 8); return m },
	func(m []byte, head, k int) []byte { return addLD(m, 1) },
	func(m []byte, head, k int) []byte { return addLD(m, -1) },
	func(m []byte, head, k int) []byte { return withLD(m, 1<<32-1) },
	// A Chunk as an Error, in the three readings of section 3; with a good H if a reader follows another one than its
	// writer.
	func(m []byte, head, k int) []byte { return append(withLD(m[:head:head], 0), 0x20, 0) },
	func(m []byte, head, k int) []byte { return withLD(m, 0) },
	func(m []byte, head, k int) []byte {
		return append(append(withLD(m[:head:head], 0), 0x20, byte(len(m)-head)), m[head:]...)
	},
	// An Error as a Chunk: of nothing that could be signed alone, of all of it, of its text.
	func(m []byte, head, k int) []byte { return append(withLD(m[:head:head], 1), 0) },
	func(m []byte, head, k int) []byte { return withLD(m, uint32(len(m)-head)) },
	func(m []byte, head, k int) []byte {
		return append(withLD(m[:head:head], uint32(max(len(m)-head-2, 0))), m[min(head+2, len(m)):]...)
	},
	func(m []byte, head, k int) []byte { return m[:k*5%(len(m)+1)] },
	func(m []byte, head, k int) []byte { return append(m[:len(m):len(m)], m...) },
	func(m []byte, head, k int) []byte { m[len(m)-1] ^= byte(k); return m }, // an Error's text is not authenticated
}

func withLD(m []byte, LD uint32) []byte {
	m = bytes.Clone(m)
	binary.BigEndian.PutUint32(m, LD)
	return m
}

func addLD(m []byte, more int) []byte { return withLD(m, binary.BigEndian.Uint32(m)+uint32(more)) }
