package udpmux

import (
	"bytes"
	"strconv"
)

// ReadConnect reads the CONNECT line in mosh-server's output; ended says that the output has ended. The first line
// that is the line, good or not, decides. While none is there: Incomplete, and at the end NotTheLine. After the last
// LF there is a line only when the output has ended; a line without LF counts then. (Agents, section 1.)
func ReadConnect(output []byte, ended bool) (port uint16, k K, fault Fault) {
	for {
		line, rest, found := bytes.Cut(output, []byte{'\n'})
		if !found && !ended {
			return 0, K{}, Incomplete
		}
		port, k, fault = ReadConnectLine(line)
		if fault != NotTheLine || !found {
			return port, k, fault
		}
		output = rest // "not the line; look at the next"
	}
}

// ReadConnectLine reads one line, without its LF, of mosh-server's output. (Agents, section 1.)
//
//	MOSH CONNECT 60000 AAECAwQFBgcICQoLDA0ODw
func ReadConnectLine(line []byte) (port uint16, k K, fault Fault) {
	digits, k, fault := SplitConnectLine(line) // 1. to 3.
	if fault != None {
		return 0, K{}, fault
	}
	value, ok := smallNumber(digits)
	if !ok || value == 0 { // 4.
		return 0, K{}, BadNumber
	}
	return value, k, None
}

// SplitConnectLine is steps 1 to 3 of reading a line, whatever the number's value. That is how a CONNECT line of the
// session agent can be read, which has an N; its digits are for ReadN. (Agents, section 1.)
func SplitConnectLine(line []byte) (digits []byte, k K, fault Fault) {
	line = bytes.TrimRight(line, " \t\r") // "without blanks, tabs and CRs at its end"
	rest, found := bytes.CutPrefix(line, []byte("MOSH CONNECT "))
	if !found { // 1.
		return nil, K{}, NotTheLine
	}
	n := countDigits(rest)
	if n == 0 || n == len(rest) || rest[n] != ' ' { // 2. No byte after the digits is no blank either.
		return nil, K{}, BadNumber
	}
	k, fault = ReadK(rest[n+1:])
	if fault != None { // 3.
		return nil, K{}, BadKey
	}
	return rest[:n:n], k, None
}

// WriteConnect appends the CONNECT line with the number n, LF included, to b: a port, or an N. (Agents, section 1.)
func WriteConnect(b []byte, n uint64, k K) []byte {
	b = append(b, "MOSH CONNECT "...)
	b = strconv.AppendUint(b, n, 10)
	b = append(b, ' ')
	b = append(b, WriteK(k)...)
	return append(b, '\n')
}

// smallNumber is the value of digits, of which there is at least one, if that is at most 65535, leading zeros not
// counted.
func smallNumber(digits []byte) (value uint16, ok bool) {
	digits = withoutLeadingZeros(digits)
	if len(digits) > 5 {
		return 0, false
	}
	number := 0
	for _, c := range digits {
		number = 10*number + int(c-'0')
	}
	if number > 65535 {
		return 0, false
	}
	return uint16(number), true
}

// N is what a client's last argument is. (Agents, section 2.)
type N string

// What it can be.
const (
	NotANumber N = "not a number"
	PlainN     N = "plain"
	TokenN     N = "token"
	UnknownN   N = "unknown"
)

// tokenBase is what a token's N is above the external port: 2·2^32 + 2^31.
const tokenBase = 2<<32 + 1<<31

// WriteLearnN is learn's N. The external port is not 0: no WELCOME has that. (Agents, section 2.)
func WriteLearnN(externalPort uint16) uint64 {
	return uint64(externalPort)
}

// WriteTokenN is token's N. With the port 0, which no WELCOME has, it is not one that ReadN knows. (Agents, section 2.)
func WriteTokenN(externalPort uint16) uint64 {
	return tokenBase + uint64(externalPort)
}

// ReadN reads the client's last argument. port is the value of a PlainN and the port of a TokenN; else it is 0.
// (Agents, section 2.)
func ReadN(argument []byte) (n N, port uint16) {
	if !allDigits(argument) { // 1.
		return NotANumber, 0
	}
	if value, ok := smallNumber(argument); ok && value > 0 { // 2.
		return PlainN, value
	}
	if len(argument) == 11 { // 3. A number of 11 digits fits a uint64.
		value, _ := strconv.ParseUint(string(argument), 10, 64)
		if 10737418241 <= value && value <= 10737483775 {
			return TokenN, uint16(value - 10737418240)
		}
	}
	return UnknownN, 0 // 4.
}

// WriteColours is what the client agent prints, without the line's end, when the real client's `-c` has printed output;
// failed says that it failed. One LF at output's end is not part of what is printed. (Agents, section 3.)
func WriteColours(output []byte, failed bool) string {
	digits := bytes.TrimSuffix(output, []byte{'\n'})
	if failed || !allDigits(digits) {
		return "00"
	}
	return "0" + string(withoutLeadingZeros(digits))
}

// ReadColours says whether the argument of the session agent's `-c` is the signal: two or more digits of which the
// first is 0. "The client has the agent." (Agents, section 3.)
func ReadColours(argument []byte) bool {
	return allDigits(argument) && len(argument) >= 2 && argument[0] == '0'
}
