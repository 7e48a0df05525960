// Package vectors holds golden vectors: bytes, and what a correct implementation makes of them. They are JSON files, made
// to be read from any language without the rest of this module; schema.json describes them field by field, and the types
// here mirror it.
//
// # How to use them
//
// A [File] is about one codec, the reading or writing of one thing. For each of its vectors call what you have for that
// codec and compare. TCPMUX's:
//
//   - request, reply, list: read Input with the limit Max (and, for a list, being told whether the input has Ended), then
//     compare with Result and the fields behind it.
//   - name: compare A and B with each other, in both orders; Same says whether they are one name.
//   - writer: write what the fields hold that Writes names, with the limit Max, and compare with Result and Output.
//
// HMACSocket's:
//
//   - init: read Input with the Hash, being told whether the input has Ended; compare with Result, Consumed, ML and N.
//   - message: read Input as message number I of a direction with the Hash, the Key, the N that the receiver has sent and the
//     limit ML that it has sent, being told whether the input has Ended; compare with Result, Consumed and Message. CN is
//     what CN(I) is on the way, which shows where yours goes wrong.
//   - stream: the same with all messages that Input holds, from number I on; Messages are those that are right, and stand
//     before the fault, the end, or the place where more bytes are needed.
//   - counter: add I to Base; the sum is CN. Where Hash, Key and N are there, Base is what they come to.
//   - init-writer: write the Init of ML and N with the Hash; compare with Result and Output.
//   - message-writer: write Message as message number I, with the N and the limit ML that were received.
//
// UDP mux's:
//
//   - datagram: read Input as a client's datagram; compare with Result, Form, Port, T and P. On says whether a daemon that has
//     Modes on goes on with it.
//   - answer: read Input as a backend's datagram, or as one to a client: P alone; compare with Result.
//   - datagram-writer: write P in the Form, with Port or T; compare with Result and Output.
//   - frame: read Input as a frame, being told whether the input has Ended; compare with Result, Consumed and Frame.
//   - frame-writer: write Frame; compare with Result and Output.
//   - key: read Input as K's text; compare with Result, Key, and S and T that follow from it.
//   - token: compute T of S.
//   - connect: read Input as mosh-server's output, being told whether it has Ended; compare with Result, Port and Key.
//   - connect-writer: write the CONNECT line with Number and Key; compare with Output.
//   - number: read Input as the client's last argument; compare with Result, Form and Port.
//   - colours: Output is what the client agent prints where the real client has printed Input, and perhaps Failed.
//   - signal: Agent says whether Input, as the argument of -c, means that the client has the agent.
//
// The valid vectors of a reader are a writer's too: writing what was read gives the input's bytes again, as far as they
// were consumed. (Not where an Error's text is one that a writer has to refuse: its Message is not Shown. Not of numbers that
// begin with a zero, or of output in which the CONNECT line does not stand as it is written.)
//
// # What the results mean
//
//   - valid: it must be read, or written, and nothing else than the fields say may come of it. A stream: the direction has
//     ended behind its messages, cleanly or with an Error.
//   - invalid: it must be refused. Fault is the page's name for what is wrong; your own may be another.
//   - acceptable: a reader may take it or refuse it. The flags' notes say why. Fault is why the page's reader refuses it.
//   - incomplete: there is no fault, but more bytes are needed; nothing may be delivered yet. A stream: nothing but its
//     messages.
//
// A vector stands for one thing, which its id names. Its flags say what kinds of things it touches, and the file's notes
// explain each flag once, so that a reader who differs on purpose (one that cannot be given a limit, say, or that reads
// on to the line's end before it refuses) can leave out the vectors of that flag.
//
// Max is at least 255, and a limit ML at least 1048576, in all vectors without the flag Limit, and they come out the same
// with any larger limit.
package vectors

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
)

// Files holds the vector files, PROTOCOL/FILE.json.
//
//go:embed tcpmux/*.json hmacsocket/*.json udpmux/*.json
var Files embed.FS

// Schema is the JSON Schema (draft 2020-12) of a vector file.
//
//go:embed schema.json
var Schema []byte

// SchemaVersion is the number of the format that this package reads. It changes when a reader of the old format would
// misread a file of the new one.
const SchemaVersion = 1

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
