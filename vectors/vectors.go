// Package vectors holds golden vectors: bytes, and what a correct implementation makes of them. They are JSON files,
// made to be read from any language without the rest of this module. README.md tells how to use them, schema.json
// describes them field by field, and the types here mirror it, one for each codec.
package vectors

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
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
const SchemaVersion = 2

// Load gives a protocol's files, in the order of their names. It refuses a file that has a field it does not know, is
// of another format, or stands under another protocol's name.
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

// Inputs gives what the vectors of some codecs of a protocol read, and an empty input: seeds of what nobody should
// send. The files are part of the program: it panics if they cannot be read.
func Inputs(protocol string, codecs ...Codec) (all [][]byte) {
	files, err := Load(protocol)
	if err != nil {
		panic(err)
	}
	files = slices.DeleteFunc(files, func(f File) bool { return !slices.Contains(codecs, f.Codec) })
	for _, v := range Of[Reading](files) {
		all = append(all, v.Bytes())
	}
	return append(all, []byte{})
}

// decode reads one file.
func decode(data []byte) (File, error) {
	var file struct {
		File
		Vectors json.RawMessage `json:"vectors"`
	}
	if err := strictly(data, &file); err != nil {
		return File{}, err
	}
	if file.Schema != SchemaVersion {
		return File{}, fmt.Errorf("is of format %d, not %d", file.Schema, SchemaVersion)
	}
	read := decoders[file.Codec]
	if read == nil {
		return File{}, fmt.Errorf("is about codec %q", file.Codec)
	}
	var err error
	file.File.Vectors, err = read(file.Vectors)
	return file.File, err
}

// decoders read a file's vectors, by its codec.
var decoders = map[Codec]func([]byte) ([]Vector, error){
	Request: list[RequestVector],
	Reply:   list[ReplyVector],
	List:    list[ListVector],
	Name:    list[NameVector],
	Writer:  list[WriterVector],

	Init:          list[InitVector],
	OneMessage:    list[MessageVector],
	Stream:        list[StreamVector],
	Counter:       list[CounterVector],
	InitWriter:    list[InitWriterVector],
	MessageWriter: list[MessageWriterVector],

	Datagram:       list[DatagramVector],
	Answer:         list[AnswerVector],
	DatagramWriter: list[DatagramWriterVector],
	OneFrame:       list[FrameVector],
	FrameWriter:    list[FrameWriterVector],
	KeyText:        list[KeyVector],
	Token:          list[TokenVector],
	Connect:        list[ConnectVector],
	ConnectWriter:  list[ConnectWriterVector],
	Number:         list[NumberVector],
	Colours:        list[ColoursVector],
	Signal:         list[SignalVector],
}

// list reads vectors of one type.
func list[V any, P interface {
	*V
	Vector
}](data []byte) ([]Vector, error) {
	var values []V
	if err := strictly(data, &values); err != nil {
		return nil, err
	}
	var all []Vector
	for i := range values {
		all = append(all, P(&values[i]))
	}
	return all, nil
}

// strictly reads one JSON value and refuses a field that v does not have.
func strictly(data []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("something follows the end")
	}
	return nil
}
