package vectors

// A Header is the form of a client's datagram, what the form's header holds, and what follows it.
type Header struct {
	Form string  `json:"form,omitzero"` // learn, token or port
	Port *uint16 `json:"port,omitzero"` // of the form port
	T    Hex     `json:"t,omitzero"`    // of the form token
	P    Hex     `json:"p,omitzero"`    // mosh's datagram
}

// A DatagramVector is a client's datagram to read.
type DatagramVector struct {
	Head
	Modes uint8 `json:"modes"` // the bits of the modes that are on
	Whole
	Outcome
	// If valid: whether the form's mode is one of Modes (a daemon drops the datagram if not), and what was read.
	On *bool `json:"on,omitzero"`
	Header
}

// An AnswerVector is a backend's datagram to read, or one to a client.
type AnswerVector struct {
	Head
	Whole
	Outcome
}

// A DatagramWriterVector is a client's datagram to write.
type DatagramWriterVector struct {
	Head
	Header
	Outcome
	Output Hex `json:"output,omitzero"` // if valid
}

// A Frame is one on the Unix socket. Those fields are set that its type has.
type Frame struct {
	Type    uint8   `json:"type"`
	Version *uint8  `json:"version,omitzero"` // HELLO's
	Modes   *uint8  `json:"modes,omitzero"`   // WELCOME's and REGISTER's
	Port    *uint16 `json:"port,omitzero"`    // WELCOME's external one, REGISTER's backend's
	S       Hex     `json:"s,omitzero"`       // REGISTER's
	ID      *uint32 `json:"id,omitzero"`      // REGISTERED's
	Code    *uint8  `json:"code,omitzero"`    // ERROR's
	Text    Hex     `json:"text,omitzero"`    // ERROR's
	// LISTED's, one of them or, at the end of a list, none.
	Session *ListedSession `json:"session,omitzero"`
	Client  *ListedClient  `json:"client,omitzero"`
}

// A ListedSession is a session in a list. Numbers of 64 bits are texts in decimal digits.
type ListedSession struct {
	ID        uint32 `json:"id"`
	UID       uint32 `json:"uid"`
	Modes     uint8  `json:"modes"`
	Port      uint16 `json:"port"`
	Inode     uint64 `json:"inode,string"`
	Age       uint32 `json:"age"`
	Idle      uint32 `json:"idle"`
	ToBackend uint64 `json:"to_backend,string"`
	ToClients uint64 `json:"to_clients,string"`
	Clients   uint32 `json:"clients"`
}

// A ListedClient is a client in a list.
type ListedClient struct {
	Address    Hex    `json:"address"`
	Port       uint16 `json:"port"`
	Source     Hex    `json:"source"`
	SourcePort uint16 `json:"source_port"`
}

// A FrameVector is a frame to read.
type FrameVector struct {
	Head
	Streamed
	Outcome
	// If valid: how many bytes of the input belong to the frame, and the frame.
	Consumed int    `json:"consumed,omitzero"`
	Frame    *Frame `json:"frame,omitzero"`
}

// A FrameWriterVector is a frame to write.
type FrameWriterVector struct {
	Head
	Frame Frame `json:"frame"`
	Outcome
	Output Hex `json:"output,omitzero"` // if valid
}

// A KeyVector is K's text to read. If valid: K, and S and T that are derived from it.
type KeyVector struct {
	Head
	Whole
	Outcome
	Key Hex `json:"key,omitzero"`
	S   Hex `json:"s,omitzero"`
	T   Hex `json:"t,omitzero"`
}

// A TokenVector is S, of which T is to be computed.
type TokenVector struct {
	Head
	S Hex `json:"s"`
	T Hex `json:"t"`
}

// A ConnectVector is output of mosh-server to read.
type ConnectVector struct {
	Head
	Streamed
	Outcome
	// If valid: what the CONNECT line says.
	Port uint16 `json:"port,omitzero"`
	Key  Hex    `json:"key,omitzero"`
}

// A ConnectWriterVector is a CONNECT line to write.
type ConnectWriterVector struct {
	Head
	Number string `json:"number"` // N in decimal digits
	Key    Hex    `json:"key"`
	Outcome
	Output Hex `json:"output,omitzero"`
}

// A NumberVector is the client's last argument to read.
type NumberVector struct {
	Head
	Whole
	Outcome
	// If valid: learn if the number is plain, else token; and the port.
	Form string `json:"form,omitzero"`
	Port uint16 `json:"port,omitzero"`
}

// A ColoursVector is what the real client has printed, which is to be turned into what the client agent prints.
type ColoursVector struct {
	Head
	Whole
	Failed bool `json:"failed"` // whether the real client's exit code is another than 0
	Output Hex  `json:"output"`
}

// A SignalVector is an argument of -c to read.
type SignalVector struct {
	Head
	Whole
	Agent bool `json:"agent"` // whether it says that the client has the agent
}
