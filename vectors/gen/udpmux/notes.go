package udpmux

import "github.com/muxspec/muxspec/vectors"

// What the files are about.
const (
	firstBytesAre = "Reading a client's datagram: the first bytes where the meaning changes, and their " +
		"neighbours, with all modes on, and with their own mode off. Sections 2.2 and 4.3 of " +
		"docs/udpmux.md."
	datagramsAre = "Reading a client's datagram: headers, and P's length and first byte. Section 2.2 of " +
		"docs/udpmux.md. All modes are on."
	answersAre         = "Reading a backend's datagram, or one to a client. Section 2.3 of docs/udpmux.md."
	datagramWritersAre = "Writing a client's datagram, and refusing what cannot be written. Section 2.2 of " +
		"docs/udpmux.md."
	framesAre     = "Reading a frame on the Unix socket. Section 2.5 of docs/udpmux.md."
	framePartsAre = "Reading a frame on the Unix socket of which only a part is there. Section 2.5 of " +
		"docs/udpmux.md."
	frameWritersAre = "Writing a frame, and refusing what cannot be written. Section 2.5 of docs/udpmux.md."
	keysAre         = "Reading K's text, and what is derived from K: S and T. Section 2.4 of docs/udpmux.md."
	tokensAre       = "T of S, which a server without a K may have made of random bytes. Section 2.4 of " +
		"docs/udpmux.md."
	connectsAre = "Reading mosh-server's output, in which the CONNECT line should be. Section 1 of " +
		"docs/udpmux-agents.md."
	connectWritersAre = "Writing the CONNECT line with a number N. Sections 1 and 2 of docs/udpmux-agents.md."
	numbersAre        = "Reading the client's last argument, the number N. Section 2 of docs/udpmux-agents.md."
	coloursAre        = "What the client agent prints when it is run with -c, from what the real client " +
		"printed. Section 3 of docs/udpmux-agents.md."
	signalsAre = "Reading the argument of -c: has the client the agent? Section 3 of docs/udpmux-agents.md."
)

// flags are those that vectors carry.
var flags = map[string]vectors.Flag{
	"Conversation": {
		About: "The codec takes a value that the conversation refuses (the daemon's checks in section 2.5), or that " +
			"an agent takes for a refusal.",
		Effect: "Leave the vector out for a codec that makes these checks itself.",
	},
	"CutShort": {
		About:  "The stream has ended within a frame.",
		Effect: "Tell the decoder that the stream has ended: ended is true.",
	},
	"Early": {
		About: "The fault is known before the frame is complete.",
		Effect: "Expect the fault at once. A decoder that waits for more bytes than it needs says " +
			"incomplete, or \"cut " +
			"short\" if ended is true; UDPMUX-38 is a SHOULD.",
	},
	"FirstFault": {
		About:  "Several things are wrong. The first in the page's list decides.",
		Effect: "Expect this fault if your decoder names its faults.",
	},
	"Following": {
		About:  "Bytes follow the frame. They belong to the next one.",
		Effect: "Check consumed: the bytes after it must not be lost.",
	},
	"Incomplete": {
		About: "More bytes are needed.",
		Effect: "Tell the decoder what ended says. It must neither deliver nor refuse anything. A stream of frames " +
			"that ends here is \"cut short\", unless no byte has come; output that ends here has no CONNECT line, " +
			"or its last line decides.",
	},
	"ModeOff": {
		About:  "The mode of the datagram's form is off.",
		Effect: "Expect a decoder to read the datagram like others, and a daemon to drop it: on is false.",
	},
	"Trailing": {
		About:  "Lines follow the one that decides.",
		Effect: "Check that none of them changes the result.",
	},
	"Zeros": {
		About:  "The number begins with zeros, which do not count.",
		Effect: "Do not expect the same bytes when the number is written again.",
	},
}
