package vectors

// A Direction is what an endpoint of HMACSocket knows of a direction before it reads or writes there.
type Direction struct {
	Hash string `json:"hash"` // by the page's name, such as sha256
	Key  Hex    `json:"key"`  // K
	N    Hex    `json:"n"`    // sent by the direction's receiver, and received by its transmitter
	ML   uint32 `json:"ml"`   // the limit in the same Init as N
	I    string `json:"i"`    // the number of the message, or of the first one, in decimal digits: it may be large
}

// A Kind is what a [Message] is.
type Kind string

// The kinds.
const (
	Chunk Kind = "chunk"
	Error Kind = "error"
	End   Kind = "end" // no message, but the end of the direction where one would begin; not in a stream
)

// A Message is one of HMACSocket.
type Message struct {
	Kind Kind `json:"kind"`
	Data Hex  `json:"data,omitzero"` // a Chunk's D
	EC   Hex  `json:"ec,omitzero"`   // an Error's: one byte
	EM   Hex  `json:"em,omitzero"`   // an Error's
	// For an Error that was read: whether its text may be shown. It may not if it is not UTF-8 or holds NUL.
	Shown *bool `json:"shown,omitzero"`
}

// An InitVector is an Init to read.
type InitVector struct {
	Head
	Hash string `json:"hash"`
	Streamed
	Outcome
	// If valid: how many bytes of the input belong to the Init, and what it says.
	Consumed int    `json:"consumed,omitzero"`
	ML       uint32 `json:"ml,omitzero"`
	N        Hex    `json:"n,omitzero"`
}

// A MessageVector is a message to read.
type MessageVector struct {
	Head
	Direction
	CN Hex `json:"cn"` // CN(I), which tells where a reader goes wrong
	Streamed
	Outcome
	// If valid: how many bytes of the input belong to the message, and the message.
	Consumed *int     `json:"consumed,omitzero"`
	Message  *Message `json:"message,omitzero"`
}

// A StreamVector is a direction's messages to read.
type StreamVector struct {
	Head
	Direction
	Streamed
	Outcome
	// Whatever the result: the messages that are right and come before any fault, and how many bytes belong to them.
	Consumed int       `json:"consumed"`
	Messages []Message `json:"messages"`
}

// A CounterVector is a sum: CN is Base + I. If there is a Hash, a Key and an N, then Base is Hash(N | K).
type CounterVector struct {
	Head
	Hash string `json:"hash,omitzero"`
	Key  Hex    `json:"key,omitzero"`
	N    Hex    `json:"n,omitzero"`
	Base Hex    `json:"base"`
	I    string `json:"i"`
	CN   Hex    `json:"cn"`
}

// An InitWriterVector is an Init to write.
type InitWriterVector struct {
	Head
	Hash string `json:"hash"`
	ML   uint32 `json:"ml"`
	N    Hex    `json:"n"`
	Outcome
	Output Hex `json:"output,omitzero"` // if valid
}

// A MessageWriterVector is a message to write.
type MessageWriterVector struct {
	Head
	Direction
	CN      Hex     `json:"cn"` // CN(I)
	Message Message `json:"message"`
	Outcome
	Output Hex `json:"output,omitzero"` // if valid
}
