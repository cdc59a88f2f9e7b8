from hypothesis import assume, given
from hypothesis import strategies as st

from sdbr.media.metadata.webui import compose, parse

WEBUI_TEXT = """girl with an artist's beret, (detailed:1.2), by Alphonse Mucha
desert scene
Negative prompt: ugly, blurry
[bad anatomy]
Steps: 30, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x768, Model: sd_xl, \
Lora hashes: "a: 1b2c, d: 3e4f", Version: v1.10.1"""

texts = st.text(max_size=80) | st.text('ab :,"\n\\🦊é{}', max_size=40)
keys = st.from_regex(r"\A[A-Za-z][A-Za-z0-9 /\-]{0,20}[a-z]\Z")
fields = st.dictionaries(keys, texts, min_size=3, max_size=6)


def test_text_of_the_webui_is_read_into_its_parts():
    prompt, negative, settings = parse(WEBUI_TEXT)
    assert prompt.endswith("Mucha\ndesert scene")
    assert negative == "ugly, blurry\n[bad anatomy]"
    assert settings["Sampler"] == "Euler a"
    assert settings["Size"] == "512x768"
    assert settings["Lora hashes"] == "a: 1b2c, d: 3e4f"


def test_text_is_written_as_the_webui_writes_it():
    assert compose(*parse(WEBUI_TEXT)) == WEBUI_TEXT


def test_text_without_settings_is_a_prompt():
    assert parse("a fox: red, quick") == ("a fox: red, quick", "", {})
    assert parse("") == ("", "", {})


@given(texts, texts, fields)
def test_what_was_composed_is_parsed_back(prompt, negative, settings):
    assume("Negative prompt:" not in prompt)
    assert parse(compose(prompt, negative, settings)) == (prompt, negative, settings)


def test_long_garbage_is_parsed_in_linear_time():
    for garbage in ("a" * 300_000, "a: " * 100_000, 'ab:"' * 100_000, " " * 300_000 + "x"):
        assert parse(garbage).prompt or parse(garbage).fields
