"""A codec of UDP mux for "muxspec vectors run udpmux -- python3 udpmux.py". The pages are docs/udpmux*.md."""
import base64, hashlib, hmac, json, re, struct, sys

BITS = {"learn": 1, "token": 2, "port": 4}
FRAMES = {1: (">B", ["version"]), 2: (">BH", ["modes", "port"]), 3: (">BH32s", ["modes", "port", "s"]),
          4: (">I", ["id"]), 5: (">B", ["code"]), 6: (">", []), 7: (">", [])}
# What follows the code of an ERROR is text; a LISTED has one of these, or nothing.
LISTED = {25: ("client", ">16sH4sH", ["address", "port", "source", "source_port"]),
          48: ("session", ">IIBHQIIQQI", ["id", "uid", "modes", "port", "inode", "age", "idle", "to_backend",
                                          "to_clients", "clients"])}
TEXTS = ["inode", "to_backend", "to_clients"]  # numbers that are too large for some readers of JSON

class Fault(Exception):
    """What is wrong with the bytes, or that they are incomplete."""

def check(wrong, fault):
    if wrong:
        raise Fault(fault)

def check_p(p, direction):
    check(not 24 <= len(p) <= 2048, "too short or too long")
    check(p[0] != 0 if direction == "to server" else p[0] < 0x80, "wrong direction")

def datagram(q):
    d, answer = q["input"], {"form": "learn", "p": q["input"]}
    check(not d or d[0] in (2, 3), "empty or reserved")
    if d[0] == 1:
        check(len(d) < 16, "short header")
        answer = {"form": "token", "t": d[1:16], "p": d[16:]}
    elif d[0] >= 4:
        check(len(d) < 2, "short header")
        answer = {"form": "port", "port": int.from_bytes(d[:2], "big"), "p": d[2:]}
    check_p(answer["p"], "to server")
    return {"on": q["modes"] & BITS[answer["form"]] != 0, **answer}

def write_datagram(q):
    check(q["form"] == "port" and q["port"] < 1024, "bad port")
    check_p(q["p"], "to server")
    header = {"learn": b"", "token": b"\1" + q.get("t", b""), "port": q.get("port", 0).to_bytes(2, "big")}
    return {"output": header[q["form"]] + q["p"]}

def check_frame(f):
    check(f["type"] == 2 and f["port"] == 0 or f["type"] == 3 and not any(f["s"]), "bad port or zero key")
    check(f["type"] == 5 and f["text"].decode(errors="ignore").encode() != f["text"], "bad text")

def frame(q):
    data = q["input"]
    size = int.from_bytes(data[:2], "big")
    check(len(data) < 2, "incomplete")
    check(not 1 <= size <= 4096, "empty frame or too long")
    check(len(data) < 3, "incomplete")
    check(data[2] not in FRAMES, "unknown type")
    layout, names = FRAMES[data[2]]
    least = 1 + struct.calcsize(layout)
    fits = {5: size >= least, 7: size in (1, *LISTED)}.get(data[2], size == least)
    check(not fits, "bad length")
    check(len(data) < 2 + size, "incomplete")
    found = {"type": data[2], **dict(zip(names, struct.unpack_from(layout, data, 3)))}
    if data[2] == 5:
        found["text"] = data[4:2 + size]
    if data[2] == 7 and size > 1:
        name, layout, names = LISTED[size]
        values = dict(zip(names, struct.unpack_from(layout, data, 3)))
        found[name] = {n: str(v) if n in TEXTS else v for n, v in values.items()}
    check_frame(found)
    return {"consumed": 2 + size, "frame": found}

def write_frame(q):
    f = q["frame"]
    check(f["type"] not in FRAMES, "unknown type")
    check_frame(f)
    layout, names = FRAMES[f["type"]]
    body = bytes([f["type"]]) + struct.pack(layout, *(f[name] for name in names)) + f.get("text", b"")
    for name, layout, names in LISTED.values():
        if name in f:
            body += struct.pack(layout, *(int(f[name][n]) if n in TEXTS else f[name][n] for n in names))
    check(len(body) > 4096, "too long")
    return {"output": len(body).to_bytes(2, "big") + body}

def token(s):
    return hmac.digest(s, b"udpmux token v1", hashlib.sha256)[:15]

def read_key(text):
    check(not re.fullmatch(rb"[A-Za-z0-9+/]{21}[AQgw]", text), "no key")
    return base64.b64decode(text + b"==")

def key(q):
    k = read_key(q["input"])
    s = hmac.digest(k, b"udpmux registration v1", hashlib.sha256)
    return {"key": k, "s": s, "t": token(s)}

def connect(q):
    *lines, last = q["input"].split(b"\n")
    for line in lines + [last] * q["ended"]:
        line = line.rstrip(b" \t\r")
        if line.startswith(b"MOSH CONNECT "):
            found = re.fullmatch(rb"MOSH CONNECT 0*([0-9]{1,5}) (.*)", line, re.DOTALL)
            check(not found or not 1 <= int(found[1]) <= 65535, "bad number")
            return {"port": int(found[1]), "key": read_key(found[2])}
    raise Fault("not the line" if q["ended"] else "incomplete")

def write_connect(q):
    return {"output": b"MOSH CONNECT %s %s\n" % (q["number"].encode(), base64.b64encode(q["key"])[:22])}

def number(q):
    check(not re.fullmatch(rb"[0-9]+", q["input"]), "not a number")
    n = int(q["input"]) if len(q["input"].lstrip(b"0")) <= 11 else 0
    if 1 <= n <= 65535:
        return {"form": "learn", "port": n}
    check(len(q["input"]) != 11 or not 1 <= n - 10737418240 <= 65535, "unknown")
    return {"form": "token", "port": n - 10737418240}

def colours(q):
    found = re.fullmatch(rb"0*([0-9]+)\n?", q["input"])
    return {"output": b"0%s\n" % (found[1] if found and not q["failed"] else b"0")}

def answer(q):
    try:
        found = codecs[q["codec"]](q)
    except Fault as fault:
        incomplete = str(fault) == "incomplete" and not (q["ended"] and q["input"])
        return {"result": "incomplete" if incomplete else "invalid", "fault": str(fault)}
    return found if q["codec"] in ("token", "colours", "signal") else {"result": "valid", **found}

codecs = {"datagram": datagram, "answer": lambda q: check_p(q["input"], "to client") or {},
          "datagram-writer": write_datagram, "frame": frame, "frame-writer": write_frame, "key": key,
          "token": lambda q: {"t": token(q["s"])}, "connect": connect, "connect-writer": write_connect,
          "number": number, "colours": colours,
          "signal": lambda q: {"agent": re.fullmatch(rb"0[0-9]+", q["input"]) is not None}}

for text in sys.stdin:
    question = json.loads(text, object_hook=lambda o: bytes.fromhex(o["hex"]) if "hex" in o else o)
    print(json.dumps(answer(question), default=lambda b: {"hex": b.hex()}), flush=True)
