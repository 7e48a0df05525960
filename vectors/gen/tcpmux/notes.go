package tcpmux

import "github.com/muxspec/muxspec/vectors"

// What the files are about.
const (
	requestsAre = "Reading a request: one line, whose text is the service name. Section 1.2 of " +
		"docs/tcpmux.md. The stream has not ended in any vector. Writing the name of a valid " +
		"vector gives the consumed bytes again."
	repliesAre = "Reading a reply: a sign, then one line, whose text is the explanation. Section 1.3 of " +
		"docs/tcpmux.md. The stream has not ended in any vector. Writing the sign and the " +
		"explanation of a valid vector gives the consumed bytes again."
	listsAre = "Reading the answer to HELP: a list of names, which may begin with an introduction, or " +
		"a refusal. Section 1.4 of docs/tcpmux.md."
	namesAre = "Comparing two service names: only the case of the letters A to Z does not matter. " +
		"Section 1.2 of docs/tcpmux.md."
	writersAre = "Writing a request, a reply, or a list without an introduction, and refusing what " +
		"cannot be written. Sections 1.1 to 1.4 of docs/tcpmux.md. The valid vectors of the " +
		"readers also show what can be written."
)

// usual is the effect of a flag that only says what a vector is about.
const usual = "None: judge as usual."

// flags are those that vectors carry.
var flags = map[string]vectors.Flag{
	"Blank": {
		About: "Blanks, tabs and other white space are bytes like any other, also at either end of a text.",
		Effect: "Expect them in the text. A server that strips them on purpose reads another name (TCPMUX-31 is a " +
			"SHOULD): leave the vector out for it.",
	},
	"Control": {
		About:  "The text holds control characters other than NUL, CR and LF.",
		Effect: "Expect them in the text. Escaping them comes later, before a terminal (TCPMUX-55).",
	},
	"CutShort": {
		About:  "The connection has ended within a line: its first byte or its sign has come, but not its LF.",
		Effect: "Tell the decoder that the stream has ended: ended is true.",
	},
	"Early": {
		About: "The fault is known, but the line does not end in the input.",
		Effect: "A decoder may read on to the line's end before it refuses (section 3). Then expect incomplete, or " +
			"\"cut short\" if ended is true.",
	},
	"EightBit": {
		About: "The text holds bytes above 0x7F. Texts are bytes without a character set: none is translated, " +
			"normalised, or taken for a line end or white space, and they need not be valid UTF-8.",
		Effect: "Compare bytes, not decoded text.",
	},
	"EmptyName": {
		About:  "A service name has at least 1 byte. Whether it is empty is known with the line's LF.",
		Effect: usual,
	},
	"EmptyText": {
		About:  "The explanation or introduction is there, but has no bytes.",
		Effect: "Expect an empty text, not a missing one.",
	},
	"FirstFault": {
		About: "The input has several faults. The first in the order of the bytes decides; a byte that is both a bad " +
			"byte and one too many is a bad byte.",
		Effect: "Expect this fault if your decoder names its faults.",
	},
	"Following": {
		About:  "Bytes follow the CR LF. They belong to what comes next, such as the service's session.",
		Effect: "Check consumed: the bytes after it must not be lost.",
	},
	"Help": {
		About: "HELP is read like any other name. It asks for the list in any case of its letters, but only if it is " +
			"the whole name.",
		Effect: "Expect the name. Answering HELP comes after reading.",
	},
	"Incomplete": {
		About: "More bytes are needed.",
		Effect: "Tell the decoder that more may come: ended is false. It must neither deliver nor refuse " +
			"anything. If " +
			"the stream ended here instead, a line that has begun would be \"cut short\": it is neither a name " +
			"(TCPMUX-26) nor a reply (TCPMUX-57).",
	},
	"Introduction": {
		About:  "The list begins with a positive reply.",
		Effect: "Expect the reply's text as the introduction, not among the names.",
	},
	"Letters": {
		About:  "A to Z and a to z are the same in a comparison of names. No other two bytes are.",
		Effect: usual,
	},
	"Limit": {
		About: "The result depends on max.",
		Effect: "Set the limit to max, or leave the vector out if it cannot be set. Without this flag, any limit of " +
			"at least 255 gives the same result.",
	},
	"ListSign": {
		About: "A list without an introduction must not begin with + or -: its reader would take the first name for " +
			"a reply.",
		Effect: "A writer that always puts an introduction first can write the list: leave the vector out for it.",
	},
	"LoneCR": {
		About: "A CR that no LF follows is a bad byte, and the part before it is not the text.",
		Effect: "The result for a request is acceptable, because TCPMUX-29 is a SHOULD: let either answer pass. A " +
			"server that takes such a name lets a request pass a filter that reads it otherwise.",
	},
	"LoneLF": {
		About: "An LF without a CR is a bad byte here, but the page does not judge what a reader makes of it " +
			"(section 3).",
		Effect: "The result is acceptable: let a decoder pass that refuses the line, takes the LF for its end, or " +
			"waits for CR LF.",
	},
	"NUL": {
		About: "NUL is a bad byte, and the part before it is not the text.",
		Effect: "The result for a request is acceptable, because TCPMUX-28 is a SHOULD: let either answer pass. A " +
			"server that takes such a name lets a request pass a filter that reads it otherwise.",
	},
	"Refusal": {
		About: "The answer to HELP begins as a negative reply.",
		Effect: "Expect refused as soon as the reply is complete, whatever ended says. Nothing after the reply " +
			"matters.",
	},
	"Repeated": {
		About:  "The list has a name twice. Servers must not do that (TCPMUX-12), because a list is a set.",
		Effect: "Expect each name as often as it came.",
	},
	"SignInText": {
		About: "Only the first byte of a reply, and the first byte of a whole list, can be a sign. Anywhere else + " +
			"and - are text.",
		Effect: usual,
	},
	"TwoLines": {
		About: "The text would become more than one line, and what follows its CR LF would be read as something " +
			"else.",
		Effect: usual,
	},
	"WrongSign": {
		About: "A reply begins with + or -. Any other byte is known to be wrong as soon as it is there, NUL, CR and " +
			"LF included.",
		Effect: "Leave the vector out for a writer that cannot be asked for another sign.",
	},
	"ZeroNames": {
		About:  "A list may hold no name at all.",
		Effect: "Expect an empty list of names, not a missing one.",
	},
}
