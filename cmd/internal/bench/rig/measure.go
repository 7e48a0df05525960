//go:build linux

package rig

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// A Unit is one of the figures that a measurement gives.
type Unit struct {
	Name string
	Base string // the subject that the ratio compares with, if there is one
}

// A Measure is what is measured.
type Measure struct {
	Name    string
	Units   []Unit
	Slices  int // that each subject's time is cut into, the subjects taking turns; 0 is 1
	Tasks   []Task
	Derived []Derived
}

// A Subject is what is measured: what stands between clients and a service.
type Subject struct {
	Name     string
	Absent   string // why it cannot be had here
	Note     string
	Programs func(Ports) []Program // in the order in which they start; nil if nothing is between the ends
}

// One gives the Programs of a subject that is one.
func One(argv func(p Ports) []string) func(Ports) []Program {
	return func(p Ports) []Program { return []Program{{p.Front, argv(p)}} }
}

// A Task is a measure of one subject. Run measures for the given time; it gives one value for each unit, or Absent.
type Task struct {
	Subject, Absent, Note string
	Run                   func(context.Context, time.Duration) ([]float64, error)
}

// A Derived is a subject whose values are made of those of others.
type Derived struct {
	Subject string
	Of      []string
	Value   func(of [][]float64) []float64
}

// An Aim is what a subject's value, or the ratio of it to that of Base, should be.
type Aim struct {
	Measure, Subject string
	Unit             int
	Base             string  // "" is no ratio
	AtLeast          float64 // or
	AtMost           float64
}

// met says whether a value reaches the aim.
func (a Aim) met(v float64) bool {
	if a.AtMost > 0 {
		return v <= a.AtMost
	}
	return v >= a.AtLeast
}

// choose keeps the measures and the subjects with one of the words in their names, and what the units compare with.
func choose(all []Measure, measures, subjects []string) (wanted []Measure, err error) {
	for _, m := range all {
		m.Tasks = slices.DeleteFunc(slices.Clone(m.Tasks), func(t Task) bool {
			isBase := slices.ContainsFunc(m.Units, func(u Unit) bool { return u.Base == t.Subject })
			return !isBase && !fits(t.Subject, subjects)
		})
		isWanted := func(t Task) bool { return fits(t.Subject, subjects) }
		if fits(m.Name, measures) && slices.ContainsFunc(m.Tasks, isWanted) {
			wanted = append(wanted, m)
		}
	}
	if len(wanted) == 0 {
		return nil, errors.New("no measure and subject have these names")
	}
	return wanted, nil
}

// fits says whether one of the words is in the name, or there are none.
func fits(name string, words []string) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(word string) bool {
		return strings.Contains(strings.ToLower(name), strings.ToLower(word))
	})
}
