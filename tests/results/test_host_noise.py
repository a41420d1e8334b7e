"""The host's noise kept in the user's state folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.core.errors import StoreError
from bench.judge.statistics.noise import HostNoise, NoiseFloor
from bench.results.host_noise import load_noise, noise_file, save_noise

HOST = {"cpu_model": "EPYC", "cores": 2, "memory_bytes": 2**34, "kernel": "6.1", "hostname": "a"}
NOISE = HostNoise("2026-03-01T12:00:00+00:00", {"startup_s": NoiseFloor(0.07, 0.4, 20)})
OTHER = HostNoise("2026-04-01T12:00:00+00:00", {"startup_s": NoiseFloor(0.02, 0.4, 20)})


@pytest.fixture(autouse=True)
def _state(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_what_was_saved_is_read_back_on_the_same_host():
    assert load_noise(HOST) is None
    path = save_noise(NOISE, HOST)
    assert path == noise_file()
    assert load_noise(HOST) == NOISE
    assert load_noise(HOST | {"hostname": "renamed"}) == NOISE


@pytest.mark.parametrize("change", [{"kernel": "6.2"}, {"cores": 4}, {"cpu_model": "Xeon"}])
def test_another_host_has_a_noise_of_its_own(change):
    save_noise(NOISE, HOST)
    assert load_noise(HOST | change) is None
    save_noise(OTHER, HOST | change)
    assert (load_noise(HOST), load_noise(HOST | change)) == (NOISE, OTHER)


def test_a_new_measurement_takes_the_place_of_the_old_one():
    save_noise(NOISE, HOST)
    save_noise(OTHER, HOST)
    assert load_noise(HOST) == OTHER


def test_without_the_variable_it_lies_in_the_home_folder(monkeypatch):
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert noise_file() == Path("/home/somebody/.local/state/container-bench/noise.json")


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00"])
def test_a_damaged_file_is_told_with_the_remedy(text):
    noise_file().parent.mkdir(parents=True)
    noise_file().write_text(text)
    for call in (lambda: load_noise(HOST), lambda: save_noise(NOISE, HOST)):
        with pytest.raises(StoreError, match=r"noise\.json: is damaged(.|\n)*bench selftest"):
            call()


@pytest.mark.parametrize("entry", ['"x"', '{"floors": {}}', '{"measured_at": "x", "floors": 3}'])
def test_a_damaged_entry_is_told_too(entry):
    path = save_noise(NOISE, HOST)
    key = path.read_text().split('"')[1]
    path.write_text(f'{{"{key}": {entry}}}')
    with pytest.raises(StoreError, match="is damaged"):
        load_noise(HOST)


def test_a_folder_in_its_place_is_told():
    noise_file().mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be read"):
        load_noise(HOST)
