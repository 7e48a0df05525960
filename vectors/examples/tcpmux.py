"""A codec of TCPMUX for "muxspec vectors run tcpmux -- python3 tcpmux.py". The page is docs/tcpmux.md."""
import json, sys

class Fault(Exception):
    """What is wrong with the bytes, or that they are incomplete."""

def read_line(data, limit):
    """Gives the text of the line that data begins with, and what follows its CR LF."""
    for at, byte in enumerate(data):
        if data[at:at + 2] == b"\r\n":
            return data[:at], data[at + 2:]
        if data[at:] == b"\r":
            raise Fault("incomplete")  # the LF may still come
        if byte in b"\0\r\n":
            raise Fault("bad byte")
        if at >= limit:
            raise Fault("too long")
    raise Fault("incomplete")

def read_name(data, limit):
    name, rest = read_line(data, limit)
    if not name:
        raise Fault("empty name")
    return name, rest

def read_reply(data, limit):
    if not data:
        raise Fault("incomplete")
    if data[:1] not in (b"+", b"-"):
        raise Fault("bad sign")
    explanation, rest = read_line(data[1:], limit)
    return data[:1], explanation, rest

def request(q):
    name, rest = read_name(q["input"], q["max"])
    return {"consumed": len(q["input"]) - len(rest), "name": name}

def reply(q):
    sign, explanation, rest = read_reply(q["input"], q["max"])
    return {"consumed": len(q["input"]) - len(rest), "sign": sign, "explanation": explanation}

def read_list(q):
    data, answer = q["input"], {"refused": False, "names": []}
    if data[:1] in (b"+", b"-"):
        sign, explanation, data = read_reply(data, q["max"])
        if sign == b"-":
            return {"refused": True, "explanation": explanation}
        answer["introduction"] = explanation
    while data:
        name, data = read_name(data, q["max"])
        answer["names"].append(name)
    if not q["ended"]:
        raise Fault("incomplete")  # another name may come
    return answer

def same(q):  # lower() changes the letters of ASCII only
    return {"same": q["a"].lower() == q["b"].lower()}

def line(text, limit):
    if any(byte in b"\0\r\n" for byte in text) or len(text) > limit:
        raise Fault("no text")
    return text + b"\r\n"

def write(q):
    if q["writes"] == "reply":
        if q["sign"] not in (b"+", b"-"):
            raise Fault("bad sign")
        return {"output": q["sign"] + line(q["explanation"], q["max"])}
    names = q["names"] if q["writes"] == "list" else [q["name"]]
    if b"" in names:
        raise Fault("empty name")
    if q["writes"] == "list" and names and names[0][:1] in (b"+", b"-"):
        raise Fault("bad sign")  # a reader would take the first name for a reply
    return {"output": b"".join(line(name, q["max"]) for name in names)}

def answer(q):
    try:
        found = codecs[q["codec"]](q)
    except Fault as fault:
        incomplete = str(fault) == "incomplete" and not (q["ended"] and q["input"])
        return {"result": "incomplete" if incomplete else "invalid", "fault": str(fault)}
    return found if q["codec"] == "name" else {"result": "valid", **found}

codecs = {"request": request, "reply": reply, "list": read_list, "name": same, "writer": write}

for text in sys.stdin:
    question = json.loads(text, object_hook=lambda o: bytes.fromhex(o["hex"]) if "hex" in o else o)
    print(json.dumps(answer(question), default=lambda b: {"hex": b.hex()}), flush=True)
