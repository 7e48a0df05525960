package udpmux

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
	"github.com/muxspec/muxspec/vectors"
)

// seeds are the inputs of golden vectors, and fail where there is none.
func seeds(f *testing.F, codecs ...vectors.Codec) {
	files, err := vectors.Load("udpmux")
	if err != nil {
		f.Fatal(err)
	}
	for _, codec := range codecs {
		n := 0
		for _, file := range files {
			for _, v := range file.Vectors {
				if file.Codec == codec {
					n++
					f.Add([]byte(v.(vectors.Reading).Bytes()))
				}
			}
		}
		if n == 0 {
			f.Fatalf("no vectors of %s", codec)
		}
	}
}

// FuzzDatagram fuzzes what tells datagrams apart, from clients and from backends.
func FuzzDatagram(f *testing.F) {
	seeds(f, vectors.Datagram, vectors.Answer)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := readClient(b); err != nil {
			t.Error(err)
		}
		if err := readBackend(b); err != nil {
			t.Error(err)
		}
	})
}

// FuzzFrames fuzzes the reader of frames.
func FuzzFrames(f *testing.F) {
	seeds(f, vectors.OneFrame)
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := readFrames(b); err != nil {
			t.Error(err)
		}
	})
}

// FuzzFrameWriter fuzzes the writer of frames: what it writes is read, alone and with something after it.
func FuzzFrameWriter(f *testing.F) {
	f.Add(byte(1), byte(1), uint16(0), []byte(nil))
	f.Add(byte(2), byte(3), uint16(60000), []byte(nil))
	f.Add(byte(3), byte(2), uint16(33418), []byte("S"))
	f.Add(byte(5), byte(6), uint16(0), []byte("off"))
	f.Fuzz(func(t *testing.T, kind, small byte, port uint16, text []byte) {
		frame := wire.Frame{Type: wire.Type(kind)}
		switch frame.Type {
		case wire.Hello:
			frame.Version = small
		case wire.Welcome, wire.Register:
			frame.Modes, frame.Port = small, port
		case wire.Registered:
			frame.ID = uint32(port)<<8 | uint32(small)
		case wire.Error:
			frame.Code, frame.Text = wire.Code(small), text
		}
		if frame.Type == wire.Register {
			copy(frame.S[:], text)
		}
		b, fault, err := writeFrame(frame)
		if err == nil && fault == wire.None {
			err = readFrames(append(b, text...))
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// FuzzText fuzzes the readers of keys, CONNECT lines, numbers N and colours, all with the same text.
func FuzzText(f *testing.F) {
	seeds(f, vectors.KeyText, vectors.Connect, vectors.Number, vectors.Colours, vectors.Signal)
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := readText(b); err != nil {
			t.Error(err)
		}
	})
}

// FuzzModel fuzzes the model. Its input is rapid's stream of choices, so the seeds are long streams.
func FuzzModel(f *testing.F) {
	for n := range 8 {
		seed := make([]byte, 256<<10) // what is too short for a plan would be skipped
		rand.NewChaCha8([32]byte{byte(n)}).Read(seed)
		f.Add(seed)
	}
	f.Fuzz(rapid.MakeFuzz(checkModel))
}
