package mux

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/vectors"
)

// TestVectors: all golden vectors of datagrams, through a Mux.
func TestVectors(t *testing.T) {
	t.Parallel()
	checks := map[vectors.Codec]func(*testing.T, vectors.Vector){vectors.Datagram: datagramVector, vectors.Answer: answerVector}
	files, err := vectors.Load("udpmux")
	if err != nil {
		t.Fatal(err)
	}
	run := make(map[vectors.Codec]int)
	for _, f := range files {
		for _, v := range f.Vectors {
			if check := checks[f.Codec]; check != nil {
				run[f.Codec]++
				t.Run(v.ID, func(t *testing.T) { check(t, v) })
			}
		}
	}
	if len(run) != len(checks) {
		t.Errorf("vectors that were run: %v", run)
	}
}

var exampleS = udpmux.RegistrationKey([16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})

// datagramVector: a daemon forwards what is valid and of a mode that is on.
func datagramVector(t *testing.T, v vectors.Vector) {
	h, _, err := udpmux.ParseClient(v.Input)
	forwarded := v.Result == vectors.Valid && *v.On && (h.Mode != udpmux.Token || h.T == udpmux.TokenOf(exampleS))
	if valid := err == nil; valid != (v.Result == vectors.Valid) {
		t.Errorf("%v, want %s", err, v.Result)
	}
	config := DefaultConfig()
	config.Modes = udpmux.Mode(*v.Modes)
	m := New(config, slog.New(slog.DiscardHandler))
	alive := func(Backend) bool { return true }
	port := h.Port
	if port < udpmux.MinPort {
		port = 33418
	}
	r := Registration{Modes: udpmux.Learn | udpmux.Token | udpmux.Port, Backend: Backend{Port: port}, S: exampleS}
	if _, err := m.Register(0, r, alive); err != nil {
		t.Fatal(err)
	}
	got := m.FromClient(0, client(1), 0, v.Input)
	if forwarded && (len(got) != 1 || got[0].Port != port || !bytes.Equal(got[0].P, v.P)) || !forwarded && (len(got) > 0 || len(m.drops) != 1) {
		t.Errorf("forwarded is not %t: %+v, %v", forwarded, got, m.drops)
	}
}

func answerVector(t *testing.T, v vectors.Vector) {
	w := newWorld(t, nil)
	w.register(1, udpmux.Token)
	d := w.token(1, 1)[0]
	if _, ok := w.m.FromBackend(0, d.Port, d.Source, v.Input); ok != (v.Result == vectors.Valid) {
		t.Errorf("it reaches the client: %t", ok)
	}
}
