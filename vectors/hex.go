package vectors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Hex is bytes. In JSON they are an object: {"hex":"00ff"}, with two lower-case hexadecimal digits for each byte. If
// they are more than 128 and repeat themselves, they are {"repeat":[{"hex":"00ff","times":600},…]}: the parts, each so
// many times, one after the other.
type Hex []byte

// most is how many bytes always stand under "hex".
const most = 128

// A part is some bytes, Times times.
type part struct {
	Hex   digits `json:"hex"`
	Times int    `json:"times"`
}

// An object is what some bytes are in JSON: it has one of the two keys.
type object struct {
	Hex    *digits `json:"hex,omitempty"`
	Repeat []part  `json:"repeat,omitempty"`
}

func (h Hex) object() object {
	if parts := partsOf(h); len(h) > most && !(len(parts) == 1 && parts[0].Times == 1) {
		return object{Repeat: parts}
	}
	return object{Hex: (*digits)(&h)}
}

// MarshalJSON gives the object.
func (h Hex) MarshalJSON() ([]byte, error) {
	return json.Marshal(h.object())
}

// UnmarshalJSON takes what MarshalJSON gives, and nothing else: no capitals, no null, no other parts. Without digits it
// sets h to bytes that are empty, but not nil.
func (h *Hex) UnmarshalJSON(data []byte) error {
	var o object
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil {
		return err
	}
	joined := Hex{}
	if o.Hex != nil {
		joined = append(joined, *o.Hex...)
	}
	for _, p := range o.Repeat {
		if p.Times < 1 {
			return fmt.Errorf("a part has %d times", p.Times)
		}
		joined = append(joined, bytes.Repeat(p.Hex, p.Times)...)
	}
	if !reflect.DeepEqual(joined.object(), o) {
		return errors.New("the bytes do not stand as they should")
	}
	*h = joined
	return nil
}

// partsOf finds what is repeated in some bytes, always in the same way; what is not becomes a part of one time.
func partsOf(b []byte) []part {
	var parts []part
	begin := 0 // of the bytes that no part holds yet
	for at := 0; at < len(b); {
		size, times := repeated(b[at:])
		if times == 0 {
			at++
			continue
		}
		if begin < at {
			parts = append(parts, part{b[begin:at], 1})
		}
		parts = append(parts, part{b[at : at+size], times})
		at += size * times
		begin = at
	}
	if begin < len(b) {
		parts = append(parts, part{b[begin:], 1})
	}
	return parts
}

// repeated tells how often the first bytes of b, at most 16, stand there one after the other; 0 if that saves little.
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
