package udpmux

var numbers = []numberRow{
	{"number-plain", "60000", learn, 60000, valid, "UDPMUX-115", "", "The page's plain number."},
	{"number-plain-1", "1", learn, 1, valid, "UDPMUX-115", "", "The lowest port."},
	{"number-plain-65535", "65535", learn, 65535, valid, "UDPMUX-115", "", "The highest port."},
	{"number-plain-zero", "060000", learn, 60000, valid, "UDPMUX-115", "Zeros", "A leading zero."},
	{"number-plain-11-digits", "00000060000", learn, 60000, valid, "UDPMUX-115", "Zeros", "Zeros up to 11 digits."},
	{"number-plain-zeros", repeat("0", 100) + "60000", learn, 60000, valid, "UDPMUX-115", "Zeros", "A hundred zeros."},
	{"number-token", "10737478240", token, 60000, valid, "UDPMUX-112", "", "The page's token's number."},
	{"number-token-1", "10737418241", token, 1, valid, "UDPMUX-112", "", "The lowest port."},
	{"number-token-65535", "10737483775", token, 65535, valid, "UDPMUX-112", "", "The highest port."},

	{"number-unknown-0", "0", "", 0, unknownN, "UDPMUX-116", "", "0 is no port."},
	{"number-unknown-zeros", "00000", "", 0, unknownN, "UDPMUX-116", "Zeros", "Nor are zeros."},
	{"number-unknown-65536", "65536", "", 0, unknownN, "UDPMUX-116", "", "One more than a port can be."},
	{"number-unknown-065536", "065536", "", 0, unknownN, "UDPMUX-116", "Zeros", "The same with a zero."},
	{"number-unknown-99999", "99999", "", 0, unknownN, "UDPMUX-116", "", "Five digits that are no port."},
	{"number-unknown-2-31", "2147543648", "", 0, unknownN, "UDPMUX-116", "", "2^31 + 60000, without a mode."},
	{"number-unknown-2-32", "4295027296", "", 0, unknownN, "UDPMUX-116", "", "2^32 + 60000."},
	{"number-unknown-learn", "6442510944", "", 0, unknownN,
		"UDPMUX-116", "", "1·2^32 + 2^31 + 60000: learn's bit, whose N is plain."},
	{"number-unknown-half", "8589994592", "", 0, unknownN, "UDPMUX-116", "", "2·2^32 + 60000, without 2^31."},
	{"number-unknown-port", "19327412832", "", 0, unknownN,
		"UDPMUX-116", "", "4·2^32 + 2^31 + 60000: port mode has no N."},
	{"number-unknown-both", "15032445536", "", 0, unknownN, "UDPMUX-116", "", "3·2^32 + 2^31 + 60000."},
	{"number-unknown-token-0", "10737418240", "", 0, unknownN, "UDPMUX-116", "", "Token's N with the port 0."},
	{"number-unknown-token-65536", "10737483776", "", 0, unknownN, "UDPMUX-116", "", "Token's N with the port 65536."},
	{"number-unknown-token-zero", "010737478240", "", 0, unknownN, "UDPMUX-116", "Zeros",
		"Token's N has 11 digits, without a zero in front."},
	{"number-unknown-99999999999", "99999999999", "", 0, unknownN, "UDPMUX-116", "", "11 digits."},
	{"number-unknown-2-63", "9223372036854835808", "", 0, unknownN, "UDPMUX-116", "", "2^63 + 60000."},
	{"number-unknown-2-64", "18446744073709611616", "", 0, unknownN,
		"UDPMUX-116", "", "2^64 + 60000: it must not be taken for 60000."},
	{"number-unknown-2-64-token", "18446744084447029856", "", 0, unknownN, "UDPMUX-116", "", "2^64 + 10737478240."},
	{"number-unknown-many", repeat("9", 1000), "", 0, unknownN, "UDPMUX-116", "", "A thousand digits."},

	{"number-not-empty", "", "", 0, notANumber, "UDPMUX-115", "", "An empty argument."},
	{"number-not-word", "localhost", "", 0, notANumber, "UDPMUX-115", "", "A word."},
	{"number-not-option", "--version", "", 0, notANumber, "UDPMUX-115", "", "An option."},
	{"number-not-minus", "-1", "", 0, notANumber, "UDPMUX-115", "", "A sign."},
	{"number-not-plus", "+60000", "", 0, notANumber, "UDPMUX-115", "", "A sign, as some readers of numbers take it."},
	{"number-not-blank-before", " 60000", "", 0, notANumber, "UDPMUX-115", "", "A blank before it."},
	{"number-not-blank-behind", "60000 ", "", 0, notANumber, "UDPMUX-115", "", "A blank after it."},
	{"number-not-line-end", "60000\n", "", 0, notANumber, "UDPMUX-115", "", "A line end."},
	{"number-not-nul", "60000\x00", "", 0, notANumber, "UDPMUX-115", "", "NUL after it."},
	{"number-not-hex", "0xea60", "", 0, notANumber, "UDPMUX-115", "", "Hexadecimal."},
	{"number-not-underline", "60_000", "", 0, notANumber, "UDPMUX-115", "", "Digits with an underline."},
	{"number-not-exponent", "6e4", "", 0, notANumber, "UDPMUX-115", "", "An exponent."},
	{"number-not-point", "60000.0", "", 0, notANumber, "UDPMUX-115", "", "A point."},
	{"number-not-token", "10737478240x", "", 0, notANumber, "UDPMUX-115", "", "Token's N and a letter."},
	{"number-not-other-digits", "٦٠٠٠٠", "", 0, notANumber, "UDPMUX-115", "", "Arabic digits."},
	{"number-not-wide-digits", "６００００", "", 0, notANumber, "UDPMUX-115", "", "Full-width digits."},
}

// Answers to -c show these.
const (
	digitsRule = "UDPMUX-113"
	noneRule   = "UDPMUX-114"
)

var colours = []coloursRow{
	{"colours-256", "256\n", false, "0256\n", digitsRule, "", "256 colours."},
	{"colours-8", "8\n", false, "08\n", digitsRule, "", "8 colours."},
	{"colours-unended", "256", false, "0256\n", digitsRule, "", "No LF."},
	{"colours-0", "0\n", false, "00\n", digitsRule, "", "0 has no digits but leading zeros."},
	{"colours-000", "000\n", false, "00\n", digitsRule, "Zeros", "Nor have many zeros."},
	{"colours-0256", "0256\n", false, "0256\n",
		digitsRule, "Zeros", "A signal already, as from an agent behind an agent."},
	{"colours-00008", "00008", false, "08\n", digitsRule, "Zeros", "Many zeros."},
	{"colours-16777216", "16777216\n", false, "016777216\n", digitsRule, "", "True colour."},
	{"colours-many", repeat("9", 100) + "\n", false, "0" + repeat("9", 100) + "\n",
		digitsRule, "", "More digits than a number has."},
	{"colours-minus", "-1\n", false, "00\n", noneRule, "", "A terminal without colours."},
	{"colours-empty", "", false, "00\n", noneRule, "", "No output."},
	{"colours-empty-line", "\n", false, "00\n", noneRule, "", "An empty line."},
	{"colours-word", "many\n", false, "00\n", noneRule, "", "A word."},
	{"colours-tail", "256x\n", false, "00\n", noneRule, "", "A letter after the digits."},
	{"colours-blank-before", " 8\n", false, "00\n", noneRule, "", "A blank before the digits."},
	{"colours-blank-behind", "8 \n", false, "00\n", noneRule, "", "A blank after the digits."},
	{"colours-crlf", "8\r\n", false, "00\n", noneRule, "", "CR LF: only LF is left out."},
	{"colours-two-ends", "8\n\n", false, "00\n", noneRule, "", "Two LFs: one is left out."},
	{"colours-lines", "8\n8\n", false, "00\n", noneRule, "", "Two lines."},
	{"colours-lf-before", "\n8\n", false, "00\n", noneRule, "", "LF before the digits."},
	{"colours-plus", "+8\n", false, "00\n", noneRule, "", "A sign."},
	{"colours-nul", "8\x00\n", false, "00\n", noneRule, "", "NUL after the digits."},
	{"colours-other-digits", "٨\n", false, "00\n", noneRule, "", "An Arabic digit."},
	{"colours-failed", "256\n", true, "00\n", noneRule, "", "The real client failed, whatever it printed."},
	{"colours-failed-empty", "", true, "00\n", noneRule, "", "The real client failed and printed nothing."},
}

// An argument of -c shows these.
const (
	agentRule = "UDPMUX-98"
	stockRule = "UDPMUX-99"
)

var signals = []signalRow{
	{"signal-0256", "0256", true, agentRule, "The page's example."},
	{"signal-08", "08", true, agentRule, "The page's example."},
	{"signal-00", "00", true, agentRule, "The page's example."},
	{"signal-000", "000", true, agentRule, "More zeros."},
	{"signal-many", "0" + repeat("9", 100), true, agentRule, "More digits than a number has."},
	{"signal-0", "0", false, stockRule, "One digit: a stock client without colours."},
	{"signal-8", "8", false, stockRule, "A stock client's."},
	{"signal-256", "256", false, stockRule, "A stock client's."},
	{"signal-80", "80", false, stockRule, "The 0 is not the first digit."},
	{"signal-empty", "", false, stockRule, "An empty argument."},
	{"signal-word", "0x", false, stockRule, "A letter after the 0."},
	{"signal-minus", "-1", false, stockRule, "A sign."},
	{"signal-minus-0", "-08", false, stockRule, "A sign before the 0."},
	{"signal-blank", "08 ", false, stockRule, "A blank after it."},
	{"signal-line-end", "08\n", false, stockRule, "A line end after it."},
	{"signal-blank-before", " 08", false, stockRule, "A blank before it."},
	{"signal-other-digits", "0٨", false, stockRule, "An Arabic digit."},
}
