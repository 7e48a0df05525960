package engine

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// A line of a scenario's head, such as
//
//	# vary: n=1,64,1..65536 how=-fin,-reset first/second=a/b,b/a
//
// names what the scenario is played over. {n}, {n+1} and {n-1} stand for a value anywhere in the script, its head
// included. The first value of each axis is the plain one. Of a range A..B both ends are played, and within it the last
// number of 7, 8, 15, 16, 31 and 32 bits and the number after it. Names with slashes between them take their values
// together. Lines between "repeat N" and "end" are repeated N times; {i} in them counts from 1.

// An axis is one of them.
type axis struct {
	names  []string
	values []string // with slashes between those of several names
	from   int64    // the range that one more value is drawn from
	to     int64    // 0: none
	// ambient: it is the role's. Each of its values is played on its own only if all are asked for.
	ambient bool
}

// A variant is a value of each axis, by the names of the axes.
type variant map[string]string

// mostPlays is how often a scenario is played at most: one that needs more should be two.
const mostPlays = 12

// axesOf reads the axes of a script's head.
func axesOf(text string) (all []axis, err error) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		fields, ok := strings.CutPrefix(strings.TrimSpace(line), "# vary: ")
		if !ok {
			continue
		}
		for _, field := range strings.Fields(fields) {
			a, err := parseAxis(field)
			if err != nil {
				return nil, fmt.Errorf("vary: %q: %w", field, err)
			}
			all = append(all, a)
		}
	}
	return all, nil
}

func parseAxis(field string) (a axis, err error) {
	names, values, ok := strings.Cut(field, "=")
	if !ok || names == "" {
		return a, errors.New("is not NAME=VALUE with more values after commas")
	}
	a.names = strings.Split(names, "/")
	for value := range strings.SplitSeq(values, ",") {
		from, to, isRange := strings.Cut(value, "..")
		switch {
		case strings.Count(value, "/")+1 != len(a.names):
			return a, fmt.Errorf("%q is not a value for each name", value)
		case !isRange:
			a.add(value)
		case len(a.names) > 1:
			return a, errors.New("names that take their values together have no range")
		default:
			if a.from, err = strconv.ParseInt(from, 0, 64); err == nil {
				a.to, err = strconv.ParseInt(to, 0, 64)
			}
			if err != nil || a.from >= a.to {
				return a, fmt.Errorf("%q is not a range", value)
			}
			for _, n := range borders(a.from, a.to) {
				a.add(strconv.FormatInt(n, 10))
			}
		}
	}
	return a, nil
}

// add adds a value, once.
func (a *axis) add(value string) {
	if !slices.Contains(a.values, value) {
		a.values = append(a.values, value)
	}
}

// borders are the ends of a range, and where in it a number becomes wider.
func borders(from, to int64) []int64 {
	all := []int64{from, to}
	for _, width := range []int{7, 8, 15, 16, 31, 32} {
		for _, n := range []int64{1<<width - 1, 1 << width} {
			if from < n && n < to {
				all = append(all, n)
			}
		}
	}
	return all
}

// name is the axis's, as variants have it.
func (a axis) name() string { return strings.Join(a.names, "/") }

// plain is the variant that has the plain value of each axis.
func plain(axes []axis) variant {
	v := make(variant)
	for _, a := range axes {
		v[a.name()] = a.values[0]
	}
	return v
}

// variants gives those that a scenario is played in: the plain one; each other value alone; and some drawn ones, which
// depend only on the seed and the scenario.
func variants(axes []axis, name string, draws int, seed int64, ambient bool) (all []variant) {
	all = append(all, plain(axes))
	for _, a := range axes {
		if a.ambient && !ambient {
			continue
		}
		for _, value := range a.values[1:] {
			v := plain(axes)
			v[a.name()] = value
			all = append(all, v)
		}
	}
	for n := range draws {
		v := make(variant)
		for _, a := range axes {
			v[a.name()] = a.draw(fmt.Sprint(seed, " ", name, " ", a.name(), " ", n))
		}
		if !slices.ContainsFunc(all, func(other variant) bool { return other.text(axes) == v.text(axes) }) {
			all = append(all, v)
		}
	}
	return all
}

// draw gives one of the axis's values, from its range if it has one.
func (a axis) draw(from string) string {
	h := fnv.New64a()
	h.Write([]byte(from))
	n := h.Sum64()
	if a.to == 0 {
		return a.values[n%uint64(len(a.values))]
	}
	// Small numbers come as often as large ones: the number of bits is drawn first.
	width := bits.Len64(uint64(a.to - a.from))
	n >>= 64 - 1 - n%uint64(width)
	return strconv.FormatInt(a.from+int64(n%uint64(a.to-a.from+1)), 10)
}

// text names the variant by what is not plain: "n=8,how=-reset".
func (v variant) text(axes []axis) string {
	var parts []string
	for _, a := range axes {
		if v[a.name()] != a.values[0] {
			parts = append(parts, a.name()+"="+v[a.name()])
		}
	}
	return strings.Join(parts, ",")
}

// variantNamed reads what text writes.
func variantNamed(axes []axis, text string) (variant, error) {
	v := plain(axes)
	for part := range strings.SplitSeq(text, ",") {
		if text == "" {
			break
		}
		name, value, _ := strings.Cut(part, "=")
		i := slices.IndexFunc(axes, func(a axis) bool { return a.name() == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no axis %q", name)
		}
		if !axes[i].has(value) {
			return nil, fmt.Errorf("%s has no value %q", name, value)
		}
		v[name] = value
	}
	return v, nil
}

// has says whether the axis has the value.
func (a axis) has(value string) bool {
	n, err := strconv.ParseInt(value, 0, 64)
	return slices.Contains(a.values, value) || err == nil && a.to != 0 && a.from <= n && n <= a.to
}

// values gives each name its value.
func (v variant) values() map[string]string {
	all := make(map[string]string)
	for names, values := range v {
		parts := strings.Split(values, "/")
		for i, name := range strings.Split(names, "/") {
			all[name] = parts[min(i, len(parts)-1)]
		}
	}
	return all
}
