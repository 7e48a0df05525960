package vectors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Hex is bytes. In JSON they stand as a string of two lower-case hexadecimal digits for each or, where they are more than
// 1024, as an array of runs, such as {"repeat":"00ff","times":600}, which are joined.
type Hex []byte

// maxDigits is how many bytes stand as one string.
const maxDigits = 1024

// A run is Repeat, Times times.
type run struct {
	Repeat digits `json:"repeat"`
	Times  int    `json:"times"`
}

// MarshalJSON gives the digits in quotes, or the runs.
func (h Hex) MarshalJSON() ([]byte, error) {
	if len(h) > maxDigits {
		return json.Marshal(runsOf(h))
	}
	return json.Marshal(digits(h))
}

// UnmarshalJSON takes what MarshalJSON gives, and nothing else: no capitals, no null, no other runs. Without digits it sets
// h to bytes that are empty, but not nil.
func (h *Hex) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte("[")) {
		return (*digits)(h).UnmarshalJSON(data)
	}
	var runs []run
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&runs); err != nil {
		return err
	}
	var joined Hex
	for _, r := range runs {
		if r.Times < 1 {
			return fmt.Errorf("a run has %d times", r.Times)
		}
		joined = append(joined, bytes.Repeat(r.Repeat, r.Times)...)
	}
	if !reflect.DeepEqual(runsOf(joined), runs) || len(joined) <= maxDigits {
		return errors.New("the bytes do not stand in the runs that they should")
	}
	*h = joined
	return nil
}

// runsOf finds what is repeated in some bytes, always in the same way; what is not becomes a run of one time.
func runsOf(b []byte) []run {
	var runs []run
	begin := 0 // of the bytes that no run holds yet
	for at := 0; at < len(b); {
		size, times := repeated(b[at:])
		if times == 0 {
			at++
			continue
		}
		if begin < at {
			runs = append(runs, run{b[begin:at], 1})
		}
		runs = append(runs, run{b[at : at+size], times})
		at += size * times
		begin = at
	}
	if begin < len(b) {
		runs = append(runs, run{b[begin:], 1})
	}
	return runs
}

// repeated tells how often the first bytes of b, at most 16, stand there one behind the other; 0 if that saves little.
func repeated(b []byte) (size, times int) {
	for size = 1; size <= 16 && 2*size <= len(b); size++ {
		times = 1
		for (times+1)*size <= len(b) && bytes.Equal(b[:size], b[times*size:(times+1)*size]) {
			times++
		}
		if times*size >= 64 && times > 1 {
			return size, times
		}
	}
	return 0, 0
}

// digits is bytes that stand as one string.
type digits []byte

func (d digits) MarshalJSON() ([]byte, error) {
	return json.Marshal(hex.EncodeToString(d))
}

func (d *digits) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	if text == nil {
		return errors.New("null is no bytes")
	}
	decoded, err := hex.DecodeString(*text)
	if err != nil {
		return err
	}
	if hex.EncodeToString(decoded) != *text {
		return fmt.Errorf("%q has capitals", *text)
	}
	*d = append(digits{}, decoded...)
	return nil
}
