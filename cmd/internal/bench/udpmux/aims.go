//go:build linux

package main

import "github.com/muxspec/muxspec/cmd/internal/bench/rig"

// aims are what moshd should reach.
func aims() (all []rig.Aim) {
	for _, name := range []string{"moshd token", "moshd learn"} {
		all = append(all,
			rig.Aim{Measure: saturated(100), Subject: name, Base: direct, AtLeast: 0.55},
			rig.Aim{Measure: saturated(1000), Subject: name, Base: direct, AtLeast: 0.38},
			rig.Aim{Measure: saturated(100), Subject: name, Unit: 1, AtMost: 4},
			rig.Aim{Measure: saturated(1000), Subject: name, Unit: 1, AtMost: 4},
			rig.Aim{Measure: saturated(1000), Subject: name, Unit: 2, AtMost: 20},
			rig.Aim{Measure: latency, Subject: name + added, AtMost: 35})
	}
	many, one := sessions("moshd token", 10000), sessions("moshd token", 1)
	all = append(all, rig.Aim{Measure: lookUp, Subject: many, Unit: 1, Base: one, AtMost: 1.5})
	for _, kind := range []string{strangers, guesses, replays} {
		for _, name := range []string{"moshd token", "moshd learn"} {
			all = append(all, rig.Aim{Measure: kind, Subject: name, AtMost: 1}, rig.Aim{Measure: kind, Subject: name, Unit: 2, AtMost: 50})
		}
	}
	return all
}
