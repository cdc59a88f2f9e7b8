"""The tool that finds words which docs/style.md rules out."""

from tests.test_docs import ROOT, loaded

PAGE = """# A page

The price
is told `is told` first.

```sh
sdbr anew
```
"""
MODULE = '''"""Told in a docstring, which no user reads."""


@click.command("x")
@click.option("--again", help="Make it anew.")
def command() -> None:
    """Show what is told."""


def helper() -> str:
    """Nobody is told."""
    return "told"
'''


def found(path, text):
    tool = loaded(ROOT / "dev" / "wording.py")
    path.write_text(text, "utf-8")
    return sorted(tool.findings(path, tool.replacements()))


def test_a_word_to_avoid_is_found_in_text_but_not_in_code(tmp_path):
    assert found(tmp_path / "page.md", PAGE) == [(4, "told", "shown, printed, reported, says")]


def test_of_a_module_what_users_read_is_checked(tmp_path):
    lines = [(line, word) for line, word, _ in found(tmp_path / "module.py", MODULE)]
    assert lines == [(5, "anew"), (7, "told")]
