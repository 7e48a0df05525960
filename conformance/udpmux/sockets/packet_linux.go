package sockets

import (
	"bytes"
	"encoding/binary"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"golang.org/x/sys/unix"
)

// SawDF says whether the IPv4 packet of the datagram that send sends to the port had DF set. It needs a raw socket.
func SawDF(port uint16, w proc.Wait, send func() []byte) (df bool, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50_000})
	P := send()
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, Buffer)
	for packet := make([]byte, LongestDatagram); !w.Over(); {
		n, _, err := unix.Recvfrom(fd, packet, 0)
		if err == unix.EAGAIN || err == unix.EINTR { // lost: the socket gets everybody's datagrams
			P = send()
			continue
		}
		if err != nil {
			return false, err
		}
		header := int(packet[0]&15) * 4
		if n < header+8 || binary.BigEndian.Uint16(packet[header+2:]) != port || !bytes.Equal(packet[header+8:n], P) {
			continue
		}
		return packet[6]&0x40 != 0, nil
	}
	return false, engine.ErrLimit
}
