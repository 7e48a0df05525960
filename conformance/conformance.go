// Package conformance judges programs: it starts a target, talks to it over real sockets, and says for every rule of
// the pages in docs/ whether the target keeps it, with the evidence.
//
// [Run] judges a [Target], which [LoadTarget] reads from a file; what it found is a [report.Report]. The rules of a
// role are shown by scenarios: scripts, each in its protocol's folder, made of verbs, which [VerbGroups] lists.
//
// A test of another module judges its program with [TestMain] and [Run]: docs/conformance.md has a whole one.
//
// What is exported here and in package report, the JSON report and the names of scenarios stay compatible within a
// major version: fields, options and scenarios are added, and a renamed scenario keeps its old name as another one.
// Verdicts are no part of that: a later version has more scenarios for the same rule. [Options.Until] leaves out later
// rules.
//
// The roles that there are stand in one list, below. A protocol's package has all that is its own; internal/engine
// knows none of them; internal/tcp has what is common to those over TCP.
package conformance

import (
	"context"
	"embed"
	"io/fs"
	"slices"

	"github.com/muxspec/muxspec/conformance/hmacsocket"
	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/conformance/tcpmux"
	"github.com/muxspec/muxspec/conformance/udpmux/agent"
	"github.com/muxspec/muxspec/conformance/udpmux/daemon"
)

// suite is all that a target can be judged by.
var suite = engine.NewSuite(targets(), slices.Concat(tcpmux.Roles(), hmacsocket.Roles(), daemon.Roles(),
	agent.Roles())...)

//go:embed targets/*.toml
var targetFiles embed.FS

func targets() fs.FS {
	sub, err := fs.Sub(targetFiles, "targets")
	if err != nil {
		panic(err)
	}
	return sub
}

type (
	// A Target says how a program is started and what it is known to do.
	Target = engine.Target
	// A Deviation is a violation that is known and accepted.
	Deviation = engine.Deviation
	// Options say what a run judges, and how.
	Options = engine.Options
	// A Scenario is a script that shows one rule.
	Scenario = engine.Scenario
	// Unable says what this machine lacks, so that nothing could be judged.
	Unable = engine.Unable
	// An AxisText is something that scenarios of some roles are played over, and the rules that say it makes no
	// difference.
	AxisText = engine.AxisText
	// A VerbGroup is verbs that belong together, and the roles whose scenarios have them.
	VerbGroup = engine.VerbGroup
)

// DefaultPatience is the least time that a target has for an answer where [Options] do not say another: long enough
// for a program that starts another.
const DefaultPatience = engine.DefaultPatience

// Run judges a target. The error says that nothing could be judged: because of this machine, if it is an [Unable], else
// because of what was asked for. Whatever else happens is in the report.
func Run(ctx context.Context, o Options) (*report.Report, error) {
	o, err := ownFixtures(o)
	if err != nil {
		return nil, err
	}
	return suite.Run(ctx, o)
}

// Roles are the names of all roles that a target can have, in the order in which they are reported.
func Roles() []string { return suite.Roles() }

// Scenarios gives all scenarios, by their role, the number of their rule and their name.
func Scenarios() []Scenario { return suite.Scenarios() }

// Digest identifies the pages and the scenarios, as SHA-256 in hex: runs of suites with the same digest ask for the
// same.
func Digest() string { return suite.Digest() }

// VerbGroups gives all commands that scenarios have besides testscript's own.
func VerbGroups() []VerbGroup { return suite.VerbGroups() }

// Axes gives what the scenarios of each role are played over without saying so.
func Axes() []AxisText { return suite.Axes() }

// LoadTarget reads a target file: a path (with a slash or ending in .toml), or the name of a target that the suite
// has itself.
func LoadTarget(name string) (*Target, error) { return suite.LoadTarget(name) }

// TargetNames are the targets that the suite has itself.
func TargetNames() []string { return suite.TargetNames() }

// Found says why one of the target's programs cannot be started, or nil.
func Found(t *Target) error { return suite.Found(t) }

// Offer says what a target without a file has for the scenarios of a role; where nothing is named it has what the
// role cannot do without.
func Offer(t *Target, role string, has []string) { suite.Offer(t, role, has) }

// InitTOML gives a target file for a role that runs as it is, with the reference as the program, and says what to
// change.
func InitTOML(role string) string { return suite.InitTOML(role) }

// KnownTOML gives the report's violations as entries of a target file, each with an empty reason: somebody has to
// find it before the file is accepted.
func KnownTOML(r *report.Report) string { return engine.KnownTOML(r) }

// Programs are those that the program of [Options] has to be besides, as "PROGRAM service NAME ARGUMENT...": services
// that targets offer, and stand-ins for others' programs. Each gives its exit code.
func Programs() map[string]func(args []string) int { return suite.Programs() }

// ExploreOptions say what an exploration does.
type ExploreOptions = engine.ExploreOptions

// ErrNoExchange: a target does not work at all, so nothing can be explored.
var ErrNoExchange = engine.ErrNoExchange

// Explore plays random sequences of moves against a target, and tells which rules they broke. The error says that
// nothing could be explored.
func Explore(ctx context.Context, o ExploreOptions) (*report.Exploration, error) {
	return suite.Explore(ctx, o)
}
