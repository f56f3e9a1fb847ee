"""Reads printed commands as the installed aws CLI reads them, and says which parameters each of them makes.

argv: a file of commands as bash split them (words end with NUL; the first is the folder it ran in; a word of one \\x01 ends
the command). stdout: one JSON object a command: {"op": ..., "params": ..., "error": ...}. Nothing is sent.
"""
import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

from awscli.clidriver import create_clidriver


def plain(value):
    """Parameters as JSON: bytes and files as {"blob": hex}."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (bytes, bytearray)):
        return {"blob": bytes(value).hex()}
    if hasattr(value, "read"):
        data = value.read()
        value.seek(0)
        return {"blob": data.hex()}
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return str(value)


class Answer:
    status_code = 200
    headers = {}
    content = b"<x/>"


def read(driver, argv):
    made = {}

    def see(params, model, **_):
        made["op"] = model.name
        made["params"] = plain(params)

    def stop(**_):
        made["sent"] = True
        return Answer(), {}

    events = driver.session.get_component("event_emitter")
    events.register_first("before-parameter-build", see, "see")
    events.register_first("before-call", stop, "stop")
    text = io.StringIO()
    with redirect_stdout(text), redirect_stderr(text):
        try:
            driver.main(argv)
        except SystemExit:
            pass
    events.unregister("before-parameter-build", see, "see")
    events.unregister("before-call", stop, "stop")
    # What only lacks an optional package (some checksums) was understood all the same.
    error = "" if made.get("sent") or "Missing Dependency" in text.getvalue() else text.getvalue()[-600:] or "nothing was sent"
    return {"op": made.get("op"), "params": made.get("params"), "error": error}


def main():
    words = open(sys.argv[1], "rb").read().decode().split("\0")[:-1]
    commands, current = [], []
    for word in words:
        if word == "\x01":
            commands.append(current)
            current = []
        else:
            current.append(word)

    driver = create_clidriver()
    for folder, *argv in commands:
        os.chdir(folder)
        seen = read(driver, argv)
        if seen["error"]:  # some commands leave handlers behind that break the next one in the same process
            driver = create_clidriver()
            seen = read(driver, argv)
        print(json.dumps(seen))


main()
