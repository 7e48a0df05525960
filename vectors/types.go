package vectors

// A Codec is what a file's vectors are about.
type Codec string

// The codecs: TCPMUX's, HMACSocket's, then UDP mux's.
const (
	Request Codec = "request" // reading a request
	Reply   Codec = "reply"   // reading a reply
	List    Codec = "list"    // reading the answer to HELP
	Name    Codec = "name"    // comparing two service names
	Writer  Codec = "writer"  // writing a request, reply or list

	Init          Codec = "init"           // reading an Init
	OneMessage    Codec = "message"        // reading a Chunk or an Error
	Stream        Codec = "stream"         // reading a direction's messages
	Counter       Codec = "counter"        // CN(i)
	InitWriter    Codec = "init-writer"    // writing an Init
	MessageWriter Codec = "message-writer" // writing a Chunk or an Error

	Datagram       Codec = "datagram"        // reading a client's datagram
	Answer         Codec = "answer"          // reading a backend's datagram
	DatagramWriter Codec = "datagram-writer" // writing a client's datagram
	OneFrame       Codec = "frame"           // reading a frame
	FrameWriter    Codec = "frame-writer"    // writing a frame
	KeyText        Codec = "key"             // reading K's text; S and T of K
	Token          Codec = "token"           // T of S
	Connect        Codec = "connect"         // reading mosh-server's output
	ConnectWriter  Codec = "connect-writer"  // writing the CONNECT line
	Number         Codec = "number"          // reading the client's last argument
	Colours        Codec = "colours"         // answering -c
	Signal         Codec = "signal"          // reading the argument of -c
)

// A Result is what must come of a vector; the package comment explains the four.
type Result string

// The results.
const (
	Valid      Result = "valid"
	Invalid    Result = "invalid"
	Acceptable Result = "acceptable"
	Incomplete Result = "incomplete"
)

// A File is one vector file.
type File struct {
	// Name is the file's own name, such as requests.json. It is not part of the JSON.
	Name string `json:"-"`

	Schema      int    `json:"schema"`
	Protocol    string `json:"protocol"`
	Codec       Codec  `json:"codec"`
	Description string `json:"description"`
	// Notes explains each flag that one of the vectors bears.
	Notes   map[string]string `json:"notes"`
	Vectors []Vector          `json:"vectors"`
}

// A Vector is one case. Which of the fields behind Flags are set depends on the codec and the result; a field that is not
// is nil or empty, which is why those whose zero value means something are pointers. A [Hex] and a slice may be set and
// hold nothing: they are not nil then.
type Vector struct {
	ID      string   `json:"id"`      // unique over all files of all protocols
	Comment string   `json:"comment"` // one line: what is special here
	Rules   []string `json:"rules"`   // the rules of the protocol's page that it shows, such as TCPMUX-27
	Flags   []string `json:"flags"`   // explained in the file's Notes

	// What is given, for name: two service names.
	A Hex `json:"a,omitzero"`
	B Hex `json:"b,omitzero"`
	// What comes of it: whether they are the same name.
	Same *bool `json:"same,omitzero"`

	// What is given, for TCPMUX's others: MAX, the most bytes that a line's text may have. A reply's sign does not count.
	Max *int `json:"max,omitzero"`

	// What is given, for HMACSocket's: see [Agreed]. For init ML and N are what comes of it.
	Agreed

	// UDP mux's: see [Muxed].
	Muxed

	// For counter: Hash(N | K), what I is added to. CN is what comes of it.
	Base Hex `json:"base,omitzero"`
	// For message and message-writer: what CN(I) is.
	CN Hex `json:"cn,omitzero"`

	// For all readers: the bytes that are there.
	Input Hex `json:"input,omitzero"`
	// For list, init, message, stream, frame and connect: whether the input has ended behind Input. If not, more may come.
	Ended *bool `json:"ended,omitzero"`
	// For writer: what to write (Request, Reply or List), out of the fields that a reader of it would set.
	Writes Codec `json:"writes,omitzero"`

	// What comes of it, for all but name, counter, token, colours and signal.
	Result Result `json:"result,omitzero"`
	// If Invalid or Acceptable: what is wrong, in the page's words.
	Fault string `json:"fault,omitzero"`
	// If Valid, for request, reply, init, message and frame: how many bytes of Input belong to it. Those behind belong to what
	// follows. For stream: how many belong to Messages, whatever the result.
	Consumed *int `json:"consumed,omitzero"`

	// What was read if Valid, or what a writer is to write.
	ServiceName  Hex      `json:"name,omitzero"`         // request
	Sign         Hex      `json:"sign,omitzero"`         // reply: one byte, + or - unless a writer has to refuse it
	Refused      *bool    `json:"refused,omitzero"`      // list: it is a negative reply, Explanation is its text
	Explanation  Hex      `json:"explanation,omitzero"`  // reply, and a list that is Refused
	Introduction Hex      `json:"introduction,omitzero"` // list: the text of the positive reply before the names, if there is one
	Names        []Hex    `json:"names,omitzero"`        // list, unless Refused: in their order, as often as they are there
	Message      *Message `json:"message,omitzero"`      // message
	// For stream, whatever the result: the messages that are right and stand before any fault.
	Messages []Message `json:"messages,omitzero"`

	// If Valid, for writers: the bytes that are written. For colours: what is printed.
	Output Hex `json:"output,omitzero"`
}

// Agreed is what an endpoint of HMACSocket knows of a direction before it reads or writes there.
type Agreed struct {
	Hash string  `json:"hash,omitzero"` // by the page's name, such as sha256
	Key  Hex     `json:"key,omitzero"`  // K
	N    Hex     `json:"n,omitzero"`    // that the direction's receiver has sent, for its transmitter: that it received
	ML   *uint32 `json:"ml,omitzero"`   // the limit that stands in the same Init as N
	I    string  `json:"i,omitzero"`    // the message's number, or the first one's, in decimal digits: it may be large
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
	// For an Error that was read: whether its text may be shown. It may not where it is not UTF-8 or holds NUL.
	Shown *bool `json:"shown,omitzero"`
}

// Muxed is what is given to codecs of UDP mux, or what comes of them. K is a vector's Key.
type Muxed struct {
	Modes *uint8  `json:"modes,omitzero"` // for datagram: the bits of the modes that are on
	On    *bool   `json:"on,omitzero"`    // for datagram, if Valid: whether Form's mode is one of them; else it is dropped
	Form  string  `json:"form,omitzero"`  // datagram and its writer: learn, token or port; number: learn (plain) or token
	Port  *uint16 `json:"port,omitzero"`  // of the form port; of a CONNECT line; of a number
	S     Hex     `json:"s,omitzero"`     // the registration key
	T     Hex     `json:"t,omitzero"`     // the token; of the form token
	P     Hex     `json:"p,omitzero"`     // datagram and its writer: mosh's datagram

	Frame  *Frame `json:"frame,omitzero"`  // frame and its writer
	Number string `json:"number,omitzero"` // for connect-writer: in decimal digits
	Failed *bool  `json:"failed,omitzero"` // for colours: whether the real client's exit code is another than 0
	Agent  *bool  `json:"agent,omitzero"`  // for signal: whether it says that the client has the agent
}

// A Frame is one on UDP mux's Unix socket. Those fields are set that its type has.
type Frame struct {
	Type    uint8   `json:"type"`
	Version *uint8  `json:"version,omitzero"` // HELLO's
	Modes   *uint8  `json:"modes,omitzero"`   // WELCOME's and REGISTER's
	Port    *uint16 `json:"port,omitzero"`    // WELCOME's external one, REGISTER's backend's
	S       Hex     `json:"s,omitzero"`       // REGISTER's
	ID      *uint32 `json:"id,omitzero"`      // REGISTERED's
	Code    *uint8  `json:"code,omitzero"`    // ERROR's
	Text    Hex     `json:"text,omitzero"`    // ERROR's
}
