package hmacsocket

import (
	"bytes"
	"io"
	"testing"
)

// benchmarkHashes are the common one and the fastest.
var benchmarkHashes = []string{"sha256", "blake3"}

// BenchmarkForward carries one stream through both endpoints, plain sides included, as the two programs do. Writer and
// reader count, too.
func BenchmarkForward(b *testing.B) {
	for _, hash := range benchmarkHashes {
		b.Run(hash, func(b *testing.B) {
			const block = 256 << 10
			out, in := pair(b, hash)
			writer, plainIn := tcpPair(b)
			plainOut, reader := tcpPair(b)
			go func() { out.ReadFrom(plainIn); out.CloseWrite() }()
			go func() { in.WriteTo(plainOut); end(plainOut, half) }()
			b.SetBytes(block)
			b.ResetTimer()
			go func() {
				data := make([]byte, block)
				for range b.N {
					writer.Write(data)
				}
				end(writer, half)
			}()
			buf, total := make([]byte, block), 0
			for {
				n, err := reader.Read(buf)
				if total += n; err != nil {
					break
				}
			}
			if total != b.N*block {
				b.Fatalf("%d bytes of %d", total, b.N*block)
			}
		})
	}
}

// BenchmarkChunk makes and reads Chunks without a connection.
func BenchmarkChunk(b *testing.B) {
	for _, hash := range benchmarkHashes {
		for name, length := range map[string]int{"64": 64, "4Ki": 4 << 10, "128Ki": 128 << 10} {
			b.Run(hash+"/"+name, func(b *testing.B) {
				key := testKey(b, hash)
				N, D := bytes.Repeat([]byte{1}, key.LH), make([]byte, length)
				out, in := key.Sequence(N), key.Sequence(N)
				var wire []byte
				b.SetBytes(int64(length))
				b.ReportAllocs()
				for b.Loop() {
					var err error
					if wire, err = out.AppendChunk(wire[:0], D, MaxData); err != nil {
						b.Fatal(err)
					}
					if _, _, err = in.Parse(wire, MaxData); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkPingPong sends a message of 64 bytes there and back.
func BenchmarkPingPong(b *testing.B) {
	for _, hash := range benchmarkHashes {
		b.Run(hash, func(b *testing.B) {
			x, y := pair(b, hash)
			go y.WriteTo(y)
			message := make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.Write(message); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(x, message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpen opens connections at both ends.
func BenchmarkOpen(b *testing.B) {
	client, server := &Endpoint{Key: testKey(b, "sha256")}, &Endpoint{Key: testKey(b, "sha256")}
	b.ReportAllocs()
	for b.Loop() {
		x, y := tcpPair(b)
		done := make(chan error)
		go func() { _, err := server.Open(y); done <- err }()
		c, err := client.Open(x)
		if err == nil {
			err = <-done
		}
		if err != nil {
			b.Fatal(err)
		}
		c.Reset()
		y.Close()
	}
}
