#!/usr/bin/env python3
"""Holds the second verifier to the table of the corpus, and both verifiers to each other.

compare.py AKASHI-VERIFY [MUTANTS]: the command's path, and how many mutants of the corpus's files both must agree on beside the files
themselves (2,000 where it is not said; the same ones at every run). The last line counts.
"""
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import akashi_verify as second

CORPUS = pathlib.Path(__file__).resolve().parents[2] / "verifier/tests/corpus"
NOW, DAYS = "2026-11-25T12:00:00Z", "36500"
PIECES = b' |\n|"|\\|,|:|{|}|[|]|0|1.0|-0|1e2|9007199254740993|null|true|\\u0061|\\ud83d|\xc3\xa9|\xff|"a":1,|.|-|_|=|A|z'.split(b"|")
# Lines beside the log's own signature, of which only the first is one.
SIGNERS = ["\u2014 x AAAAAAAA\n", "\u2014 x+y AAAAAAAA\n", "\u2014 x\xa0y AAAAAAAA\n", "\u2014 x\x01y AAAAAAAA\n", "\u2014 x AAAA\n"]
PROOF_PIECES = ["", *"\n\r\t\x0b\x1c\u2029 +0=Ax", "\n\n", *SIGNERS, SIGNERS[0] * 63, SIGNERS[0] * 64, "2" * 5000, "x" * (1 << 18)]


def first(command, files, arguments, state):
    """What the command says of each file: its verdict and reason."""
    environment = os.environ | {"XDG_STATE_HOME": state}
    done = subprocess.run([command, *arguments, "--format", "ndjson", *files], env=environment, capture_output=True, check=False)
    answers = {}
    for line in done.stdout.splitlines():
        item = json.loads(line)
        failed = [check["reason"] for check in item["checks"] if check["outcome"] == "failed"]
        answers.setdefault(item["input"], []).append((item["verdict"], failed))
    if len(answers) != len(files):
        sys.exit(f"{command} said nothing of some files: {done.stderr.decode()}")
    return answers


def arguments_of(bundle, asked):
    given = {"none": [], "unpinned": ["--trust", "bundle"]}.get(bundle, ["--root", "root", "--trust", bundle])
    given = [word if word.startswith("--") else str(CORPUS / f"{word}.json") for word in given]
    for option, value in (("--at", NOW), ("--max-status-age", DAYS)):
        if option not in asked:
            given += [option, value]
    return given + asked


def ours(path, arguments, trusts={}):
    asked = second.options([*arguments, str(path)])
    if (asked.root, asked.trust) not in trusts:
        trusts[asked.root, asked.trust] = second.open_trust(asked.root, asked.trust) if asked.root and asked.trust else None
    why = "root_not_pinned" if asked.trust else "bundle_missing"
    now = second.time_of(NOW)
    return second.verify(pathlib.Path(path).read_bytes(), trusts[asked.root, asked.trust], asked, now, why)


def mutants(folder, count):
    """Files of the corpus with a few bytes taken out or put in; every second has a log proof, and that is what was changed."""
    chance = random.Random(20261125)
    originals = sorted((CORPUS / "files").iterdir())
    logged = [original for original in originals if original.name.startswith("logged")]
    proven = [original for original in logged if original.stem in ("logged", "logged-jwt")]
    for number in range(count):
        original = chance.choice(chance.choice((logged, proven)) if number % 2 else originals)
        data = mutated_log_proof(chance, original.read_bytes()) if number % 2 else mutated(chance, original.read_bytes())
        path = pathlib.Path(folder) / f"{number}-{original.name}"
        path.write_bytes(data)
        yield str(path)


def mutated(chance, data):
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        at = chance.randrange(len(data) + 1)
        data[at : at + chance.choice((0, 0, 1, 1, 4))] = chance.choice(PIECES)
    return data


def mutated_log_proof(chance, data):
    """Mostly at a line's begin or end, where a proof is read one way or another."""
    given = json.loads(data)
    for _ in range(chance.choice((1, 1, 1, 2))):
        proof = given["log_proof"]
        edges = [at for line in re.finditer("[^\n]+", proof) for at in line.span()]
        at = chance.choice([*edges, len(proof), len(proof), chance.randrange(len(proof) + 1)])
        given["log_proof"] = proof[:at] + chance.choice(PROOF_PIECES) + proof[at + chance.choice((0, 0, 0, 1)) :]
    return json.dumps(given, ensure_ascii=False).encode()


def compare_table(command, state):
    passed = failed = 0
    for line in (CORPUS / "expected.tsv").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, verdict, reason, bundle, asked = line.split("\t")
        path, arguments = str(CORPUS / "files" / name), arguments_of(bundle, asked.split())
        [(command_says, reasons)] = first(command, [path], arguments, state)[path]
        second_says = ours(path, arguments)
        is_agreed = command_says == second_says[0] == verdict
        is_reason = reason == "*" or reason == second_says[1] and (reason == "-" or reason in reasons)
        passed, failed = passed + (is_agreed and is_reason), failed + (not (is_agreed and is_reason))
        if not (is_agreed and is_reason):
            print(f"{name} {bundle} {asked}: the table {verdict} {reason}; akashi-verify {command_says} {reasons}; akashi_verify.py {' '.join(second_says)}")
    return passed, failed


def compare_mutants(command, state, count):
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        files = list(mutants(folder, count))
        for chosen, asked in ((files[::2], []), (files[1::2], ["--require-log"])):
            arguments = arguments_of("bundle", asked)
            answers = first(command, chosen, arguments, state)
            for path in chosen:
                said, second_says = answers[path], ours(path, arguments)
                # A file that became several lines is several credentials to the command.
                is_agreed = len(said) > 1 or said[0][0] == second_says[0]
                passed, failed = passed + is_agreed, failed + (not is_agreed)
                if not is_agreed:
                    print(f"{os.path.basename(path)}: akashi-verify {said}; akashi_verify.py {' '.join(second_says)}; {pathlib.Path(path).read_bytes()!r}")
    return passed, failed


def edge_cases():
    """CCTV's Ed25519 edge cases, where they are at hand: the strict set, as `verifier/tests/vectors.rs` says it."""
    shared = pathlib.Path(os.environ.get("AKASHI_SHARED", CORPUS.parents[3] / "shared"))
    path, refused = shared / "vectors/cctv/ed25519vectors.json", {"low_order_A", "low_order_R", "low_order_residue", "non_canonical_A", "non_canonical_R"}
    if not path.exists():
        print("SKIPPED: CCTV's edge cases, which are not at hand")
        return 0, 0
    passed = failed = 0
    for case in json.loads(path.read_text()):
        key, signature = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"])
        agrees = second.is_signed(key, case["msg"].encode(), signature) == (not refused & set(case["flags"] or []))
        passed, failed = passed + agrees, failed + (not agrees)
        if not agrees:
            print(f"CCTV {case['number']}: {case['flags']}")
    return passed, failed


def main():
    command, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    with tempfile.TemporaryDirectory() as state:
        counts = [compare_table(command, state), compare_mutants(command, state, count), edge_cases()]
    passed, failed = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
