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

// A File is one vector file.
type File struct {
	// Name is the file's own name, such as requests.json. It is not part of the JSON.
	Name string `json:"-"`

	Schema      int             `json:"schema"`
	Protocol    string          `json:"protocol"`
	Codec       Codec           `json:"codec"`
	Description string          `json:"description"`
	Flags       map[string]Flag `json:"flags"` // those that a vector of the file carries

	// Vectors are all of the type that the codec has, a *RequestVector for Request.
	Vectors []Vector `json:"-"`
}

// A Flag is a kind of case.
type Flag struct {
	About  string `json:"about"`  // what the vectors with the flag have in common
	Effect string `json:"effect"` // what a runner of the vectors does differently because of it
}

// A Vector is one case. There is a type for each codec.
type Vector interface {
	Common() *Head
}

// A Reading is a vector whose codec reads bytes.
type Reading interface {
	Vector
	Bytes() Hex // the input
}

// A Judged vector has a result: that of every codec that can refuse what it is given.
type Judged interface {
	Vector
	Came() *Outcome
}

// Of gives the vectors of one type.
func Of[V Vector](files []File) (all []V) {
	for _, f := range files {
		for _, v := range f.Vectors {
			if v, ok := v.(V); ok {
				all = append(all, v)
			}
		}
	}
	return all
}

// A Head is what all vectors have.
type Head struct {
	ID      string   `json:"id"`      // unique over all files of all protocols
	Comment string   `json:"comment"` // one line: what is special here
	Rules   []string `json:"rules"`   // the rules of the protocol's page that it shows, such as TCPMUX-27
	Flags   []string `json:"flags"`   // explained in the file's Flags
}

// Common gives the Head itself.
func (h *Head) Common() *Head { return h }

// Whole is an input that is there as a whole, such as a datagram.
type Whole struct {
	Input Hex `json:"input"`
}

// Bytes gives the input.
func (w *Whole) Bytes() Hex { return w.Input }

// Streamed is the first bytes of a stream, and whether it has ended after them. If not, more may come.
type Streamed struct {
	Input Hex  `json:"input"`
	Ended bool `json:"ended"`
}

// Bytes gives the input.
func (s *Streamed) Bytes() Hex { return s.Input }

// A Result is what must come of a vector; README.md explains the four.
type Result string

// The results.
const (
	Valid      Result = "valid"
	Invalid    Result = "invalid"
	Acceptable Result = "acceptable"
	Incomplete Result = "incomplete"
)

// An Outcome is what must come of a vector.
type Outcome struct {
	Result Result `json:"result"`
	// Fault is what is wrong, in the page's words, if the result is Invalid or Acceptable.
	Fault string `json:"fault,omitzero"`
}

// Came gives the Outcome itself.
func (o *Outcome) Came() *Outcome { return o }
