package matrix

import (
	"slices"

	"github.com/muxspec/muxspec/conformance/report"
)

// data is what the script knows, in short form, since it is most of the page. A text that occurs often stands there
// once.
type data struct {
	Texts    []string     `json:"texts"`
	Outcomes []string     `json:"outcomes"` // of scenarios
	Rules    []ruleData   `json:"rules"`    // of each row
	Targets  []targetData `json:"targets"`  // of each column
}

type ruleData struct {
	ID       string `json:"id"`
	Role     string `json:"role"`
	Protocol string `json:"protocol"`
	Level    string `json:"level"`
	Class    string `json:"class"`
	Why      string `json:"why,omitempty"`
	Page     string `json:"page,omitempty"`
	Section  string `json:"section,omitempty"`
}

type targetData struct {
	Name  string `json:"name"`
	Again string `json:"again,omitempty"` // the arguments of run
	// Cells holds, by the number of the row, the results of its scenarios. Each is numbers: the name's among the texts,
	// the outcome's, in how many variants it was played, and unless it has passed those of the reason and the evidence,
	// and 1 if the violation is listed. The variant is part of the name.
	Cells map[int][][]int `json:"cells"`
}

// scenarioOutcomes are those that a scenario can have, by the numbers in [targetData].
var scenarioOutcomes = []report.Outcome{report.Pass, report.Violation, report.Unsupported, report.Blocked,
	report.Inconclusive}

// A pool gives each text a number.
type pool struct {
	texts   []string
	numbers map[string]int
}

func (p *pool) number(text string) int {
	n, ok := p.numbers[text]
	if !ok {
		n = len(p.texts)
		p.numbers[text] = n
		p.texts = append(p.texts, text)
	}
	return n
}

// newData takes from the reports what the cells show, with at most so many lines of evidence each.
func newData(v *view, reports []*report.Report, lines int) data {
	texts := &pool{numbers: map[string]int{}}
	texts.number("") // 0
	var d data
	for _, o := range scenarioOutcomes {
		d.Outcomes = append(d.Outcomes, string(o))
	}
	for n, r := range reports {
		d.Targets = append(d.Targets, targetData{v.Columns[n].Name, visible(r.Again), make(map[int][][]int)})
	}
	for _, r := range v.rows {
		d.Rules = append(d.Rules, ruleData{r.ID, r.Role, r.protocol, r.Level, r.Class, r.Why, r.Page, r.Section})
		for n, c := range r.Cells {
			if c.Result != nil {
				d.Targets[n].Cells[r.Index] = cellData(texts, c.Result, lines)
			}
		}
	}
	d.Texts = texts.texts
	return d
}

func cellData(texts *pool, result *report.RuleResult, lines int) (all [][]int) {
	for _, s := range result.Scenarios {
		name := texts.number(clip(visible(s.Full()), longest))
		numbers := []int{name, slices.Index(scenarioOutcomes, s.Outcome), s.Plays}
		if s.Outcome != report.Pass {
			known := 0
			if s.Known {
				known = 1
			}
			numbers = append(numbers, texts.number(clip(visible(s.Reason), longest)),
				texts.number(excerpt(s.Proof, lines)), known)
		}
		all = append(all, numbers)
	}
	return all
}
