package udpmux

// What the files are about.
const (
	firstBytesAre = "Reading a client's datagram: each first byte, with all modes on, and with its own mode off. Sections 2.2 and 4.3 " +
		"of docs/udpmux.md."
	datagramsAre       = "Reading a client's datagram: headers, and P's length and first byte. Section 2.2 of docs/udpmux.md. All modes are on."
	answersAre         = "Reading a backend's datagram, or one to a client. Section 2.3 of docs/udpmux.md."
	datagramWritersAre = "Writing a client's datagram, and refusing what cannot be written. Section 2.2 of docs/udpmux.md."
	framesAre          = "Reading a frame on the Unix socket. Section 2.5 of docs/udpmux.md."
	framePartsAre      = "Reading a frame on the Unix socket of which only a part is there. Section 2.5 of docs/udpmux.md."
	frameWritersAre    = "Writing a frame, and refusing what cannot be written. Section 2.5 of docs/udpmux.md."
	keysAre            = "Reading K's text, and what is derived from K: S and T. Section 2.4 of docs/udpmux.md."
	tokensAre          = "T of S, which a server without a K may have made of random bytes. Section 2.4 of docs/udpmux.md."
	connectsAre        = "Reading mosh-server's output, in which the CONNECT line should be. Section 1 of docs/udpmux-agents.md."
	connectWritersAre  = "Writing the CONNECT line with a number N. Sections 1 and 2 of docs/udpmux-agents.md."
	numbersAre         = "Reading the client's last argument, the number N. Section 2 of docs/udpmux-agents.md."
	coloursAre         = "What the client agent prints when it is run with -c, of what the real client printed. Section 3 of docs/udpmux-agents.md."
	signalsAre         = "Reading the argument of -c: has the client the agent? Section 3 of docs/udpmux-agents.md."
)

// notes explains the flags.
var notes = map[string]string{
	"Behind": "Lines stand behind the one that decides. Whatever they are, they do not matter.",
	"Conversation": "The reader takes a value that the conversation refuses (section 2.5, the daemon's checks), or that an agent takes for a " +
		"refusal.",
	"CutShort": "The stream has ended within a frame.",
	"Early": "The fault is known before the frame is complete. A reader that waits for more bytes than it needs finds it later, if ever " +
		"(UDPMUX-38).",
	"FirstFault": "Several things are wrong. The first of the page's list that applies decides.",
	"Following":  "The bytes behind the frame belong to the next. None of them may be lost.",
	"Incomplete": "More bytes are needed. Where a stream ends here, that is the fault \"cut short\", but for one without a byte; where " +
		"output ends here, there was no CONNECT line, or its last line decides.",
	"ModeOff": "The mode of the datagram's form is off: it is read like others, and dropped.",
	"Zeros":   "The number begins with zeros, which do not count.",
}
