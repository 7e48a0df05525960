// Package vectors holds golden vectors: bytes, and what a correct implementation makes of them. They are JSON files, made
// to be read from any language without the rest of this module; schema.json describes them field by field, and the types
// here mirror it.
//
// # How to use them
//
// A [File] is about one codec, the reading or writing of one thing. For each of its vectors call what you have for that
// codec and compare:
//
//   - request, reply, list: read Input with the limit Max (and, for a list, being told whether the input has Ended), then
//     compare with Result and the fields behind it.
//   - name: compare A and B with each other, in both orders; Same says whether they are one name.
//   - writer: write what the fields hold that Writes names, with the limit Max, and compare with Result and Output.
//
// The valid vectors of a reader are a writer's too: writing what was read gives the input's bytes again, as far as they
// were consumed.
//
// # What the results mean
//
//   - valid: it must be read, or written, and nothing else than the fields say may come of it.
//   - invalid: it must be refused. Fault is the page's name for what is wrong; your own may be another.
//   - acceptable: a reader may take it or refuse it. The flags' notes say why. Fault is why the page's reader refuses it.
//   - incomplete: there is no fault, but more bytes are needed; nothing may be delivered yet.
//
// A vector stands for one thing, which its id names. Its flags say what kinds of things it touches, and the file's notes
// explain each flag once, so that a reader who differs on purpose (one that cannot be given a limit, say, or that reads
// on to the line's end before it refuses) can leave out the vectors of that flag.
//
// Max is at least 255 in all vectors without the flag Limit, and they come out the same with any larger limit.
package vectors

import (
	"bytes"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
)

// Files holds the vector files, PROTOCOL/FILE.json.
//
//go:embed tcpmux/*.json
var Files embed.FS

// Schema is the JSON Schema (draft 2020-12) of a vector file.
//
//go:embed schema.json
var Schema []byte

// SchemaVersion is the number of the format that this package reads. It changes when a reader of the old format would
// misread a file of the new one.
const SchemaVersion = 1

// A Codec is what a file's vectors are about.
type Codec string

// The codecs.
const (
	Request Codec = "request" // reading a request
	Reply   Codec = "reply"   // reading a reply
	List    Codec = "list"    // reading the answer to HELP
	Name    Codec = "name"    // comparing two service names
	Writer  Codec = "writer"  // writing a request, reply or list
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
// is nil or empty, which is why those whose zero value means something are pointers. A [Hex] and a slice of them may be
// set and hold nothing: they are not nil then.
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

	// What is given, for all others: MAX, the most bytes that a line's text may have. A reply's sign does not count.
	Max *int `json:"max,omitzero"`
	// For request, reply and list: the bytes that are there.
	Input Hex `json:"input,omitzero"`
	// For list: whether the connection has ended behind Input. If not, more may come.
	Ended *bool `json:"ended,omitzero"`
	// For writer: what to write (Request, Reply or List), out of the fields that a reader of it would set.
	Writes Codec `json:"writes,omitzero"`

	// What comes of it, for all but name.
	Result Result `json:"result,omitzero"`
	// If Invalid or Acceptable: what is wrong, in the page's words.
	Fault string `json:"fault,omitzero"`
	// If Valid, for request and reply: how many bytes of Input belong to it. Those behind belong to what follows.
	Consumed *int `json:"consumed,omitzero"`

	// What was read if Valid, or what a writer is to write.
	ServiceName  Hex   `json:"name,omitzero"`         // request
	Sign         Hex   `json:"sign,omitzero"`         // reply: one byte, + or - unless a writer has to refuse it
	Refused      *bool `json:"refused,omitzero"`      // list: it is a negative reply, Explanation is its text
	Explanation  Hex   `json:"explanation,omitzero"`  // reply, and a list that is Refused
	Introduction Hex   `json:"introduction,omitzero"` // list: the text of the positive reply before the names, if there is one
	Names        []Hex `json:"names,omitzero"`        // list, unless Refused: in their order, as often as they are there

	// If Valid, for writer: the bytes that it writes.
	Output Hex `json:"output,omitzero"`
}

// Load gives a protocol's files, in the order of their names. It refuses a file that has a field it does not know, is of
// another format, or stands under another protocol's name.
func Load(protocol string) ([]File, error) {
	entries, err := Files.ReadDir(protocol)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, entry := range entries {
		name := path.Join(protocol, entry.Name())
		data, err := Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		file, err := decode(data)
		if err == nil && file.Protocol != protocol {
			err = fmt.Errorf("is about protocol %q", file.Protocol)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		file.Name = entry.Name()
		files = append(files, file)
	}
	return files, nil
}

func decode(data []byte) (File, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var file File
	if err := decoder.Decode(&file); err != nil {
		return File{}, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return File{}, errors.New("something stands behind the file's end")
	}
	if file.Schema != SchemaVersion {
		return File{}, fmt.Errorf("is of format %d, not %d", file.Schema, SchemaVersion)
	}
	return file, nil
}

// Hex is bytes that stand in JSON as a string of two lower-case hexadecimal digits for each.
type Hex []byte

// MarshalJSON gives the digits in quotes.
func (h Hex) MarshalJSON() ([]byte, error) {
	return json.Marshal(hex.EncodeToString(h))
}

// UnmarshalJSON takes what MarshalJSON gives, and nothing else: no capitals, no null. Without digits it sets h to bytes
// that are empty, but not nil.
func (h *Hex) UnmarshalJSON(data []byte) error {
	var digits *string
	if err := json.Unmarshal(data, &digits); err != nil {
		return err
	}
	if digits == nil {
		return errors.New("null is no bytes")
	}
	decoded, err := hex.DecodeString(*digits)
	if err != nil {
		return err
	}
	if hex.EncodeToString(decoded) != *digits {
		return fmt.Errorf("%q has capitals", *digits)
	}
	*h = append(Hex{}, decoded...)
	return nil
}
