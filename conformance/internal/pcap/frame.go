package pcap

import (
	"encoding/binary"
	"net/netip"
)

// Numbers of protocols in the headers of Ethernet and IP.
const (
	typeIPv4, typeIPv6       = 0x0800, 0x86DD
	protocolTCP, protocolUDP = 6, 17
)

// hops is the time to live of the packets.
const hops = 64

// frame gives an Ethernet frame: of the headers only the packet's own, which comes with its payload, is known. sum is
// the place of the checksum in it, which is filled in. Hardware addresses are those of the loopback interface: none.
func frame(src, dst netip.Addr, protocol byte, sum int, segment []byte) []byte {
	b := make([]byte, 12, 14+40+len(segment))
	if src.Is4() {
		b = append(binary.BigEndian.AppendUint16(b, typeIPv4), ipv4(src, dst, protocol, len(segment))...)
	} else {
		b = append(binary.BigEndian.AppendUint16(b, typeIPv6), ipv6(src, dst, protocol, len(segment))...)
	}
	pseudo := append(src.AsSlice(), dst.AsSlice()...)
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(len(segment)))
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(protocol))
	check := checksum(pseudo, segment)
	if check == 0 && protocol == protocolUDP {
		check = 0xFFFF // 0 means that there is none
	}
	binary.BigEndian.PutUint16(segment[sum:], check)
	return append(b, segment...)
}

func ipv4(src, dst netip.Addr, protocol byte, payload int) []byte {
	h := make([]byte, 20)
	h[0] = 4<<4 | 5
	binary.BigEndian.PutUint16(h[2:], uint16(20+payload))
	h[6] = 1 << 6 // do not fragment
	h[8], h[9] = hops, protocol
	copy(h[12:], src.AsSlice())
	copy(h[16:], dst.AsSlice())
	binary.BigEndian.PutUint16(h[10:], checksum(h))
	return h
}

func ipv6(src, dst netip.Addr, protocol byte, payload int) []byte {
	h := make([]byte, 40)
	h[0] = 6 << 4
	binary.BigEndian.PutUint16(h[4:], uint16(payload))
	h[6], h[7] = protocol, hops
	copy(h[8:], src.AsSlice())
	copy(h[24:], dst.AsSlice())
	return h
}

// checksum is the Internet's (RFC 1071), of parts that are put together; all but the last have an even length.
func checksum(parts ...[]byte) uint16 {
	var sum uint64
	for _, b := range parts {
		for ; len(b) > 1; b = b[2:] {
			sum += uint64(b[0])<<8 | uint64(b[1])
		}
		if len(b) > 0 {
			sum += uint64(b[0]) << 8
		}
	}
	for sum > 0xFFFF {
		sum = sum>>16 + sum&0xFFFF
	}
	return ^uint16(sum)
}
