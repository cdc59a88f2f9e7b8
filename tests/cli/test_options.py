def test_offline_and_an_endpoint_exclude_each_other(sdbr, emulator):
    ran = sdbr("txt2img", "a fox", "--offline", "--endpoint-url", emulator.url)
    assert ran.code == 2
    assert "Leave out --endpoint-url" in ran.failure
    assert not emulator.received


def test_an_endpoints_flag_beats_the_variable_that_says_offline(sdbr, emulator, monkeypatch):
    monkeypatch.setenv("SDBR_OFFLINE", "1")
    assert sdbr("txt2img", "a fox", "--endpoint-url", emulator.url).code == 0
    assert len(emulator.received) == 1


def test_the_offline_flag_beats_the_variable_that_names_an_endpoint(sdbr, emulator, monkeypatch):
    monkeypatch.setenv("SDBR_ENDPOINT_URL", emulator.url)
    assert sdbr("txt2img", "a fox", "--offline").code == 0
    assert not emulator.received


def test_offline_works_where_nothing_of_aws_does(sdbr, tmp_path, monkeypatch):
    broken = tmp_path / "config"
    broken.write_text("[profile\nbroken")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert sdbr("txt2img", "a fox", "--offline").code == 0
    assert sdbr("doctor", "--offline").code == 0


def test_a_switch_of_the_environment_that_is_neither_is_told_the_two_values(sdbr, monkeypatch):
    monkeypatch.setenv("SDBR_OFFLINE", "maybe")
    ran = sdbr("txt2img", "a fox")
    assert ran.code == 2
    assert (
        "Invalid --offline: 'maybe' is not a valid boolean. Use 1 or 0. The value comes from the "
        "environment variable SDBR_OFFLINE." in ran.failure
    )
