package conformance

import (
	"os"
	"slices"
	"strings"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// isHMAC: the target is one end of an HMACSocket. It listens, and connects to the suite.
func isHMAC(role string) bool { return strings.HasPrefix(role, "hmacsocket-") }

// clientFirst is the capability of a server to say nothing before the client has.
const clientFirst = "client_first"

// hashNames are the hashes that a target can have.
func hashNames() (names []string) {
	for _, h := range wire.Hashes {
		names = append(names, h.Name)
	}
	return names
}

// everyHash is the one that every implementation speaks.
const everyHash = "sha256"

// hashes gives the hashes that the target has; the first is the one that scenarios get which need none in particular.
func (t *Target) hashes() []string {
	if len(t.Hashes) == 0 {
		return []string{everyHash}
	}
	if i := slices.Index(t.Hashes, everyHash); i > 0 {
		return append([]string{everyHash}, slices.Delete(slices.Clone(t.Hashes), i, i+1)...)
	}
	return t.Hashes
}

// has says whether the target has what a scenario for the role needs.
func (t *Target) has(role, need string) bool {
	switch {
	case role == udpDaemon:
		return need == activation && t.Activation || need == "config" && t.uses(role, "config") ||
			need == "ecn" && seesECN || need == "root" && os.Geteuid() == 0
	case !isHMAC(role):
		return slices.Contains(t.Services, need)
	case need == clientFirst:
		return len(t.ClientFirst) > 0
	}
	return slices.Contains(t.hashes(), need)
}

// hashFor gives the hash that the scenario needs.
func (t *Target) hashFor(s Scenario) string {
	for _, need := range s.Needs {
		if _, ok := wire.HashNamed(need); ok {
			return need
		}
	}
	return t.hashes()[0]
}
