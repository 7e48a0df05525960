package tcpmux

// What the files are about.
const (
	requestsAre = "Reading a request: one line, whose text is the service name. Section 1.2 of docs/tcpmux.md. " +
		"Writing the name of a valid vector gives the consumed bytes again."
	repliesAre = "Reading a reply: a sign, then one line, whose text is the explanation. Section 1.3 of docs/tcpmux.md. " +
		"Writing the sign and the explanation of a valid vector gives the consumed bytes again."
	listsAre = "Reading the answer to HELP: a list of names, which may begin with an introduction, or a refusal. " +
		"Section 1.4 of docs/tcpmux.md."
	namesAre = "Comparing two service names: only the case of the letters A to Z does not matter. Section 1.2 of " +
		"docs/tcpmux.md."
	writersAre = "Writing a request, a reply, or a list without an introduction, and refusing what cannot be written. " +
		"Sections 1.1 to 1.4 of docs/tcpmux.md. What can be written is also shown by the valid vectors of the readers."
)

// notes explains the flags.
var notes = map[string]string{
	"Blank": "Blanks, tabs and other white space are bytes as any other, at both ends too. TCPMUX-31 is a SHOULD: a server " +
		"that strips them reads another name.",
	"Control": "Control characters other than NUL, CR and LF are text. A client must not send those of an explanation to a " +
		"terminal as they are (TCPMUX-55), but reads them.",
	"CutShort": "The connection has ended within a line, that is, when its first byte or its sign has come but not its LF.",
	"Early": "The fault is known, but the line does not end in the input. The page's section 3 leaves a server free to read on " +
		"to the line's end before it answers; for a reader that does, the vector is incomplete or cut short.",
	"EightBit": "Texts are bytes; no character set is implied. They need not be valid UTF-8, and no byte above 0x7F is " +
		"translated, normalised or taken for a line's end or white space.",
	"EmptyName": "A service name has 1 byte or more. That it has none is known with the line's LF.",
	"EmptyText": "The explanation or introduction is there, but has no bytes.",
	"FirstFault": "The input has several faults. A reader looks at the bytes in order and the first fault decides; where a " +
		"byte is both a bad byte and one too many, it is a bad byte.",
	"Following": "The bytes behind the CR LF belong to what follows, the service's session for instance. Nothing about " +
		"them matters here, and none of them may be lost.",
	"Help": "HELP is read as any other name. What it asks for is recognised in any case, but only where it is the whole name.",
	"Incomplete": "More bytes are needed. Where the input ends here, that is the fault \"cut short\" if a byte has come; what " +
		"has come is not a name (TCPMUX-26) or a reply (TCPMUX-57).",
	"Introduction": "The list begins with a positive reply. Its text is not a name.",
	"Letters":      "A to Z and a to z are the same in a comparison of names. Nothing else is the same as anything but itself.",
	"Limit": "The result depends on max, the reader's or writer's own limit. Leave these out where the limit cannot be set to " +
		"that of the vector.",
	"ListSign": "A list without an introduction must not begin with + or -: its reader would take the first name for a reply.",
	"LoneCR": "A CR that no LF follows is a bad byte; the part before it is not the text. For a request that is a SHOULD " +
		"(TCPMUX-29), hence \"acceptable\", but who takes such a name lets a filter be passed that reads it otherwise.",
	"LoneLF": "A LF without CR is a bad byte here, but \"acceptable\": the page's section 3 never judges what a reader makes of " +
		"a line that ends with LF alone. Some take it for the line's end, some wait for CR LF.",
	"NUL": "NUL is a bad byte; the part before it is not the text. For a request that is a SHOULD (TCPMUX-28), hence " +
		"\"acceptable\", but who takes such a name lets a filter be passed that reads it otherwise.",
	"Refusal": "The answer to HELP is a negative reply. It decides as soon as it is complete, whether the connection has " +
		"ended or not, and nothing behind it matters.",
	"Repeated": "A list is a set. Servers must not list a name twice (TCPMUX-12); a reader gives the names as they are.",
	"SignInText": "Only the first byte of a reply, and the first of all bytes of a list, can be a sign. Anywhere else + and - " +
		"are text.",
	"TwoLines": "The text would be more than one line: what stands behind the CR LF in it would be read as something else.",
	"WrongSign": "A reply begins with + or -. Any other byte, NUL, CR and LF included, is known to be wrong as soon as it is " +
		"there.",
	"ZeroNames": "A list may hold no name at all.",
}
