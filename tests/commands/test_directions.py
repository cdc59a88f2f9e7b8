"""Directions of clips: each shot in its own look, from flags or from a TOML file."""

from __future__ import annotations

import json

import pytest

import sdbr as package
from tests.commands.clip_runs import invocations
from tests.commands.test_vid2vid_calls import shots_in

RULE = ("--workers", "1", "--keyframes", "every:4")
TWO_SHOTS = """
[[shot]]
prompt = "summer"
seed = 7

[[shot]]
start = 0.36
prompt = "autumn"
seed = 7
"""


def sent(emulator, *names):
    """What each request says of some fields, in the order of the frames."""
    return [tuple(record.body.get(name) for name in names) for record in invocations(emulator)]


def prompts(emulator):
    return [prompt for (prompt,) in sent(emulator, "prompt")]


@pytest.fixture
def clip(workspace):
    """Two shots of nine frames each, at 25 frames per second."""
    return shots_in(workspace)


def direct(folder, text, name="direction.toml"):
    """Write a direction and return the words that use it."""
    (folder / name).write_text(text, "utf-8")
    return "--direction", name


def test_a_plan_lists_shots_with_times_keyframes_and_prices_and_sends_nothing(
    sdbr, emulator, workspace, clip
):
    ran = sdbr("vid2vid", clip, "ink", "--seed", "7", *RULE, "--plan", "direction.toml")
    assert ran.lines == ["direction.toml"]
    assert not invocations(emulator)
    written = (workspace / "direction.toml").read_text("utf-8")
    assert "# clip.mp4: 2 shots, 6 keyframes, 0.48 USD." in written
    assert "\n#   sdbr vid2vid clip.mp4 --direction direction.toml --keyframes every:4\n" in written
    assert "# Shot 2, 0:00.36 to 0:00.72, direction-shots/002.png" in written
    assert "# 3 keyframes (10, 14, 18), 0.24 USD" in written
    assert 'start = "0:00.36"\nprompt = "ink"\nmodel = "sd3.5"\nseed = 7' in written
    thumbnails = sorted(path.name for path in (workspace / "direction-shots").iterdir())
    assert thumbnails == ["001.png", "002.png"]
    assert "Edit direction.toml, then use --direction." in ran.errors


def test_a_plan_replaces_no_file_unless_asked(sdbr, workspace, clip):
    (workspace / "direction.toml").write_text("mine", "utf-8")
    plan = ("vid2vid", clip, "ink", "--plan", "direction.toml")
    ran = sdbr(*plan)
    assert ran.code == 2
    assert "direction.toml already exists. Add --overwrite" in ran.failure
    assert sdbr(*plan, "--overwrite").code == 0
    assert "[[shot]]" in (workspace / "direction.toml").read_text("utf-8")


def test_a_plan_that_was_not_edited_sends_what_the_command_would(sdbr, emulator, clip):
    look = ("--negative", r"people \{a|b\}", "--strength", "0.4", "--style", "anime")
    words = ("vid2vid", clip, r"ink \{dark\}", "--seed", "7", *look, *RULE)
    assert sdbr(*words, "--plan", "direction.toml").code == 0
    assert sdbr(*words).code == 0
    before = len(invocations(emulator))
    ran = sdbr("vid2vid", clip, *RULE, "--direction", "direction.toml")
    assert ran.code == 0, ran.errors
    assert "6 keyframes, all cached" in ran.errors
    assert len(invocations(emulator)) == before == 6


def test_a_start_at_a_cut_of_the_source_adds_no_keyframe(sdbr, clip):
    plain = sdbr("vid2vid", clip, "ink", "--dry-run", "--json").lines[0]
    directed = sdbr("vid2vid", clip, "ink", "--at", "0.36", "snow", "--dry-run", "--json").lines[0]
    assert json.loads(plain)["keyframes"] == json.loads(directed)["keyframes"] == [1, 10]


def test_other_words_for_one_shot_pay_for_its_keyframes_alone(sdbr, emulator, workspace, clip):
    sdbr("vid2vid", clip, "ink", *RULE, "--plan", "direction.toml")
    first = sdbr("vid2vid", clip, *RULE, "--direction", "direction.toml")
    assert len(prompts(emulator)) == 6
    file = workspace / "direction.toml"
    head, tail = file.read_text("utf-8").rsplit('prompt = "ink"', 1)
    file.write_text(f'{head}prompt = "snow"{tail}', "utf-8")
    again = sdbr("vid2vid", clip, *RULE, "--direction", "direction.toml")
    assert "6 keyframes, 3 cached: 3 × 0.08 USD = 0.24 USD" in again.errors
    assert prompts(emulator)[6:] == ["snow"] * 3
    assert first.lines != again.lines


def test_the_same_direction_again_is_the_same_clip_at_no_cost(sdbr, emulator, workspace, clip):
    words = ("vid2vid", clip, *RULE, *direct(workspace, TWO_SHOTS))
    made = sdbr(*words)
    count = len(prompts(emulator))
    assert sdbr(*words).lines == made.lines
    assert len(prompts(emulator)) == count


def test_a_direction_that_a_cap_stopped_goes_on_where_it_was(sdbr, emulator, workspace, clip):
    words = ("vid2vid", clip, *RULE, *direct(workspace, TWO_SHOTS), "--max-cost", "0.24")
    assert sdbr(*words).code == 7
    assert prompts(emulator) == ["summer"] * 3
    assert sdbr(*words).code == 0
    assert prompts(emulator) == ["summer"] * 3 + ["autumn"] * 3


def test_what_a_shot_leaves_out_is_as_in_the_command(sdbr, emulator, workspace, clip):
    text = '[[shot]]\nstart = "0:00.36"\nstrength = 0.2\nnegative = "fog"\n'
    sdbr("vid2vid", clip, "ink", "--seed", "7", *RULE, *direct(workspace, text))
    fields = ("prompt", "strength", "negative_prompt", "seed")
    assert sent(emulator, *fields) == [("ink", 0.6, None, 7)] * 3 + [("ink", 0.2, "fog", 7)] * 3


def test_flags_after_a_prompt_of_at_hold_from_its_time_on(sdbr, emulator, clip):
    at = ("--at", "0.36", "snow --strength 0.2 --seed 9 --negative 'fog, rain'")
    ran = sdbr("vid2vid", clip, "ink", "--seed", "7", *RULE, *at, "--at", "0.6", "--strength 0.9")
    assert ran.code == 0, ran.errors
    fields = ("prompt", "strength", "seed", "negative_prompt")
    told = sent(emulator, *fields)
    assert told[:3] == [("ink", 0.6, 7, None)] * 3
    assert told[3] == ("snow", 0.2, 9, "fog, rain")
    assert told[-1] == ("ink", 0.9, 7, None)


def test_a_shot_of_the_source_is_named_by_its_number(sdbr, emulator, workspace, clip):
    assert sdbr("vid2vid", clip, "ink", *RULE, "--at", "shot:2", "snow").code == 0
    assert prompts(emulator) == ["ink"] * 3 + ["snow"] * 3
    text = TWO_SHOTS.replace("0.36", '"shot:2"')
    assert sdbr("vid2vid", clip, *RULE, *direct(workspace, text)).code == 0
    assert prompts(emulator)[6:] == ["summer"] * 3 + ["autumn"] * 3
    ran = sdbr("vid2vid", clip, "ink", *RULE, "--at", "shot:3", "snow")
    assert "--at shot:3 'snow': no shot 3, because the clip has 2 shots." in ran.failure


def test_a_prompt_that_no_shot_has_is_reported(sdbr, workspace, clip):
    ran = sdbr("vid2vid", clip, "ink", *RULE, *direct(workspace, TWO_SHOTS), "--dry-run")
    assert "clip: PROMPT is not used, because every shot has a prompt of its own" in ran.errors
    ran = sdbr("vid2vid", clip, "ink", *RULE, "--at", "0.36", "snow", "--dry-run")
    assert "PROMPT is not used" not in ran.errors


def test_a_plan_is_for_one_clip_in_one_look(sdbr, clip):
    ran = sdbr("vid2vid", clip, "{ink|oil}", *RULE, "--plan", "direction.toml")
    assert ran.code == 2
    assert "--plan is for one clip in one look." in ran.failure


def test_a_cap_holds_over_models_of_several_prices(sdbr, emulator, workspace):
    clip = shots_in(workspace, length=16)
    words = ("vid2vid", clip, "--unexplained", "0.01")
    words = (
        *words,
        *direct(workspace, TWO_SHOTS.replace("0.36", "0.64") + 'model = "structure"\n'),
    )
    dear = sdbr(*words, "--dry-run", "--json")
    shots = json.loads(dear.lines[0])["shots"]
    cost = sum(shot["cost"] for shot in shots)
    ran = sdbr(*words, "--max-cost", f"{cost - 0.01:.2f}", "--json")
    assert ran.code == 0, ran.errors
    assert json.loads(ran.lines[0])["cost"] < cost
    assert len(invocations(emulator)) < sum(len(shot["keyframes"]) for shot in shots)


def test_the_first_shot_needs_no_prompt_beside_its_own(sdbr, emulator, clip):
    assert sdbr("vid2vid", clip, *RULE, "--at", "0", "ink", "--at", "0.36", "snow").code == 0
    assert prompts(emulator) == ["ink"] * 3 + ["snow"] * 3


def test_a_direction_for_the_whole_clip_serves_a_part_of_it(sdbr, emulator, workspace, clip):
    words = ("vid2vid", clip, *RULE, *direct(workspace, TWO_SHOTS))
    assert sdbr(*words, "--start", "0.4").code == 0
    assert set(prompts(emulator)) == {"autumn"}
    assert sdbr(*words, "--end", "0.2").code == 0
    assert set(prompts(emulator)[3:]) == {"summer"}


def test_a_look_of_the_settings_dresses_one_shot(sdbr, emulator, workspace, clip):
    looks = '[looks.comic]\nprompt = "a comic of {prompt}"\nstrength = 0.5\nnegative = "gray"\n'
    (workspace / "sdbr.toml").write_text(looks, "utf-8")
    text = TWO_SHOTS + 'look = "comic"\n'
    words = ("vid2vid", clip, *RULE, *direct(workspace, text))
    ran = sdbr(*words)
    assert ran.code == 0, ran.errors
    told = sent(emulator, "prompt", "strength", "negative_prompt")
    assert told == [("summer", 0.6, None)] * 3 + [("a comic of autumn", 0.5, "gray")] * 3


def test_the_look_of_the_command_dresses_every_prompt(sdbr, emulator, workspace, clip):
    (workspace / "sdbr.toml").write_text('[looks.comic]\nprompt = "a comic of {prompt}"\n', "utf-8")
    assert sdbr("vid2vid", clip, "ink", *RULE, "--look", "comic", "--at", "0.36", "snow").code == 0
    assert prompts(emulator) == ["a comic of ink"] * 3 + ["a comic of snow"] * 3


def test_a_ramp_gives_each_keyframe_the_strength_of_its_time(sdbr, emulator, workspace, clip):
    text = TWO_SHOTS + 'strength = "0.2..0.6"\n'
    ran = sdbr("vid2vid", clip, *RULE, *direct(workspace, text))
    assert ran.code == 0, ran.errors
    strengths = [strength for (strength,) in sent(emulator, "strength")]
    assert strengths == [0.6, 0.6, 0.6, 0.2, 0.4, 0.6]


def test_a_ramp_of_a_service_is_in_its_own_direction(sdbr, emulator, workspace, clip):
    text = TWO_SHOTS + 'strength = "0.8..0.2"\nmodel = "structure"\n'
    ran = sdbr("vid2vid", clip, *RULE, *direct(workspace, text))
    assert ran.code == 0, ran.errors
    kept = [kept for (kept,) in sent(emulator, "control_strength") if kept is not None]
    assert kept == [0.2, 0.5, 0.8]


def test_each_shot_has_the_price_of_its_own_model(sdbr, emulator, workspace, clip):
    text = TWO_SHOTS + 'model = "structure"\n'
    ran = sdbr("vid2vid", clip, *RULE, *direct(workspace, text))
    assert ran.code == 0, ran.errors
    assert "= 3 × 0.08 USD + 3 × 0.07 USD = 0.45 USD" in ran.errors
    models = [record.path.split("/")[2] for record in invocations(emulator)]
    assert ["structure" in model for model in models] == [False] * 3 + [True] * 3


def test_a_crossfade_weighs_both_prompts_between_its_ends(sdbr, start_emulator, workspace):
    emulator = start_emulator(allow_retired=True)
    clip = shots_in(workspace, count=1, length=20)
    text = TWO_SHOTS + "crossfade = 0.24\n"
    flags = ("--model", "sdxl", *RULE, *direct(workspace, text), "--json")
    ran = sdbr("vid2vid", clip, *flags)
    assert ran.code == 0, ran.errors
    told = [
        {one["text"]: one["weight"] for one in record.body["text_prompts"]}
        for record in invocations(emulator)
    ]
    # It goes from 0.36 s to 0.6 s, frames 10 to 16, and the source is not cut there.
    assert json.loads(ran.lines[0])["keyframes"] == [1, 5, 9, 10, 13, 16, 17, 20]
    assert told[:4] == [{"summer": 1.0}] * 4
    assert told[4] == {"summer": 0.5, "autumn": 0.5}
    assert told[5:] == [{"autumn": 1.0}] * 3


def test_a_model_without_weights_changes_the_prompt_at_once_and_says_so(sdbr, emulator, workspace):
    clip = shots_in(workspace, count=1, length=20)
    ran = sdbr("vid2vid", clip, *RULE, *direct(workspace, TWO_SHOTS + "crossfade = 0.24\n"))
    assert ran.code == 0, ran.errors
    note = "SD3.5 Large has no weighted prompts, so the prompt changes at frame 10 without"
    assert f"clip: Shot 2 (direction.toml, line 6): {note}" in ran.errors
    assert set(prompts(emulator)) == {"summer", "autumn"}


def test_a_crossfade_needs_a_prompt_before_it(sdbr, emulator, workspace, clip):
    text = TWO_SHOTS.replace("seed = 7", "seed = 7\ncrossfade = 0.1", 1)
    ran = sdbr("vid2vid", clip, *RULE, *direct(workspace, text))
    assert ran.code == 2
    assert "has no prompt before it to crossfade from. Leave out crossfade." in ran.failure
    assert not invocations(emulator)


def test_under_a_cap_the_ends_of_a_crossfade_stay_keyframes(sdbr, start_emulator, workspace):
    emulator = start_emulator(allow_retired=True)
    clip = shots_in(workspace, count=1, length=40)
    words = ("vid2vid", clip, "--model", "sdxl", "--unexplained", "0.01")
    text = TWO_SHOTS + "crossfade = 0.24\n"
    dear = sdbr(*words, *direct(workspace, text), "--dry-run", "--json")
    most = len(json.loads(dear.lines[0])["keyframes"])
    cap = f"{0.04 * (most - 1):.2f}"
    ran = sdbr(*words, *direct(workspace, text), "--max-cost", cap, "--json")
    assert ran.code == 0, ran.errors
    assert {10, 16} <= set(json.loads(ran.lines[0])["keyframes"])
    assert len(invocations(emulator)) < most


def test_a_plan_in_json_carries_the_shots(sdbr, emulator, workspace, clip):
    text = TWO_SHOTS + 'model = "structure"\nstrength = "0.2..0.6"\n'
    words = ("vid2vid", clip, *RULE, *direct(workspace, text), "--json")
    (line,) = sdbr(*words, "--dry-run").lines
    first, second = json.loads(line)["shots"]
    assert first | {"cost": 0.24, "prompt": "summer", "start": 0.0, "end": 0.36} == first
    own = {"cost": 0.21, "strength": "0.2..0.6", "model": "structure", "seed": 7, "end": 0.72}
    assert second | own == second
    (line,) = sdbr(*words[:4], "summer", *words[4:6], "--json", "--plan", "plan.toml").lines
    assert [shot["start"] for shot in json.loads(line)["shots"]] == [0.0, 0.36]
    assert not invocations(emulator)


def test_a_replay_needs_no_direction_file(sdbr, emulator, workspace, clip):
    text = TWO_SHOTS + 'strength = "0.2..0.6"\nnegative = "a --b"\n'
    made = sdbr("vid2vid", clip, *RULE, *direct(workspace, text))
    count = len(prompts(emulator))
    (workspace / "direction.toml").unlink()
    again = sdbr("replay", str(made.paths[0]))
    assert again.code == 0, again.errors
    assert again.lines == made.lines
    assert len(prompts(emulator)) == count


def test_python_takes_the_same_direction(emulator, workspace, clip):
    direct(workspace, TWO_SHOTS)
    path = workspace / "direction.toml"
    options = {"keyframes": "every:4", "workers": 1, "workspace": workspace}
    made = package.vid2vid(workspace / clip, direction=path, **options)
    assert prompts(emulator) == ["summer"] * 3 + ["autumn"] * 3
    at = [(0, "summer --seed 7"), (0.36, "autumn --seed 7")]
    again = package.vid2vid(workspace / clip, at=at, **options)
    assert len(prompts(emulator)) == 6
    assert made[0].path.exists()
    assert again[0].path.exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("strenght = 0.4", "direction.toml, line 8, shot 2: unknown setting 'strenght'"),
        ("strenght = 0.4", "did you mean strength?"),
        ("strength = 1.4", "line 8, shot 2: strength is 1.4, but should be from 0 to 1, or a"),
        ('strength = "0.3..0.7..0.1"', "strength is '0.3..0.7..0.1', but should be from 0 to 1"),
        ("seed = true", "line 8, shot 2: seed is True, but should be a number."),
        ("seed = 1.5", "line 8, shot 2: seed is 1.5, but should be a valid integer"),
        ('style = "amine"', "line 8, shot 2: style is 'amine', but should be one of 3d-model"),
        ('look = "comic"', "Shot 2 (direction.toml, line 5): unknown look 'comic'. Add [looks."),
        ('model = "sdxk"', "Shot 2 (direction.toml, line 5): Unknown model 'sdxk'. Did you mean"),
        ('model = "remove-background"', "Shot 2 (direction.toml, line 5): Remove Background cuts"),
        ('model = "inpaint"\nstrength = "0.2..0.4"', "line 5): Inpaint (stability.stable-image-"),
        ('model = "inpaint"\nstrength = "0.2..0.4"', "does not support --strength. Use --model"),
        ('negative = "{a|b}"', "Shot 2 (direction.toml, line 5) has 2 values of negative. Use one"),
        ("crossfade = -1", "line 8, shot 2: crossfade is -1, but should be greater than or equal"),
        ("crossfade = 5", "Shot 2 (direction.toml, line 5): crossfade is 5 s, but the shot's last"),
        ("[[shot]]\nprompt = 'a'", "Shot 3 (direction.toml, line 8) has no start. Add one"),
        ("[[shot]]\nstart = 'soon'", "line 9, shot 3: start is 'soon', but should be seconds, hh"),
        ("[[shot]]\nstart = 0.36", "direction.toml has two shots with the same start. Leave one"),
        ("[[shot]]\nstart = 5", "Shot 3 (direction.toml, line 8) is after the last frame"),
        ("[[shot]]\nstart = 0.37\n[[shot]]\nstart = 0.38", "begins at the same frame as the shot"),
        ("[[shot]]\nstart = 0.5", "Shot 3 (direction.toml, line 8) has no prompt. Add one"),
        ("[[shots]]\nstart = 0.5", "direction.toml, line 8: unknown setting 'shots'"),
        ("prompt = \n", "direction.toml is not valid TOML: "),
    ],
)
def test_what_is_wrong_in_a_direction_is_refused_with_its_line_before_a_send(
    sdbr, emulator, workspace, clip, more, said
):
    text = TWO_SHOTS.strip().removesuffix("seed = 7") + f"{more}\n"
    ran = sdbr("vid2vid", clip, *RULE, *direct(workspace, text))
    assert ran.code == 2, ran.errors
    assert said in ran.failure
    assert not invocations(emulator)


def test_a_direction_that_is_not_there_or_says_nothing_is_refused(sdbr, workspace, clip):
    missing = sdbr("vid2vid", clip, "--direction", "none.toml")
    assert missing.code == 3
    assert "none.toml" in missing.failure
    empty = sdbr("vid2vid", clip, *direct(workspace, "# nothing\n"))
    assert "direction.toml, line 1: there is no [[shot]]." in empty.failure
    both = sdbr("vid2vid", clip, "ink", "--at", "0.2", "a", *direct(workspace, TWO_SHOTS))
    assert "--at and --direction cannot be used together." in both.failure


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("snow --strenght 0.4", "--at 0.4: unknown setting 'strenght' (did you mean strength?)."),
        ("snow --strength", "--at 0.4: '--strength' is not a flag with a value."),
        ("snow --strength 0.4 5", "--at 0.4: '5' is not a flag with a value."),
        ("snow --negative 'a", "--at 0.4: a quotation mark is missing"),
    ],
)
def test_a_wrong_flag_after_at_is_refused(sdbr, emulator, clip, words, said):
    ran = sdbr("vid2vid", clip, "ink", "--at", "0.4", words)
    assert ran.code == 2
    assert said in ran.failure
    assert not invocations(emulator)
