package vectors

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/muxspec/muxspec/conformance/wire/tcpmux"
)

// TestTCPMUX compares the vectors with conformance/wire/tcpmux, at the limit that they state and, where the limit has
// no part in it, at a larger one.
func TestTCPMUX(t *testing.T) {
	files, err := Load("tcpmux")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, v := range file.Vectors {
			t.Run(v.Common().ID, func(t *testing.T) {
				max := check(t, v, 0)
				if max < 0 || slices.Contains(v.Common().Flags, "Limit") {
					return
				}
				if max < 255 {
					t.Errorf("max is %d, but there is no flag Limit", max)
				}
				check(t, v, 1<<16)
			})
		}
	}
}

// check checks a vector at a limit, or at its own if the limit is 0, which it gives; -1 if the vector has none.
func check(t *testing.T, v Vector, max int) int {
	switch v := v.(type) {
	case *RequestVector:
		checkRequest(t, v, cmp.Or(max, v.Max))
		return v.Max
	case *ReplyVector:
		checkReply(t, v, cmp.Or(max, v.Max))
		return v.Max
	case *ListVector:
		checkList(t, v, cmp.Or(max, v.Max))
		return v.Max
	case *WriterVector:
		checkWriter(t, v, cmp.Or(max, v.Max))
		return v.Max
	case *NameVector:
		checkName(t, v)
	default:
		t.Errorf("%T is not checked", v)
	}
	return -1
}

// checkFault says whether the vector is valid, which it must agree about with the fault.
func checkFault(t *testing.T, v *Outcome, fault tcpmux.Fault) bool {
	t.Helper()
	want := tcpmux.Fault(v.Fault)
	if v.Result == Incomplete {
		want = tcpmux.Incomplete
	}
	if fault != want || (v.Result == Valid) != (fault == tcpmux.None) {
		t.Errorf("%s: fault is %q", v.Result, fault)
		return false
	}
	return v.Result == Valid
}

// checkBytes tells nil from empty.
func checkBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// checkWritten wants the bytes that were consumed from what a writer made of their contents.
func checkWritten(t *testing.T, got []byte, fault tcpmux.Fault, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) || fault != tcpmux.None {
		t.Errorf("written again it is %x, fault %q", got, fault)
	}
}

func checkRequest(t *testing.T, v *RequestVector, max int) {
	name, n, fault := tcpmux.ParseRequest(v.Input, max)
	if !checkFault(t, &v.Outcome, fault) {
		return
	}
	checkBytes(t, "name", name, v.Name)
	if n != v.Consumed {
		t.Errorf("consumed %d", n)
	}
	again, fault := tcpmux.AppendRequest(nil, v.Name, max)
	checkWritten(t, again, fault, v.Input[:v.Consumed])
}

func checkReply(t *testing.T, v *ReplyVector, max int) {
	sign, explanation, n, fault := tcpmux.ParseReply(v.Input, max)
	if !checkFault(t, &v.Outcome, fault) {
		return
	}
	checkBytes(t, "sign", []byte{sign}, v.Sign)
	checkBytes(t, "explanation", explanation, v.Explanation)
	if n != v.Consumed {
		t.Errorf("consumed %d", n)
	}
	again, fault := tcpmux.AppendReply(nil, v.Sign[0], v.Explanation, max)
	checkWritten(t, again, fault, v.Input[:v.Consumed])
}

func checkList(t *testing.T, v *ListVector, max int) {
	list, fault := tcpmux.ParseList(v.Input, max, v.Ended)
	if !checkFault(t, &v.Outcome, fault) {
		return
	}
	if list.Refused != *v.Refused {
		t.Fatalf("refused is %t", list.Refused)
	}
	checkBytes(t, "explanation", list.Explanation, v.Explanation)
	checkBytes(t, "introduction", list.Introduction, v.Introduction)
	var names [][]byte
	for _, name := range v.Names {
		names = append(names, name)
	}
	if diff := gocmp.Diff(names, list.Names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	switch {
	case list.Refused: // what follows does not matter, and is not written
		again, fault := tcpmux.AppendReply(nil, '-', v.Explanation, max)
		checkWritten(t, again, fault, v.Input[:min(len(again), len(v.Input))])
	case list.Introduction == nil:
		again, fault := tcpmux.AppendList(nil, names, max)
		checkWritten(t, again, fault, v.Input)
	default: // after an introduction the first name may begin with a sign, so the names are written one by one
		again, fault := tcpmux.AppendReply(nil, '+', v.Introduction, max)
		for i := 0; i < len(names) && fault == tcpmux.None; i++ {
			again, fault = tcpmux.AppendRequest(again, names[i], max)
		}
		checkWritten(t, again, fault, v.Input)
	}
}

func checkWriter(t *testing.T, v *WriterVector, max int) {
	var output []byte
	var fault tcpmux.Fault
	switch v.Writes {
	case Request:
		output, fault = tcpmux.AppendRequest(nil, v.Name, max)
	case Reply:
		output, fault = tcpmux.AppendReply(nil, v.Sign[0], v.Explanation, max)
	case List:
		var names [][]byte
		for _, name := range v.Names {
			names = append(names, name)
		}
		output, fault = tcpmux.AppendList(nil, names, max)
	}
	if checkFault(t, &v.Outcome, fault) && !bytes.Equal(output, v.Output) {
		t.Errorf("output is %x", output)
	}
}

// checkName also wants names that a request can hold.
func checkName(t *testing.T, v *NameVector) {
	if tcpmux.SameName(v.A, v.B) != v.Same || tcpmux.SameName(v.B, v.A) != v.Same {
		t.Errorf("they are not same %t in both orders", v.Same)
	}
	for _, name := range []Hex{v.A, v.B} {
		if _, fault := tcpmux.AppendRequest(nil, name, 255); fault != tcpmux.None {
			t.Errorf("%x is no name: %s", []byte(name), fault)
		}
	}
}
