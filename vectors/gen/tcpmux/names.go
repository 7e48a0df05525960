package tcpmux

const (
	capitals     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	smallLetters = "abcdefghijklmnopqrstuvwxyz"
)

// The two values of a nameRow.
const (
	same  = true
	other = false
)

var names = []nameRow{
	{"name-equal", "daytime", "daytime", same, "TCPMUX-8", "", "Equal bytes."},
	{"name-equal-every-byte", everyByte(), everyByte(), same,
		"", "Blank Control EightBit", "Each byte is the same as itself."},
	{"name-equal-eight-bit", "\xc4\xe4\xff\x80", "\xc4\xe4\xff\x80", same, "", "EightBit", "Equal bytes above 0x7F."},
	{"name-case-alphabet", capitals, smallLetters, same,
		"TCPMUX-8 TCPMUX-9", "Letters", "Each letter's case does not matter."},
	{"name-case-first-letter", "A", "a", same, "TCPMUX-8 TCPMUX-9", "Letters", "0x41, the first capital."},
	{"name-case-last-letter", "Z", "z", same, "TCPMUX-8 TCPMUX-9", "Letters", "0x5A, the last capital."},
	{"name-case-i", "FINGER", "finger", same,
		"TCPMUX-8 TCPMUX-9", "Letters", "I and i are the same, though not in Turkish."},
	{"name-case-first", "Daytime", "daytime", same, "TCPMUX-8 TCPMUX-9", "Letters", "A capital at the beginning."},
	{"name-case-middle", "dayTime", "daytime", same, "TCPMUX-8 TCPMUX-9", "Letters", "A capital in the middle."},
	{"name-case-last", "daytimE", "daytime", same, "TCPMUX-8 TCPMUX-9", "Letters", "A capital at the end."},
	{"name-case-both", "dAyTiMe", "DaYtImE", same,
		"TCPMUX-8 TCPMUX-9", "Letters", "Capitals in both names, at different places."},
	{"name-case-help", "HELP", "help", same, "TCPMUX-10", "Letters Help", "HELP in small letters."},
	{"name-case-help-mixed", "hElP", "HeLp", same, "TCPMUX-10", "Letters Help", "HELP in mixed case."},
	{"name-case-punctuation", "NET-news/2.0_X", "net-NEWS/2.0_x", same,
		"TCPMUX-8 TCPMUX-9", "Letters", "Letters among other bytes."},
	{"name-case-beside-utf-8", "ZürICH", "zürich", same,
		"TCPMUX-8 TCPMUX-9", "Letters EightBit", "Letters beside a UTF-8 character that is equal."},
	{"name-case-beside-eight-bit", "\xffA\x80", "\xffa\x80", same,
		"TCPMUX-8 TCPMUX-9", "Letters EightBit", "A letter between bytes that are not valid UTF-8."},

	{"name-other", "daytime", "echo", other, "", "", "Different names."},
	{"name-other-letter", "daytime", "daytimf", other, "", "", "The last byte differs."},
	{"name-other-first-letter", "daytime", "eaytime", other, "", "", "The first byte differs."},
	{"name-other-longer", "day", "daytime", other, "TCPMUX-26", "", "One name is the beginning of the other."},
	{"name-other-end", "daytime", "time", other, "", "", "One name is the end of the other."},
	{"name-other-help-longer", "HELP", "HELPER", other, "TCPMUX-10", "Help", "HELP is the beginning of another name."},
	{"name-other-hyphen", "day-time", "day_time", other, "", "", "Hyphen and underscore."},
	{"name-other-hyphen-missing", "day-time", "daytime", other, "", "", "A hyphen more."},
	{"name-other-zeros", "net2", "net02", other, "", "", "Digits are not numbers."},

	{"name-blank-first", " daytime", "daytime", other, "TCPMUX-31", "Blank", "A blank before the name."},
	{"name-blank-middle", "day time", "daytime", other, "TCPMUX-31", "Blank", "A blank within the name."},
	{"name-blank-last", "daytime ", "daytime", other, "TCPMUX-31", "Blank", "A blank after the name."},
	{"name-blank-count", "day  time", "day time", other, "TCPMUX-31", "Blank", "Two blanks and one."},
	{"name-blank-tab", "day\ttime", "day time", other, "TCPMUX-31", "Blank", "A tab and a blank."},
	{"name-tab-first", "\tdaytime", "daytime", other, "TCPMUX-31", "Blank", "A tab before the name."},
	{"name-tab-last", "daytime\t", "daytime", other, "TCPMUX-31", "Blank", "A tab after the name."},
	{"name-blank-only", " ", "\t", other, "TCPMUX-31", "Blank", "A blank alone and a tab alone."},
	{"name-blank-help", "HELP ", "HELP", other, "TCPMUX-10 TCPMUX-31", "Blank Help", "HELP with a blank after it."},
	{"name-control-last", "daytime\x7f", "daytime", other, "", "Control", "A control character after the name."},

	{"name-fold-below-a", "@", "`", other, "", "Letters", "0x40, the byte before A, and the byte before a."},
	{"name-fold-above-z", "[", "{", other, "", "Letters", "0x5B, the byte after Z, and the byte after z."},
	{"name-fold-backslash", "\\", "|", other, "", "Letters", "0x5C and 0x7C, which differ as A and a do."},
	{"name-fold-bracket", "]", "}", other, "", "Letters", "0x5D and 0x7D, which differ as A and a do."},
	{"name-fold-circumflex", "^", "~", other, "", "Letters", "0x5E and 0x7E, which differ as A and a do."},
	{"name-fold-underscore", "_", "\x7f", other, "", "Letters Control", "0x5F and 0x7F, which differ as A and a do."},
	{"name-fold-digit", "0", "\x10", other, "", "Letters Control", "0x30 and 0x10, which differ as A and a do."},
	{"name-fold-blank", "\x01", "!", other, "", "Letters Control", "0x01 and 0x21, which differ as A and a do."},
	{"name-fold-below-letters", "@", "[", other, "", "Letters", "The bytes on both sides of the capitals."},
	{"name-fold-above-letters", "`", "{", other, "", "Letters", "The bytes on both sides of the small letters."},
	{"name-fold-latin-1", "\xc4", "\xe4", other,
		"", "Letters EightBit", "0xC4 and 0xE4, A and a with two dots in Latin-1."},
	{"name-fold-eight-bit-a", "\xc1", "\xe1", other, "", "Letters EightBit", "A and a with the eighth bit set."},
	{"name-fold-eight-bit-z", "\xda", "\xfa", other, "", "Letters EightBit", "Z and z with the eighth bit set."},
	{"name-fold-eighth-bit", "A", "\xc1", other, "", "EightBit", "A without and with the eighth bit."},
	{"name-fold-utf-8", "Ä", "ä", other, "", "Letters EightBit", "U+00C4 and U+00E4 in UTF-8."},
	{"name-fold-utf-8-greek", "Σ", "ς", other,
		"", "Letters EightBit", "Greek's capital sigma and its small one at a word's end."},
	{"name-fold-dotted-capital-i", "İ", "i", other, "", "Letters EightBit", "U+0130, the capital of i in Turkish."},
	{"name-fold-dotless-small-i", "ı", "I", other, "", "Letters EightBit", "U+0131, the small letter of I in Turkish."},
	{"name-fold-kelvin-small", "\u212a", "k", other,
		"", "Letters EightBit", "U+212A, the Kelvin sign, whose small letter is k in Unicode."},
	{"name-fold-kelvin-capital", "\u212a", "K", other,
		"", "Letters EightBit", "U+212A, the Kelvin sign, which looks like K."},
	{"name-fold-long-s", "\u017f", "s", other,
		"", "Letters EightBit", "U+017F, the long s, whose capital is S in Unicode."},
	{"name-fold-sharp-s", "ß", "SS", other, "", "Letters EightBit", "U+00DF, whose capital is SS in Unicode."},
	{"name-fold-wide", "\uff21", "A", other, "", "EightBit", "U+FF21, a wide A."},
	{"name-fold-normalised", "\u00e4", "a\u0308", other,
		"", "EightBit", "A letter with two dots as one character and as two."},
	{"name-fold-utf-8-latin-1", "ä", "\xe4", other, "", "EightBit", "The same letter in UTF-8 and in Latin-1."},
	{"name-fold-utf-8-invalid", "\xff", "\xfe", other,
		"", "EightBit", "Two bytes that are not valid UTF-8 are not one replacement character."},
}
