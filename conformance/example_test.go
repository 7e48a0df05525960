package conformance_test

import (
	"context"
	"fmt"

	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
)

// A server of another project is judged by one rule. Its own test would start its own program, name what that has, and
// look at what did not pass.
func ExampleRun() {
	muxspec, err := program() // has the services that targets offer
	if err != nil {
		fmt.Println(err)
		return
	}
	target := &conformance.Target{
		Name:  "mine",
		Roles: []string{"tcpmux-server"},
		Command: []string{"{muxspec}", "tcpmuxd", "--listen={listen}", "--address-file={address_file}",
			"--service=echo=exec:{muxspec} service echo"},
	}
	conformance.Offer(target, "tcpmux-server", []string{"echo"})
	rep, err := conformance.Run(context.Background(), conformance.Options{Target: target, Program: muxspec,
		Rules: []string{"TCPMUX-5"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rule := range rep.Rules {
		fmt.Println(rule.ID, rule.Outcome)
	}
	fmt.Println("as wanted:", rep.Summary.Exit == report.ExitOK)
	// Output:
	// TCPMUX-5 pass
	// as wanted: true
}
