package hmacsocket

// What the files are about.
const (
	initsAre = "Reading an Init. Section 1.2 of docs/hmacsocket.md. Writing ML and N of a valid vector gives the consumed bytes " +
		"again. Whether an endpoint may accept that N (section 4.1) is not asked."
	countersAre = "The sum in CN(i): Hash(N | K) + i. Section 1.3 of docs/hmacsocket.md."
	keysAre     = "Reading one Chunk, with each hash and with keys of many kinds, and Chunks whose H is something like the HMAC. " +
		"Section 1.1 of docs/hmacsocket.md."
	chunksAre    = "Reading one Chunk: lengths, limits, numbers and ends. Section 1.3 of docs/hmacsocket.md."
	forgeriesAre = "Reading one Chunk of which the H is wrong, so that nothing of D may be delivered. Section 1.3 of docs/hmacsocket.md."
	errorsAre    = "Reading one Error. Sections 1.3 and 3 of docs/hmacsocket.md."
	streamsAre   = "Reading one direction's messages. Sections 1.3 and 1.5 of docs/hmacsocket.md. Only the messages of a vector may be " +
		"delivered; where the result is invalid, or the last of them is an Error, the connection breaks behind them."
	initWritersAre    = "Writing an Init, and refusing what cannot be written. Section 1.2 of docs/hmacsocket.md."
	messageWritersAre = "Writing a Chunk or an Error, and refusing what cannot be written. Section 1.3 of docs/hmacsocket.md. What can be " +
		"written is also shown by the valid vectors of the readers."
)

// notes explains the flags.
var notes = map[string]string{
	"Behind": "Bytes stand behind the message that ends the direction, be it refused or an Error. They are no messages, however " +
		"right they are (HMACSOCKET-37).",
	"Carry": "A carry from byte to byte takes part in the sum that CN(i) is.",
	"Changed": "EC, LE or EM is not what the Error was made with. H does not cover them, so the Error is valid, which is why " +
		"nothing but people may make anything of them. Where another reading is followed, H is wrong.",
	"Control": "The text holds control characters. It is read as it is, but they must not be written to output or log as they " +
		"are (HMACSOCKET-52).",
	"CutShort": "The input has ended within an Init or a message, or before the Init.",
	"Early": "The fault is known before the Init or the message is complete. A reader that waits for more bytes than it needs " +
		"finds it later, if ever (HMACSOCKET-40).",
	"Failed": "The outcome hangs on an Error's H, which the page has as HMAC(K, CN(i)). Leave these out where another reading is " +
		"followed on purpose (section 3).",
	"Far": "i is 2^63 or more. An implementation may end a connection before that (section 1.3). Leave these " +
		"out where the number cannot be so large.",
	"FirstFault": "Several things are wrong. The first of the page's list that applies decides.",
	"Following": "The bytes behind the Init or the message belong to what follows. None of them may be lost. (Behind an Error " +
		"nothing is a message any more.)",
	"Huge": "ML is larger than any memory should be taken for because of it (HMACSOCKET-12).",
	"Incomplete": "More bytes are needed. Where the input ends here, that is the fault \"cut short\", but for a direction that has " +
		"no byte behind its last message.",
	"KeyBytes": "The key holds NUL, blanks, control characters or bytes above 0x7F. All of them count, also at its end " +
		"(HMACSOCKET-68).",
	"Limit": "The result depends on ml, or would with a smaller one than 1048576. Leave these out where the limit cannot be set " +
		"to that of the vector.",
	"LongKey": "The key is longer than the hash's block: the HMAC's key is Hash(K). In Hash(N | K) it is K as it is.",
	"NotShown": "The text is not valid UTF-8, or holds NUL. The Error is valid and ends the direction, but its text is not to be " +
		"shown (HMACSOCKET-53).",
	"Number": "The number of the message, or of the first one, is not 0. Leave these out where it cannot be set.",
	"ReadingCN": "The Error's H is HMAC(K, CN(i)): the page's reading. Where another is followed on purpose, it is wrong, unless " +
		"that one's flag is there, too.",
	"ReadingText":  "The Error's H is HMAC(K, EM | CN(i)), another reading of the protocol's description (section 3).",
	"ReadingWhole": "The Error's H is HMAC(K, EC | LE | EM | CN(i)), another reading of the protocol's description (section 3).",
	"SameLH":       "LH does not tell the hash: another one has the same, and the difference shows with the first message.",
	"Wrap":         "The sum that CN(i) is has wrapped to zero at the top.",
}
