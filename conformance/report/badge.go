package report

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// Badge writes a small picture as SVG: the roles, how many of the MUST rules are kept, and the suite. It is green if
// all are, yellow if some are listed deviations or could not be judged, red if one is broken, and grey if nothing was
// concluded.
func Badge(w io.Writer, r *Report) error {
	kept, all := 0, 0
	for _, rule := range r.Rules {
		if rule.Level != "MUST" {
			continue
		}
		all++
		if rule.Outcome == Pass {
			kept++
		}
	}
	colour := "#1a7f37"
	switch {
	case r.Summary.Exit == ExitViolation:
		colour = "#b3261e"
	case r.Summary.Exit == ExitInconclusive:
		colour = "#59636e"
	case kept < all:
		colour = "#8a5a00"
	}
	left := strings.Join(r.Roles, ", ")
	if len(r.Roles) > 2 {
		left = fmt.Sprintf("%d roles", len(r.Roles))
	}
	right := fmt.Sprintf("%d/%d MUST, suite %s", kept, all, r.Suite.short())
	a, b := badgeWidth(left), badgeWidth(right)
	_, err := fmt.Fprintf(w, badge, a+b, html.EscapeString(left+": "+right), a, b, colour, a/2, a-badgePadding,
		html.EscapeString(left), a+b/2, b-badgePadding, html.EscapeString(right))
	return err
}

// short names the suite: a release by its version, another state by the beginning of its digest.
func (s Suite) short() string {
	if strings.HasPrefix(s.Version, "v") && len(s.Version) <= len("v0.0.0-rc.1") {
		return s.Version
	}
	return fmt.Sprintf("%.8s", s.Digest)
}

// badgeLetter is the width of a letter, on average, and badgePadding what is around a text. Whatever font there is,
// textLength makes the text as wide as its field.
const badgeLetter, badgePadding = 6.6, 14

func badgeWidth(text string) int { return int(badgeLetter*float64(len(text))) + badgePadding }

const badge = `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="20" role="img" aria-label="%[2]s">
<title>%[2]s</title>
<clipPath id="c"><rect width="%[1]d" height="20" rx="3"/></clipPath>
<g clip-path="url(#c)"><rect width="%[3]d" height="20" fill="#3d444d"/><rect x="%[3]d" width="%[4]d" ` +
	`height="20" fill="%[5]s"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">
<text x="%[6]d" y="14" textLength="%[7]d" lengthAdjust="spacingAndGlyphs">%[8]s</text>
<text x="%[9]d" y="14" textLength="%[10]d" lengthAdjust="spacingAndGlyphs">%[11]s</text>
</g>
</svg>
`
