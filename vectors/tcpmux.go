package vectors

// The vectors of TCPMUX. Max is the limit to read or write with: the most bytes that a line's text may have. A reply's
// sign does not count. A field that is not set is nil, empty or zero; a [Hex] or slice that is set and holds nothing is
// not nil.

// A RequestVector is a request to read.
type RequestVector struct {
	Head
	Max int `json:"max"`
	Streamed
	Outcome
	// If valid: how many bytes of the input belong to the request, and the service name.
	Consumed int `json:"consumed,omitzero"`
	Name     Hex `json:"name,omitzero"`
}

// A ReplyVector is a reply to read.
type ReplyVector struct {
	Head
	Max int `json:"max"`
	Streamed
	Outcome
	// If valid: how many bytes of the input belong to the reply, its sign (one byte) and its text.
	Consumed    int `json:"consumed,omitzero"`
	Sign        Hex `json:"sign,omitzero"`
	Explanation Hex `json:"explanation,omitzero"`
}

// A ListVector is an answer to HELP to read.
type ListVector struct {
	Head
	Max int `json:"max"`
	Streamed
	Outcome
	// If valid: whether it is a negative reply, whose text is Explanation.
	Refused     *bool `json:"refused,omitzero"`
	Explanation Hex   `json:"explanation,omitzero"`
	// If it is none: the text of the positive reply before the names, if there is one, and the names in their order.
	Introduction Hex   `json:"introduction,omitzero"`
	Names        []Hex `json:"names,omitzero"`
}

// A NameVector is two service names to compare.
type NameVector struct {
	Head
	A    Hex  `json:"a"`
	B    Hex  `json:"b"`
	Same bool `json:"same"` // whether they name the same service
}

// A WriterVector is a request, a reply or a list to write.
type WriterVector struct {
	Head
	Max         int   `json:"max"`
	Writes      Codec `json:"writes"`               // Request, Reply or List
	Name        Hex   `json:"name,omitzero"`        // of a request
	Sign        Hex   `json:"sign,omitzero"`        // of a reply: one byte, which may be wrong
	Explanation Hex   `json:"explanation,omitzero"` // of a reply
	Names       []Hex `json:"names,omitzero"`       // of a list without an introduction
	Outcome
	Output Hex `json:"output,omitzero"` // if valid
}
