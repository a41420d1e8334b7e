"""index.html: one file that needs nothing, says everything, and lets nothing through unescaped."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bench.report.html import page as html
from bench.report.html.environment import coded
from bench.report.html.page import Detail, html_text, write_html
from bench.report.plots.catalogue import Plot
from bench.results.run import load_run
from tests.journals import GOOD, SHAPES, Build, Shape, Trouble, events, write_events, write_journal

VOID = {"meta", "br", "path", "use", "rect", "line", "circle"}


class Page(HTMLParser):
    """Checks that tags close in order, and collects what tests look at."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def named(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def text(troubled):
    return html_text(troubled)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


@pytest.mark.slow
def test_every_tag_is_closed_in_its_place(page):
    assert page.open == []


def test_nothing_is_fetched_from_anywhere(text, page):
    assert not page.named("script")
    assert not page.named("link")
    assert not page.named("img")
    for _, attributes in page.tags:
        for name in ("src", "href", "action", "data"):
            assert not re.match(r"(?i)\s*(https?:)?//", attributes.get(name) or "")
    assert not re.search(r"(?i)url\(\s*['\"]?(https?:)?//", text)
    assert "@import" not in text
    assert "http" not in "".join(re.findall(r"<style>.*?</style>", text, re.DOTALL))


def test_it_is_far_below_a_megabyte(text):
    assert len(text.encode()) < 400_000


def test_every_picture_has_words_for_whoever_cannot_see_it(text, page):
    pictures = [one for tag, one in page.tags if tag == "div" and one.get("role") == "img"]
    assert all(one["aria-label"] for one in pictures)
    assert text.count("<svg ") >= 8
    labelled = len(re.findall(r'<div role="img" aria-label="[^"]+"><svg ', text))
    assert text.count("<svg ") == labelled


def test_ids_are_unique_and_links_within_the_page_lead_somewhere(page):
    ids = [one["id"] for _, one in page.tags if one.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        target = attributes.get("href") or ""
        if target.startswith("#"):
            assert target[1:] in ids


def test_every_heading_can_be_reached_from_the_top(text, page):
    links = {(one.get("href") or "")[1:] for one in page.named("a")}
    headings = [one["id"] for one in page.named("h2") if one.get("id")]
    assert "from-start-to-ready" in headings
    assert all(re.fullmatch(r"[a-z0-9-]+", one) for one in headings)
    assert set(headings) <= links


def test_a_narrow_window_scrolls_tables_and_pictures_and_not_the_page(text):
    style = "".join(re.findall(r"<style>.*?</style>", text, re.DOTALL))
    assert "figure > div { overflow-x: auto; }" in style
    for smallest in re.findall(r"minmax\((min\()?[0-9.]+rem(, 100%\))?, 1fr\)", style):
        assert all(smallest)
    assert "{ display: none; }" in style.split("max-width: 40rem")[1]  # the checklist is no table


def test_what_stands_between_backticks_is_code_and_still_escaped():
    assert str(coded("`sh` is 1, <b> `<i>`")) == (
        "<code>sh</code> is 1, &lt;b&gt; <code>&lt;i&gt;</code>"
    )
    assert str(coded("a ` alone")) == "a ` alone"


def test_sections_come_in_the_order_in_which_a_reader_asks(text):
    order = ["cards", "checklist", "comparison", "time", "resources", "spread", "images", "trials"]
    places = [text.index(f'id="{one}"') for one in order[1:]]
    assert places == sorted(places)
    assert text.index('class="cards"') < places[0]
    assert text.index('id="method"') > places[-1]


def test_it_says_what_was_measured_why_it_failed_and_how_to_measure_it_again(page):
    for words in (
        "FAIL (expected)",
        "1 of 6 trials failed",
        "Start from a slim base",
        "no time",
        "a trial of good was invalid and repeated",
        "OSError: [Errno 98] Address already in use",
        "RUN apt-get install build-essential",
        "bench run scenarios/bad_vs_good.yaml --seed 1",
        "AMD EPYC 7B13",
        "The pull depends on the link and the disk",
    ):
        assert words in page.text


def test_light_dark_and_print_are_provided_for(text):
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    inline = "".join(re.findall(r"<svg .*?</svg>", text, re.DOTALL))
    assert "var(--ink-soft)" in inline
    assert not re.search(r"(fill|stroke): #0{6}\b", inline)


def test_the_page_may_load_nothing_from_outside_and_run_no_script(text):
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', text)
    assert dict(one.split(" ", 1) for one in policy.split("; ")) == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    # before anything that it is to hold for
    assert text.index("Content-Security-Policy") < text.index("<title>")
    assert not re.search(r"""<script|<iframe|<object|<link|\son[a-z]+\s*=|javascript:""", text)
    for place in re.findall(r"""(?:src|href)=["']?([^"'> ]+)""", text):
        assert re.match(r"#|data:image/|[\w.-]+$", place), place


EVIL = "<script>alert(1)</script>"


def test_what_comes_from_scenarios_images_and_logs_is_escaped(tmp_path):
    shape = Shape(((f"RUN echo \"{EVIL}\" && '$HOME$'", 5.0),), 50.0, 0.3, 20.0, 5.0, 0.5, 0, 0.1)
    trouble = Trouble("failed", f"exited: {EVIL}", (EVIL, '"><img src=x onerror=alert(1)>'))
    build = Build(
        rounds=2,
        cases=("good",),
        shapes=SHAPES | {"good": shape},
        troubles={("good", 0, 0): trouble},
        scenario={"description": EVIL},
        header={"scenario_file": EVIL, "link": {"text": EVIL}},
    )
    run = load_run(write_journal(tmp_path, build))
    host = run.header.host | {EVIL: EVIL}
    run = replace(run, header=replace(run.header, name=EVIL, host=host))
    text = html_text(run)
    assert "<script" not in text
    assert "<img" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 6
    assert Page(text).open == []


def test_a_run_without_trials_still_makes_a_page(empty):
    page = Page(html_text(empty))
    assert "No trial has phases to show." in page.text
    assert "the run ended before the image was ready" in page.text


def test_a_run_that_nothing_is_asked_of_is_judged_by_getting_ready_and_says_so(warm):
    text = Page(html_text(warm)).text
    assert "readiness only, as the scenario has no checklist and no thresholds" in text
    assert "READY gets ready" in text
    assert "Every trial gets ready, and stays up while it is observed." in text


def test_a_case_without_an_image_shows_why(tmp_path):
    made = [
        one
        for one in events(Build(rounds=1, troubles={}, cases=("good",), calibrate=False))
        if "trial_id" not in one and (one["event"] != "image_ready" or one["case"] != "good")
    ]
    made.insert(-1, {"event": "image_failed", "role": "case", "case": "good", "status": "failed",
                     "reason": "pip: no space left", "log_tail": []})  # fmt: skip
    page = html_text(load_run(write_events(tmp_path, made)))
    assert "pip: no space left" in Page(page).text


def test_an_image_that_was_built_again_shows_which_steps_were_done(tmp_path):
    made = events(Build(rounds=1, troubles={}, cases=("good",)))
    for one in made:
        if one["event"] == "image_ready" and one["case"] == "good":
            one |= {"rebuild_s": 2.5, "rebuilt": ["COPY app.py ./", "CMD python app.py"]}
    text = Page(html_text(load_run(write_events(tmp_path, made)))).text
    assert "COPY app.py ./; CMD python app.py" in text
    assert "steps of a rebuild" in text


def test_the_steps_of_a_build_are_shown_with_their_times_and_what_was_not_as_written(tmp_path):
    made = events(Build(rounds=1, troubles={}, cases=("good",)))
    for one in made:
        if one["event"] == "image_ready" and one["case"] == "good":
            one["built"] = [
                {"instruction": "RUN make", "cached": False, "seconds": 12.5},
                {"instruction": "COPY app.py ./", "cached": True, "seconds": None},
            ]
            one["remarks"] = ["docker/dockerfile:1 cannot be had here"]
    text = Page(html_text(load_run(write_events(tmp_path, made)))).text
    assert re.search(r"RUN make\s*12\.5 s", text)
    assert re.search(r"COPY app\.py \./\s*from the cache", text)
    assert "docker/dockerfile:1 cannot be had here" in text


@pytest.mark.slow
def test_a_page_that_would_get_too_large_shows_less_and_says_so(troubled, monkeypatch):
    monkeypatch.setattr(html, "MOST_BYTES", 215_000)
    text = html_text(troubled)
    assert len(text.encode()) < 215_000
    assert "To stay below 1 MB" in text


@pytest.mark.slow
def test_the_last_resort_leaves_the_pictures_out(troubled, monkeypatch):
    monkeypatch.setattr(html, "MOST_BYTES", 90_000)
    monkeypatch.setattr(html, "DETAILS", (Detail(40, 0, "less"),))
    text = html_text(troubled, [Plot("waterfall-x", "t", "c", "a", "<svg></svg>")])
    assert "the plots are only in plots/" in text
    assert "<svg" not in text


@pytest.mark.slow
@pytest.mark.slow
def test_many_cases_and_trials_stay_below_a_megabyte(tmp_path):
    names = tuple(f"case-{number}" for number in range(12))
    build = Build(
        rounds=12,
        cases=names,
        samples_each=200,
        troubles={},
        shapes=SHAPES | dict.fromkeys(names, GOOD),
    )
    text = html_text(load_run(write_journal(tmp_path, build)))
    assert len(text.encode()) < 1_000_000
    assert "To stay below 1 MB" not in text
    assert Page(text).open == []


@pytest.mark.slow
def test_the_same_journal_always_makes_the_same_page(troubled):
    assert html_text(troubled) == html_text(load_run(troubled.folder))


@pytest.mark.slow
def test_the_page_lists_the_files_that_lie_beside_it(troubled, tmp_path):
    path = write_html(troubled, tmp_path)
    assert path == tmp_path / "index.html"
    assert 'href="events.jsonl"' in path.read_text()
    assert [one.name for one in Path(tmp_path).iterdir()] == ["index.html"]
