// Package pcap writes what a scenario sent and received as packets, in the format pcapng
// (draft-ietf-opsawg-pcapng): each play of a scenario is an interface of its own, and its packets stand together. The
// headers are made up, since the suite sees streams and datagrams; addresses, ports, contents, times and checksums are
// right.
package pcap

import (
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Writer writes a file.
type Writer struct {
	mu    sync.Mutex
	w     io.Writer
	err   error // of the first write that failed
	over  bool
	plays uint32
}

// Types of blocks and options, as the format numbers them.
const (
	sectionBlock, interfaceBlock, packetBlock = 0x0A0D0D0A, 1, 6

	endOption, commentOption, nameOption, descriptionOption, resolutionOption = 0, 1, 2, 3, 9
)

// linkEthernet is the link type, and nanoseconds the resolution of times: 10^-9 s.
const linkEthernet, nanoseconds = 1, 9

// New begins a file.
func New(w io.Writer) *Writer {
	p := &Writer{w: w}
	b := binary.LittleEndian.AppendUint32(nil, 0x1A2B3C4D) // the byte order
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, 0)
	b = binary.LittleEndian.AppendUint64(b, 1<<64-1) // the section's length is not told
	p.write(block(sectionBlock, b))
	return p
}

// Close ends the file: plays that are still at work write nothing any more. It does not close what is written to.
func (p *Writer) Close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
}

// Err gives the error of the first write that failed.
func (p *Writer) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *Writer) write(b []byte) {
	if p.err == nil && !p.over {
		_, p.err = p.w.Write(b)
	}
}

// block gives a block: its type and length, the body, and the length again.
func block(kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	n := uint32(len(body) + 12)
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, n), kind)
	b = binary.LittleEndian.AppendUint32(b, n)
	b = append(b, body...)
	return binary.LittleEndian.AppendUint32(b, n)
}

// option adds an option to a block's body, whose length is a multiple of 4.
func option(body []byte, code uint16, value string) []byte {
	const most = 1<<16 - 4 // its length has two bytes
	value = value[:min(len(value), most)]
	body = binary.LittleEndian.AppendUint16(body, code)
	body = binary.LittleEndian.AppendUint16(body, uint16(len(value)))
	body = append(body, value...)
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	return body
}

// A Play is one play of a scenario. All methods of a nil Play do nothing, and so do those of one that is over.
type Play struct {
	to     *Writer
	mu     sync.Mutex
	id     uint32
	events []event // not written yet
	size   int     // of what they hold
	flows  map[flowKey]*flow
	remark string // for the first packet
	over   bool
}

// An event is a packet to come: packets are made in the order of their times, which may not be that in which they are
// told. What the suite sends has the time before it does so, and what it receives the time after.
type event struct {
	at   time.Time
	make func() []byte // the frame
}

// most is how many bytes of a play wait in memory.
const most = 4 << 20

// Play begins a play. Its name is the interface's, and the description a comment of its first packet, too.
func (p *Writer) Play(name, description string) *Play {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	b := binary.LittleEndian.AppendUint16(nil, linkEthernet)
	b = binary.LittleEndian.AppendUint16(b, 0)
	b = binary.LittleEndian.AppendUint32(b, 0) // packets of any length
	b = option(b, nameOption, name)
	b = option(b, descriptionOption, description)
	b = option(b, resolutionOption, string([]byte{nanoseconds}))
	p.write(block(interfaceBlock, option(b, endOption, "")))
	p.plays++
	return &Play{to: p, id: p.plays - 1, flows: make(map[flowKey]*flow), remark: name + ": " + description}
}

// add adds a packet that holds so many bytes. The play is locked.
func (p *Play) add(at time.Time, size int, frame func() []byte) {
	if p.over {
		return
	}
	p.events = append(p.events, event{at, frame})
	if p.size += size; p.size > most {
		p.flush("")
	}
}

// flush writes the packets; the last one gets the comment.
func (p *Play) flush(comment string) {
	slices.SortStableFunc(p.events, func(a, b event) int { return a.at.Compare(b.at) })
	var b []byte
	for i, e := range p.events {
		remark := p.remark
		if p.remark = ""; i == len(p.events)-1 && comment != "" {
			remark = strings.TrimPrefix(remark+"\n"+comment, "\n")
		}
		b = append(b, p.packet(e, remark)...)
	}
	p.events, p.size = nil, 0
	p.to.mu.Lock()
	defer p.to.mu.Unlock()
	p.to.write(b)
}

// packet gives a packet's block.
func (p *Play) packet(e event, remark string) []byte {
	frame, t := e.make(), uint64(e.at.UnixNano())
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, len(frame)+64), p.id)
	b = binary.LittleEndian.AppendUint32(b, uint32(t>>32))
	b = binary.LittleEndian.AppendUint32(b, uint32(t))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(frame)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(frame)))
	b = append(b, frame...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	if remark != "" {
		b = option(option(b, commentOption, remark), endOption, "")
	}
	return block(packetBlock, b)
}

// End ends the play; its last packet gets the comment.
func (p *Play) End(comment string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		p.flush(comment)
	}
	p.over = true
}
