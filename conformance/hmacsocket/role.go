// Package hmacsocket judges both ends of HMACSocket. The suite is on both sides of the target: it is the peer that has
// the key, and the service or process that knows nothing about it. Its page is docs/hmacsocket.md.
package hmacsocket

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// The roles of HMACSocket: the target is one end of it. It listens, and connects to the suite.
const (
	Server = "hmacsocket-server"
	Client = "hmacsocket-client"
)

//go:embed scenarios
var scripts embed.FS

func Roles() []engine.Role { return []engine.Role{hmacRole(Server), hmacRole(Client)} }

// rests names the rules that these verbs rest on when they are given.
var rests = map[string]string{"greeted": "HMACSOCKET-2", "plain expect": "HMACSOCKET-27",
	"plain closed": "HMACSOCKET-54", "hmac closed": "HMACSOCKET-56", "told 0x20": "HMACSOCKET-39",
	"told 0x10": "HMACSOCKET-41", "chunks": "HMACSOCKET-17"}

// unstarted judges a target that starts with other keys.
func unstarted(s engine.Scenario, err error) error {
	if s.Set["key"] == "" {
		return nil
	}
	return engine.Violation("with this key the target does not start: %v", err)
}

func hmacRole(name string) engine.Role {
	r := engine.Role{
		Name: name, Baseline: "both-ways", Bracket: "serves-on", Apart: true,
		Started: "has to be started with a key of the suite, it has no address",
		Scripts: scripts,
		Verbs: []engine.VerbGroup{tcp.Streams(), engine.Group("HMACSocket", pairVerbs(), messageVerbs(), receiveVerbs(),
			pairLoadVerbs(),
			peerVerbs(), hoardVerbs())},
		Offers: append(hashNames(), optionsOf(name)...),
		Placeholders: append([]string{"keyfile", "listen", "host", "port", "connect", "address_file", "hash"},
			optionsOf(Server)...),
		Timers: []string{"init_timeout"},
		Keys:   append(optionKeys(), engine.Key{Name: "hashes"}, engine.Key{Name: clientFirst, Placeholders: true}),
		Heads:  []string{"key", "key-bytes", "options"},
		Head:   readHead,
		Offer:  func(t *engine.Target, has []string) { t.Set("hashes", has) },
		Check:  checkHashes,
		Has:    hasNeed,
		Values: func(t *engine.Target, s engine.Scenario, values map[string]string) {
			values["hash"], values["token"] = hashFor(t, s), string(engine.Token())
		},
		Meet:      meetPeer,
		Listens:   listens,
		Unstarted: unstarted,
		Restore: func(ctx context.Context, in *engine.Instance) {
			if p := peerOf(in); p != nil { // otherwise the instance did not get that far
				p.back(ctx)
			}
		},
		Open:    newPart,
		Good:    goodPair,
		Through: throughPair,
		Rests:   rests,
		Axes:    []engine.Axis{tcp.Segments("HMACSOCKET-24")},
		First:   func(s *engine.Session) (string, []byte) { return "init_timeout", of(s).pair.hmac.first() },
		Profile: profilePair, Explorer: explorePairs, Fuzzer: fuzzPairs,
		Init: fmt.Sprintf(initHMAC, strings.Replace(name, "-", "", 1), serverComment(name)),
	}
	if name == Server {
		r.Offers = append(r.Offers, clientFirst)
	}
	return r
}

// readHead reads a line of a scenario's head: the options, or the key, with Go's escapes, or the length of a key to be
// made.
func readHead(s *engine.Scenario, key, value string) (err error) {
	if s.Own = true; s.Set == nil {
		s.Set = make(map[string]string)
	}
	if key == "options" {
		return readOptions(s, value)
	}
	if key == "key-bytes" {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a number of bytes", value)
		}
		s.Set["key"] = string(engine.Pattern(n))
		return nil
	}
	if s.Set["key"], err = strconv.Unquote(`"` + value + `"`); err != nil {
		return fmt.Errorf("%q is not text with Go's escapes", value)
	}
	return nil
}

// clientFirst is the capability of a server to send nothing before the client does.
const clientFirst = "client_first"

// hashNames are the hashes that a target can have.
func hashNames() (names []string) {
	for _, h := range wire.Hashes {
		names = append(names, h.Name)
	}
	return names
}

// everyHash is the hash that every implementation has.
const everyHash = "sha256"

// hashesOf gives the hashes that the target has; scenarios that need none in particular get the first.
func hashesOf(t *engine.Target) []string {
	if len(t.List("hashes")) == 0 {
		return []string{everyHash}
	}
	if i := slices.Index(t.List("hashes"), everyHash); i > 0 {
		return append([]string{everyHash}, slices.Delete(slices.Clone(t.List("hashes")), i, i+1)...)
	}
	return t.List("hashes")
}

// hasNeed says whether the target has a hash, or the arguments for an option.
func hasNeed(t *engine.Target, need string) bool {
	if need == clientFirst || slices.Contains(optionsOf(Server), need) {
		return len(t.List(need)) > 0
	}
	return slices.Contains(hashesOf(t), need)
}

// hashFor gives the hash that the scenario needs.
func hashFor(t *engine.Target, s engine.Scenario) string {
	for _, need := range s.Needs {
		if _, ok := wire.HashNamed(need); ok {
			return need
		}
	}
	return hashesOf(t)[0]
}

// checkHashes says what is wrong with the hashes.
func checkHashes(t *engine.Target) error {
	for _, name := range t.List("hashes") {
		if !slices.Contains(hashNames(), name) {
			return fmt.Errorf("unknown hash %q, there are: %s", name, strings.Join(hashNames(), ", "))
		}
	}
	return nil
}

// meetPeer gives an HMACSocket target its key, and somebody to connect to. An existing key file is left as it is.
func meetPeer(in *engine.Instance, s engine.Scenario, values map[string]string) error {
	p, keyfile, err := newPeer(in.Dir, values["hash"], []byte(s.Set["key"]))
	if err != nil {
		return err
	}
	in.Part = p
	if values["keyfile"] == "" {
		values["keyfile"] = keyfile
	}
	values["connect"] = p.address
	if slices.Contains(s.Needs, clientFirst) {
		in.Extra, p.waits = slices.Clone(in.Target.List(clientFirst)), true
	}
	return giveOptions(in, p, s, values)
}
