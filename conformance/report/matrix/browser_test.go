package matrix

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/conformance/report"
)

var shots = flag.String("shots", "", "also write pictures of the page to this `FOLDER`")

// real gives reports of programs that exist, by the names of their targets.
func real(t *testing.T, names ...string) (reports []*report.Report) {
	t.Helper()
	for _, name := range names {
		f, err := os.Open(filepath.Join("../testdata/reports", name+".json"))
		must(t, err)
		r, err := report.Read(f)
		f.Close()
		must(t, err)
		reports = append(reports, r)
	}
	return reports
}

var everybody = []string{"reference", "xinetd", "inetutils", "nc", "perl-tcpserver", "perl-xinetd", "perl-unflushed"}

// written writes a page into a file and returns its address.
func written(t *testing.T, reports ...*report.Report) string {
	t.Helper()
	var b bytes.Buffer
	must(t, Write(&b, reports[0].Suite, reports...))
	file := filepath.Join(t.TempDir(), "page.html")
	must(t, os.WriteFile(file, b.Bytes(), 0o644))
	return "file://" + file
}

const (
	shownRules = `[...document.querySelectorAll(".rule")].filter((r) => !r.hidden)
		.map((r) => r.querySelector("b").textContent).join(" ")`
	panelTitle = `document.getElementById("panel").hidden ? "" : document.getElementById("panel-title").textContent`
	focused    = `document.activeElement.getAttribute("aria-label") || document.activeElement.id`
)

// TestBrowser uses the page as a person does, in a real browser. The page must say nothing on the console and must not
// ask the network for anything.
func TestBrowser(t *testing.T) {
	b := startBrowser(t)
	page := written(t, real(t, everybody...)...)
	for _, part := range []struct {
		name string
		test func(t *testing.T, b *browser, page string)
	}{{"filters", filters}, {"controls", controls}, {"questions", questions}, {"open", opens}, {"links", links},
		{"keyboard", keyboard}, {"theme", theme}, {"phone", phone}, {"print", prints}} {
		t.Run(part.name, func(t *testing.T) {
			b.t = t
			b.look(1280, 900, "light")
			part.test(t, b, page)
			b.quiet()
		})
	}
	b.t = t
	if *shots != "" {
		pictures(b, page)
	}
}

// filters: each of them leaves the rows that it should, and says how many.
func filters(t *testing.T, b *browser, page string) {
	reports := real(t, everybody...)
	has := func(r *row, name string, wanted ...report.Outcome) bool {
		return slices.Contains(wanted, r.Cells[slices.Index(everybody, name)].Outcome)
	}
	for _, c := range []struct {
		fragment string
		fits     func(r *row) bool
	}{
		{"", func(r *row) bool { return true }},
		{"protocol=hmacsocket", func(r *row) bool { return r.protocol == "hmacsocket" }},
		{"role=tcpmux-client&level=SHOULD",
			func(r *row) bool { return r.Role == "tcpmux-client" && r.Level == "SHOULD" }},
		{"class=hardening", func(r *row) bool { return r.Class == "hardening" }},
		{"outcome=known&target=xinetd", func(r *row) bool { return has(r, "xinetd", report.Known) }},
		{"outcome=known&outcome=blocked&target=nc&target=inetutils", func(r *row) bool {
			return has(r, "nc", report.Known, report.Blocked) || has(r, "inetutils", report.Known, report.Blocked)
		}},
		{"target=nc", func(r *row) bool { return !has(r, "nc", "") }},
		{"text=tcpmux-2+nul", func(r *row) bool {
			return strings.HasPrefix(r.ID, "TCPMUX-2") && strings.Contains(strings.ToLower(r.Text), "nul")
		}},
		{"text=no-such-text", func(r *row) bool { return false }},
	} {
		b.visit(page + "#" + c.fragment)
		var want []string
		for _, r := range rowsOf(reports) {
			if c.fits(r) {
				want = append(want, r.ID)
			}
		}
		if got := b.eval(shownRules); got != strings.Join(want, " ") {
			t.Errorf("%q: %s, want %q", c.fragment, got, want)
		}
		if said := b.eval(`document.getElementById("said").textContent`); !strings.Contains(said,
			fmt.Sprint(len(want))) {
			t.Errorf("%q: it says %s of %d", c.fragment, said, len(want))
		}
	}
}

// controls do the same as a fragment, and the back button takes it back.
func controls(t *testing.T, b *browser, page string) {
	b.visit(page)
	all := b.eval(shownRules)
	b.eval(`tools.elements.level.value = "SHOULD";
		tools.elements.level.dispatchEvent(new Event("change", {bubbles: true}))`)
	b.click(`.chip:has([value="warn"])`)
	b.becomes("location.hash", "#level=SHOULD&outcome=warn")
	b.eval("history.back()")
	b.becomes("location.hash", "#level=SHOULD")
	b.becomes(`document.querySelector("[value=warn]").checked`, "false")
	b.click(`button[type="reset"]`)
	b.becomes(shownRules, all)
}

// questions: the answers are those that a count of the reports gives. The reference breaks nothing, so it does not keep
// the first question from having an answer.
func questions(t *testing.T, b *browser, page string) {
	broken := func(c cell) bool {
		return c.Outcome == report.Fail || c.Outcome == report.Warn || c.Outcome == report.Known
	}
	var everywhere, here, nc []string
	for _, r := range rowsOf(real(t, everybody...)) {
		bad, kept, keptByFaulty := 0, 0, 0
		for n, c := range r.Cells {
			switch {
			case broken(c):
				bad++
			case c.Outcome == report.Pass:
				kept++
				if everybody[n] != "reference" {
					keptByFaulty++
				}
			}
		}
		if bad > 1 && keptByFaulty == 0 {
			everywhere = append(everywhere, r.ID)
		}
		if bad == 1 && kept > 0 {
			here = append(here, r.ID)
			if broken(r.Cells[slices.Index(everybody, "nc")]) {
				nc = append(nc, r.ID)
			}
		}
	}
	for fragment, want := range map[string][]string{"ask=everywhere": everywhere, "ask=here": here,
		"ask=here&target=nc": nc} {
		b.visit(page + "#" + fragment)
		if got := b.eval(shownRules); got != strings.Join(want, " ") || len(want) == 0 {
			t.Errorf("%s: %s, want %q", fragment, got, want)
		}
	}
}

// opens: a click shows the rule, the reason, the bytes and the command, and leaves a link to them.
func opens(t *testing.T, b *browser, page string) {
	b.visit(page)
	b.click(`td[aria-label="TCPMUX-16, xinetd: known"]`)
	b.becomes(panelTitle, "TCPMUX-16 · xinetd known")
	b.becomes("location.hash", "#open=TCPMUX-16%2Ftcpmux-server%2Fxinetd")
	text := b.eval(`document.getElementById("panel").innerText`)
	for _, want := range []string{"A request is answered however it is cut into segments", "name-in-two-segments",
		"expected a positive reply", "> 65 63", `ho\r\n`,
		"muxspec run --scenario name-in-two-segments --target=conformance/targets/xinetd.toml"} {
		if !strings.Contains(text, want) {
			t.Errorf("the panel does not show %q:\n%s", want, text)
		}
	}
	b.click("#panel .others li:first-child a") // the same rule in the first column
	b.becomes(panelTitle, "TCPMUX-16 · reference pass")
	b.eval("history.back()")
	b.becomes(panelTitle, "TCPMUX-16 · xinetd known")
	b.eval("history.back()")
	b.becomes(panelTitle, "")
	b.click(`td[aria-label="TCPMUX-16, nc: not judged"]`)
	b.becomes(panelTitle, "TCPMUX-16 · nc not judged")
}

// links: an address brings back filters and cell, also one that is typed into an open page. One that names nothing does
// no harm.
func links(t *testing.T, b *browser, page string) {
	b.visit(page)
	all := b.eval(`document.getElementById("said").textContent`)
	b.visit(page + "#protocol=tcpmux&outcome=known&target=nc&open=TCPMUX-48/tcpmux-client/nc")
	b.becomes(panelTitle, "TCPMUX-48 · nc known")
	b.becomes(`[...document.querySelectorAll("thead .name")].filter((h) => !h.hidden).length`, "1")
	b.eval(`location.hash = "#open=TCPMUX-1/tcpmux-server/xinetd"`)
	b.becomes(panelTitle, "TCPMUX-1 · xinetd pass")
	b.becomes(`tools.elements.protocol.value`, "")
	for _, odd := range []string{"open=NOTHING-1/x/y", "open=%", "target=%3Cimg%20src=x%20onerror=alert(1)%3E",
		"outcome=great", "open=constructor", "ask=constructor", "level=__proto__", "%00", "&&=&"} {
		b.visit(page + "#" + odd)
		b.becomes(panelTitle, "")
		if !strings.HasPrefix(odd, "outcome=") {
			b.becomes(`document.getElementById("said").textContent`, all)
		}
	}
}

// keyboard: the page works without a mouse, and the focus is never lost.
func keyboard(t *testing.T, b *browser, page string) {
	b.visit(page + "#protocol=tcpmux&role=tcpmux-server")
	b.eval(`document.querySelector("#tools [value=perl-unflushed]").focus()`)
	b.press("Tab") // into the grid, which is one stop
	b.becomes(focused, "TCPMUX-1, reference: pass")
	for _, step := range []struct{ key, want string }{
		{"ArrowRight", "TCPMUX-1, xinetd: pass"}, {"ArrowDown", "TCPMUX-2, xinetd: pass"},
		{"ArrowRight", "TCPMUX-2, inetutils: pass"},
		{"ArrowRight", "TCPMUX-2, perl-tcpserver: pass"}, // nc is no server, and its column is hidden
		{"End", "TCPMUX-2, perl-unflushed: blocked"}, {"Home", "TCPMUX-2, reference: pass"},
		{"ArrowLeft", "TCPMUX-2, reference: pass"},
		{"ArrowUp", "TCPMUX-1, reference: pass"}, {"ArrowUp", "TCPMUX-1, reference: pass"},
	} {
		b.press(step.key)
		b.becomes(focused, step.want)
	}
	if b.eval(`getComputedStyle(document.activeElement).outlineStyle`) != "solid" {
		t.Error("the focus cannot be seen")
	}
	b.press("Enter")
	b.becomes(panelTitle, "TCPMUX-1 · reference pass")
	b.becomes(focused, "panel")
	b.press("Escape")
	b.becomes(panelTitle, "")
	b.becomes(focused, "TCPMUX-1, reference: pass")
	b.becomes(`document.getElementById("grid").getAttribute("role")`, "grid")
	b.becomes(`document.activeElement.getAttribute("role")`, "gridcell")
	b.becomes(`document.querySelectorAll("td[tabindex='0']").length`, "1")
	b.press("Enter") // and while it is open, a filter hides its cell
	b.eval(`location.hash += "&level=SHOULD"`)
	b.becomes(shownRules+`.includes("TCPMUX-1 ")`, "false")
	b.press("Escape")
	b.becomes(focused, "TCPMUX-31, reference: pass")
}

// theme: the page follows the reader's system until the switch says otherwise.
func theme(t *testing.T, b *browser, page string) {
	const ground = "getComputedStyle(document.body).backgroundColor"
	b.visit(page)
	light := b.eval(ground)
	b.look(1280, 900, "dark")
	dark := b.eval(ground)
	if light == dark {
		t.Errorf("light and dark are both %s", light)
	}
	b.click("#theme")
	b.becomes(ground, light)
	b.becomes(`document.getElementById("theme").textContent`, "Theme: light")
	b.click("#theme")
	b.look(1280, 900, "light")
	b.becomes(ground, dark)
	b.click("#theme")
	b.becomes(ground, light)
}

// phone: nothing is wider than the window, and the panel can be read and closed.
func phone(t *testing.T, b *browser, page string) {
	b.look(390, 844, "light")
	b.visit(page + "#open=TCPMUX-16/tcpmux-server/xinetd")
	b.becomes("document.documentElement.scrollWidth", "390")
	b.becomes(`document.getElementById("panel").getBoundingClientRect().width`, "390")
	b.click("#panel header button")
	b.becomes(panelTitle, "")
}

// prints: what only a screen can do is left out.
func prints(t *testing.T, b *browser, page string) {
	b.visit(page)
	b.must("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	b.becomes(`getComputedStyle(tools).display + " " + getComputedStyle(theme).display`, "none none")
	var pdf struct{ Data string }
	b.must("Page.printToPDF", map[string]any{"printBackground": true}, &pdf)
	if len(pdf.Data) < 10_000 {
		t.Errorf("the print has only %d bytes", len(pdf.Data))
	}
	b.must("Emulation.setEmulatedMedia", map[string]any{"media": ""}, nil)
}

// pictures are for whoever changes how the page looks.
func pictures(b *browser, page string) {
	for _, shot := range []struct {
		name          string
		width, height int
		fragment      string
	}{
		{"page", 1400, 1000, ""},
		{"open", 1400, 1000, "protocol=tcpmux&open=TCPMUX-16/tcpmux-server/xinetd"},
		{"everywhere", 1400, 1000, "ask=everywhere"},
		{"long", 1400, 3000, "protocol=tcpmux"},
		{"phone", 390, 844, ""},
		{"phone-filter", 390, 844, "outcome=known"},
		{"phone-open", 390, 844, "protocol=tcpmux&open=TCPMUX-16/tcpmux-server/xinetd"},
	} {
		for _, theme := range []string{"light", "dark"} {
			b.look(shot.width, shot.height, theme)
			b.visit(page + "#" + shot.fragment)
			if shot.name == "phone-filter" {
				b.eval(`document.getElementById("tools").scrollIntoView()`)
			}
			b.shoot(filepath.Join(*shots, shot.name+"-"+theme+".png"))
		}
	}
	b.look(800, 1100, "dark")
	b.must("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	b.visit(page + "#outcome=known")
	b.shoot(filepath.Join(*shots, "print.png"))
}
