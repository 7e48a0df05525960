package engine

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// stands are the places in a script where a value can stand.
var stands = regexp.MustCompile(`\{([a-z]+)([+-][0-9]+)?\}`)

// fill puts the values into a text, and leaves anything else in braces alone.
func fill(text string, values map[string]string) string {
	return stands.ReplaceAllStringFunc(text, func(place string) string {
		m := stands.FindStringSubmatch(place)
		value, ok := values[m[1]]
		if !ok || m[2] == "" {
			if ok {
				return value
			}
			return place
		}
		n, err := strconv.ParseInt(value, 0, 64)
		by, _ := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return place
		}
		return strconv.FormatInt(n+by, 10)
	})
}

// mostRepeated is how many lines a script has at most when its repeats are written out.
const mostRepeated = 64

// unroll writes out what a script repeats.
func unroll(text string) (string, error) {
	if !strings.Contains(text, "\nrepeat ") {
		return text, nil
	}
	var out, body []string
	times := -1
	for _, line := range strings.Split(text, "\n") {
		word, n, _ := strings.Cut(line, " ")
		var err error
		switch {
		case word == "repeat" && times < 0:
			if times, err = strconv.Atoi(n); err != nil || times < 0 {
				return "", fmt.Errorf("%q does not say how often", line)
			}
			body = nil
		case line == "end" && times >= 0:
			for i := range times {
				out = append(out, strings.Split(fill(strings.Join(body, "\n"),
					map[string]string{"i": strconv.Itoa(i + 1)}), "\n")...)
			}
			times = -1
		case times >= 0:
			body = append(body, line)
		default:
			out = append(out, line)
		}
	}
	switch {
	case times >= 0:
		return "", errors.New("repeat has no end")
	case len(out) > mostRepeated:
		return "", fmt.Errorf("%d lines are more than %d", len(out), mostRepeated)
	}
	return strings.Join(out, "\n"), nil
}
