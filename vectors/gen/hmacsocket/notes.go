package hmacsocket

import "github.com/muxspec/muxspec/vectors"

// What the files are about.
const (
	initsAre = "Reading an Init. Section 1.2 of docs/hmacsocket.md. Writing ML and N of a valid vector " +
		"gives the consumed bytes again. Whether an endpoint may accept that N (section 4.1) is " +
		"not asked."
	countersAre = "The sum in CN(i): Hash(N | K) + i. Section 1.3 of docs/hmacsocket.md."
	keysAre     = "Reading one Chunk, with each hash and with keys of many kinds, and Chunks whose H only " +
		"resembles the HMAC. Section 1.1 of docs/hmacsocket.md."
	chunksAre = "Reading one Chunk: lengths, limits, numbers and ends. Section 1.3 of " +
		"docs/hmacsocket.md."
	forgeriesAre = "Reading one Chunk whose H is wrong, so that nothing of D may be delivered. Section 1.3 " +
		"of docs/hmacsocket.md."
	errorsAre  = "Reading one Error. Sections 1.3 and 3 of docs/hmacsocket.md."
	streamsAre = "Reading one direction's messages. Sections 1.3 and 1.5 of docs/hmacsocket.md. Only the " +
		"messages of a vector may be delivered. If the result is invalid, or the last message " +
		"is an Error, the connection breaks after them."
	initWritersAre = "Writing an Init, and refusing what cannot be written. Section 1.2 of " +
		"docs/hmacsocket.md."
	messageWritersAre = "Writing a Chunk or an Error, and refusing what cannot be written. Section 1.3 of " +
		"docs/hmacsocket.md. The valid vectors of the readers also show what can be written."
)

// usual is the effect of a flag that only says what a vector is about.
const usual = "None: judge as usual."

// flags are those that vectors carry.
var flags = map[string]vectors.Flag{
	"Carry": {
		About:  "The sum CN(i) has a carry from one byte to the next.",
		Effect: usual,
	},
	"Changed": {
		About: "EC, LE or EM is not what the Error was made with. H does not cover them, so the Error is valid, and " +
			"nobody but people may make anything of them.",
		Effect: "If you follow another reading of an Error's H on purpose (section 3), H is wrong, unless that " +
			"reading's flag is there too.",
	},
	"Control": {
		About:  "The text holds control characters.",
		Effect: "Expect them in the text. Escaping them comes later, before output or a log (HMACSOCKET-52).",
	},
	"CutShort": {
		About:  "The input has ended within an Init or a message, or before the Init.",
		Effect: "Tell the decoder that the stream has ended: ended is true.",
	},
	"Early": {
		About: "The fault is known before the Init or the message is complete.",
		Effect: "Expect the fault at once. A decoder that waits for more bytes than it needs says " +
			"incomplete, or \"cut " +
			"short\" if ended is true; for a Chunk that is too long, that breaks HMACSOCKET-40.",
	},
	"Failed": {
		About:  "The result depends on an Error's H, which the page has as HMAC(K, CN(i)).",
		Effect: "Leave the vector out if you follow another reading on purpose (section 3).",
	},
	"Far": {
		About: "i is 2^63 or more.",
		Effect: "Leave the vector out if your number cannot be so large: an implementation may end a connection " +
			"before that (section 1.3).",
	},
	"FirstFault": {
		About:  "Several things are wrong. The first in the page's list decides.",
		Effect: "Expect this fault if your decoder names its faults.",
	},
	"Following": {
		About:  "Bytes follow the Init or the message. (After an Error nothing is a message any more.)",
		Effect: "Check consumed: the bytes after it must not be lost.",
	},
	"Huge": {
		About:  "ML is larger than any memory that should be taken because of it.",
		Effect: "Check that no memory is taken because of ML (HMACSOCKET-12).",
	},
	"Incomplete": {
		About: "More bytes are needed.",
		Effect: "Tell the decoder that more may come: ended is false. It must neither deliver nor refuse anything " +
			"more. If the stream ended here instead, the fault would be \"cut short\", unless no byte follows the " +
			"last message: that is a clean end.",
	},
	"KeyBytes": {
		About: "The key holds NUL, blanks, control characters or bytes above 0x7F. All of them count, also at its " +
			"end (HMACSOCKET-68).",
		Effect: "Give the key as bytes, not as text.",
	},
	"Limit": {
		About: "The result depends on ml, or would with an ml below 1048576.",
		Effect: "Set the limit to ml, or leave the vector out if it cannot be set. Without this flag, any " +
			"limit of at " +
			"least 1048576 gives the same result.",
	},
	"LongKey": {
		About: "The key is longer than the hash's block, so the HMAC's key is Hash(K). In Hash(N | K) it is K " +
			"itself.",
		Effect: usual,
	},
	"NotShown": {
		About:  "The text is not valid UTF-8, or holds NUL. The Error is valid and ends the direction all the same.",
		Effect: "Expect shown to be false: the text must not be shown (HMACSOCKET-53).",
	},
	"Number": {
		About:  "The number of the message, or of the first one, is not 0.",
		Effect: "Begin with the number i, or leave the vector out if it cannot be set.",
	},
	"ReadingCN": {
		About: "The Error's H is HMAC(K, CN(i)), the page's reading.",
		Effect: "If you follow another reading on purpose (section 3), H is wrong, unless that reading's flag is " +
			"there too.",
	},
	"ReadingText": {
		About:  "The Error's H is HMAC(K, EM | CN(i)), another reading of the protocol's description (section 3).",
		Effect: "If you follow this reading on purpose, H is right.",
	},
	"ReadingWhole": {
		About: "The Error's H is HMAC(K, EC | LE | EM | CN(i)), another reading of the protocol's description " +
			"(section 3).",
		Effect: "If you follow this reading on purpose, H is right.",
	},
	"SameLH": {
		About: "LH does not tell the hash: another hash has the same LH, and the difference shows with the first " +
			"message.",
		Effect: usual,
	},
	"Trailing": {
		About:  "Bytes follow the message that ends the direction, which is refused or is an Error.",
		Effect: "Check that nothing is delivered of them, however right they are (HMACSOCKET-37).",
	},
	"Wrap": {
		About:  "The sum CN(i) has wrapped to zero at the top.",
		Effect: usual,
	},
}
