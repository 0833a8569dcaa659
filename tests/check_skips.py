"""Fails when a test skipped that tests/skips.txt does not list: python tests/check_skips.py JUNIT_XML."""

import sys
from pathlib import Path
from xml.etree import ElementTree


def main(report: str) -> int:
    """0 when every skipped test is listed; prints the others and their reasons."""
    listed = {
        line.split("#")[0].strip() for line in (Path(__file__).parent / "skips.txt").read_text().splitlines()
    }
    unlisted = {}
    for case in ElementTree.parse(report).iter("testcase"):
        skipped = case.find("skipped")
        name = f"{case.get('classname')}::{case.get('name')}"
        if skipped is not None and name not in listed:
            unlisted[name] = skipped.get("message")
    for name, reason in unlisted.items():
        print(f"skipped, but not in tests/skips.txt: {name} ({reason})")
    return 1 if unlisted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
