"""A codec of HMACSocket for "muxspec vectors run hmacsocket -- python3 hmacsocket.py". The page is docs/hmacsocket.md.
Python's standard library has no BLAKE3, so this codec supports the other hashes only."""
import functools, hashlib, hmac, json, sys

HASHES = {
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "sha512-256": functools.partial(hashlib.new, "sha512_256"),
    "blake2b-256": functools.partial(hashlib.blake2b, digest_size=32),
}

class Fault(Exception):
    """What is wrong with the bytes, or that they are incomplete."""

def length(q):  # LH
    return HASHES[q["hash"]](b"").digest_size

def add(base, i):
    return ((int.from_bytes(base, "big") + i) % 256 ** len(base)).to_bytes(len(base), "big")

def count(q, i):  # CN(i)
    return add(HASHES[q["hash"]](q["n"] + q["key"]).digest(), i)

def mac(q, data, i):  # an Error's H is that of no data
    return hmac.new(q["key"], data + count(q, i), HASHES[q["hash"]]).digest()

def shown(text):
    return b"\0" not in text and text.decode(errors="ignore").encode() == text

def result(q, fault):
    return "incomplete" if str(fault) == "incomplete" and not q["ended"] else "invalid"

def take(data, size):
    if len(data) < size:
        raise Fault("incomplete")
    return data[:size]

def init(q):
    data, lh = q["input"], length(q)
    if take(data, 2) != lh.to_bytes(2, "big"):
        raise Fault("hash length")
    ml = int.from_bytes(take(data, 6)[2:], "big")
    if ml == 0:
        raise Fault("zero limit")
    return {"consumed": 6 + lh, "ml": ml, "n": take(data, 6 + lh)[6:]}

def read_message(q, data, i):
    """Gives the message that data begins with and its length, for the receiver of i messages."""
    if not data and q["ended"]:
        return {"kind": "end"}, 0
    head = 4 + length(q)
    ld = int.from_bytes(take(data, 4), "big")
    if ld == 0:
        size = head + 2 + take(data, head + 2)[-1]
        text = take(data, size)[head + 2:]
        found = {"kind": "error", "ec": data[head:head + 1], "em": text, "shown": shown(text)}
        d = b""
    else:
        if ld > q["ml"]:
            raise Fault("too long")
        size = head + ld
        d = take(data, size)[head:]
        found = {"kind": "chunk", "data": d}
    if not hmac.compare_digest(data[4:head], mac(q, d, i)):
        raise Fault("wrong HMAC")
    return found, size

def message(q):
    found, size = read_message(q, q["input"], int(q["i"]))
    return {"consumed": size, "message": found}

def stream(q):
    data, i, answer = q["input"], int(q["i"]), {"result": "valid", "consumed": 0, "messages": []}
    try:
        while not answer["messages"] or answer["messages"][-1]["kind"] != "error":
            found, size = read_message(q, data[answer["consumed"]:], i + len(answer["messages"]))
            if found["kind"] == "end":
                break
            answer["messages"].append(found)
            answer["consumed"] += size
    except Fault as fault:
        answer["result"] = result(q, fault)
    return answer

def counter(q):
    return {"cn": add(q["base"], int(q["i"])) if "base" in q else count(q, int(q["i"]))}

def write_init(q):
    if len(q["n"]) != length(q) or q["ml"] == 0:
        raise Fault("hash length or zero limit")
    return {"output": length(q).to_bytes(2, "big") + q["ml"].to_bytes(4, "big") + q["n"]}

def write_message(q):
    m, i = q["message"], int(q["i"])
    if m["kind"] == "error":
        if not shown(m["em"]) or len(m["em"]) > 255:
            raise Fault("bad text or too long")
        return {"output": bytes(4) + mac(q, b"", i) + m["ec"] + bytes([len(m["em"])]) + m["em"]}
    if not 1 <= len(m["data"]) <= q["ml"]:
        raise Fault("empty or too long")
    return {"output": len(m["data"]).to_bytes(4, "big") + mac(q, m["data"], i) + m["data"]}

def answer(q):
    if q.get("hash", "sha256") not in HASHES:
        return {"unsupported": True}
    try:
        found = codecs[q["codec"]](q)
    except Fault as fault:
        return {"result": result(q, fault), "fault": str(fault)}
    return found if q["codec"] in ("counter", "stream") else {"result": "valid", **found}

codecs = {"init": init, "message": message, "stream": stream, "counter": counter, "init-writer": write_init,
          "message-writer": write_message}

for line in sys.stdin:
    question = json.loads(line, object_hook=lambda o: bytes.fromhex(o["hex"]) if "hex" in o else o)
    print(json.dumps(answer(question), default=lambda b: {"hex": b.hex()}), flush=True)
