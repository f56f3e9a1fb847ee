"""Runs commands of the installed aws CLI (version 1), one after the other in one process.

stdin: one JSON list of arguments a line. stdout: for each, one line {"code": exit code, "out": ..., "err": ...}.
"""
import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

from awscli.clidriver import create_clidriver


class Text(io.TextIOWrapper):
    """A text stream with the bytes beside it, as the CLI wants its own."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def text(self):
        return self.buffer.getvalue().decode()


def main():
    driver = create_clidriver()
    answers = sys.stdout
    for line in sys.stdin:
        out, err = Text(), Text()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code = driver.main(json.loads(line))
            except SystemExit as end:
                code = end.code
        print(json.dumps({"code": code or 0, "out": out.text(), "err": err.text()}), file=answers, flush=True)


main()
