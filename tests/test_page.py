"""report.html as its readers meet it: in a browser, offline, with the keyboard, on a phone, in the dark."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from payproof import journal
from payproof.report import account, html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
AXE = "axe-core@4.11.0"
NASTY = '<img src=x onerror="document.title=1">'


def header() -> dict[str, Any]:
    """Give the header of a run over two APIs, with clauses of every kind."""
    kinds = {"A-FAILED": ("a", "must", "documented"), "A-PASSED": ("a", "must", "standard"), "A-SHOULD": ("a", "should", "documented"),
             "B-PASSED": ("b", "must", "invariant"), "B-NOT-RUN": ("b", "must", "documented")}  # fmt: skip
    clauses = [{"id": name, "api": api, "operation": f"get{api.upper()}", "keyword": keyword, "basis": basis, "needs": [],
                "text": f"The words of {name} {NASTY}.", "document": "guide", "at": "Read"}
               for name, (api, keyword, basis) in kinds.items()]  # fmt: skip
    operations = [{"api": api, "id": f"get{api.upper()}", "method": "GET", "resources": []} for api in ("a", "b")]
    return {
        "payproof": "0.1.0", "source": "run", "target": "mock", "mock": True, "has": [], "faults": [], "variants": [], "depth": "smoke",
        "seed": 1, "strict": False, "partial": False, "started": "2026-11-20T10:00:00.000Z", "scope": {"apis": ["a", "b"], "clauses": None},
        "apis": [{"id": api, "spec_sha256": "0" * 64, "contract_sha256": "1" * 64, "contract_version": 1} for api in ("a", "b")],
        "documents": {"a": {"guide": "The guide"}, "b": {"guide": "The other guide"}}, "clauses": clauses, "operations": operations,
    }  # fmt: skip


def exchange(number: int, judged: tuple[int, ...], body: Any, api: str = "a") -> dict[str, Any]:
    return {"kind": "exchange", "id": f"w0-{number}", "api": api, "operation": f"get{api.upper()}", "tenant": "t", "judged": list(judged),
            "test": f"suites/test_{api}.py::test_it", "started": number, "elapsed": 1.0, "at": number, "unjudged": {},
            "request": {"method": "GET", "url": "http://127.0.0.1:9/a", "headers": [["X", NASTY]], "body": ""},
            "response": {"status": 200, "headers": [["Content-Type", "application/json"]], "body": json.dumps(body)}}  # fmt: skip


def finding(clause: str, number: int, pointer: str, **more: Any) -> dict[str, Any]:
    return {"kind": "finding", "clause": clause, "api": "a", "operation": "getA", "keyword": "must", "basis": "documented",
            "pointer": pointer, "expected": "equals 1", "seen": NASTY, "exchange": f"w0-{number}",
            "fingerprint": f"{number:016}", **more}  # fmt: skip


def account_of(path: Path, *records: dict[str, Any]) -> account.Account:
    with journal.Writer(path, header()) as writer:
        for record in records:
            writer.write(record)
        writer.close({"finished": "2026-11-20T10:01:00.000Z", "stopped": [], "gaps": [], "generated": [], "outcomes": [],
                      "drift": [{"where": "getA 200 /new", "count": 3}]})  # fmt: skip
    return account.read(path)


STORY = (
    exchange(1, (0, 1, 2), {"amount": 1, "items": [{"id": 1}, {"id": NASTY}]}),
    finding("A-FAILED", 1, "/items/1/id"), finding("A-SHOULD", 1, "", keyword="should"),
    exchange(2, (3,), {"ok": True}, "b"),
)  # fmt: skip


def test_page_is_whole_and_says_where_a_finding_is(tmp_path: Path) -> None:
    """One file, nothing fetched, what servers sent escaped, and the place marked inside the body."""
    text = html.page(account_of(tmp_path / "j", *STORY))

    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", text)
    assert NASTY not in text
    assert '<mark>      &#34;id&#34;: &#34;&lt;img src=x onerror=\\&#34;document.title=1\\&#34;&gt;&#34;</mark>' in text
    assert "The guide, Read" in text
    assert "getA 200 /new" in text


def test_page_of_many_findings_stays_small(tmp_path: Path) -> None:
    """A thousand findings with long bodies: each is listed, exchanges of the first are shown, the file can be mailed."""
    records: list[dict[str, Any]] = []
    for number in range(1, 1001):
        records += [exchange(number, (0,), {"text": "x" * 30_000}), {**finding("A-FAILED", number, "/text"), "operation": f"op{number}"}]

    text = html.page(account_of(tmp_path / "j", *records))

    assert text.count('data-verdict="failed"') == 1001
    assert 50 <= text.count('<h3>Request</h3>') <= html.SHOWN
    assert text.count("The exchange is in the journal.") + text.count("<h3>Request</h3>") == 1000
    assert len(text) < 4_000_000


def test_example_is_what_the_command_writes(root: Path) -> None:
    """The example in the repository is made from its journal: `payproof report reports/example/journal.jsonl`."""
    folder = root / "reports" / "example"

    assert html.page(account.read(folder / "journal.jsonl")) == (folder / "report.html").read_text(encoding="utf-8")


def long_account(path: Path) -> account.Account:
    """Give an account of 500 clauses of 20 operations, and of two findings of each clause."""
    base = header()
    clauses = [{**base["clauses"][0], "id": f"CLAUSE-{number}", "operation": f"get{number % 20}"} for number in range(500)]
    operations = [{"api": "a", "id": f"get{number}", "method": "GET", "resources": []} for number in range(20)]
    with journal.Writer(path, {**base, "clauses": clauses, "operations": operations}) as writer:
        for number in range(1, 1001):
            writer.write(exchange(number, (number % 500,), {"id": number}))
            writer.write(finding(f"CLAUSE-{number % 500}", number, f"/item-{number}"))
        writer.close({"finished": "2026-11-20T10:01:00.000Z", "stopped": [], "gaps": [], "generated": [], "outcomes": [], "drift": []})
    return account.read(path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser, of the machine."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is here, so that no page can be shown; install one to run this")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page of STORY, opened; at the end nothing has been fetched and nothing complained."""
    html.write(tmp_path / "report.html", account_of(tmp_path / "j", *STORY))
    context = browser.new_context()
    shown = context.new_page()
    shown.set_default_timeout(20_000)
    said: list[str] = []
    asked: list[str] = []
    shown.on("console", lambda message: said.append(message.text))
    shown.on("pageerror", lambda error: said.append(str(error)))
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto((tmp_path / "report.html").as_uri())
    yield shown
    assert said == []
    assert {url.partition("#")[0] for url in asked} == {(tmp_path / "report.html").as_uri()}
    context.close()


def rows(page: Page) -> list[str]:
    """Give the clauses that are shown."""
    return [row.get_attribute("id") or "" for row in page.locator("tr[data-verdict]:not([hidden])").all()]


@pytest.mark.foreign
def test_filters_and_their_link(page: Page) -> None:
    """By verdict, API, keyword, basis and text; the address keeps the filter, and Escape takes it back."""
    page.get_by_role("button", name="failed").click()
    assert rows(page) == ["A-FAILED"]
    page.get_by_role("button", name="not run").click()
    assert rows(page) == ["A-FAILED", "B-NOT-RUN"]
    page.get_by_label("API", exact=True).select_option("b")
    assert rows(page) == ["B-NOT-RUN"]
    link = page.url
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="payproof").click()
    page.keyboard.press("Escape")
    assert len(rows(page)) == 5

    page.goto("about:blank")
    page.goto(link)
    assert rows(page) == ["B-NOT-RUN"]
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("keyword").select_option("should")
    assert rows(page) == ["A-SHOULD"]
    page.get_by_label("keyword").select_option("all")
    page.get_by_label("basis").select_option("invariant")
    assert rows(page) == ["B-PASSED"]
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("text").fill("words b-not")
    assert rows(page) == ["B-NOT-RUN"]
    assert page.get_by_role("status").inner_text() == "1 clauses, 0 findings shown"


SEARCH = """async (text) => {
  const search = document.getElementById("search");
  const watch = new MutationObserver(() => {});
  watch.observe(document.querySelector("main"), {attributes: true, subtree: true});
  search.value = text;
  search.dispatchEvent(new Event("input"));
  const touched = watch.takeRecords().map(({target, attributeName}) => [target, attributeName]);
  watch.disconnect();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const rows = [...document.querySelectorAll("tr[data-verdict]:not([hidden])")];
  return {
    touched: touched.length,
    once: touched.every(([one, name], at) => touched.findIndex(([other, its]) => other === one && its === name) === at),
    said: document.getElementById("said").textContent,
    laid: rows.filter((row) => row.checkVisibility({contentVisibilityAuto: true})).length,
  };
}"""


@pytest.mark.foreign
def test_search_of_a_long_page_is_light(browser: Browser, tmp_path: Path) -> None:
    """500 clauses and 1,000 findings: a letter touches an element once or not at all, and lays out what is in sight, in one go.

    No time is measured: what makes a filter slow is work for elements that do not change or cannot be seen.
    """
    html.write(tmp_path / "report.html", long_account(tmp_path / "j"))
    shown = browser.new_page()
    metrics = shown.context.new_cdp_session(shown)
    metrics.send("Performance.enable")
    shown.goto((tmp_path / "report.html").as_uri())

    def layouts() -> int:
        return int(next(one["value"] for one in metrics.send("Performance.getMetrics")["metrics"] if one["name"] == "LayoutCount"))

    before = layouts()
    some = shown.evaluate(SEARCH, "clause-1")
    assert some["said"] == "111 clauses, 222 findings shown"
    assert some["once"]
    assert some["touched"] >= 500 - 111 + 1000 - 222
    assert shown.evaluate(SEARCH, "CLAUSE-1 ")["touched"] == 0
    every = shown.evaluate(SEARCH, "clause")
    assert every["said"] == "500 clauses, 1000 findings shown"
    assert every["laid"] < 100
    assert layouts() - before < 50
    shown.close()


@pytest.mark.foreign
def test_keyboard_alone(page: Page) -> None:
    """`/` searches, `j` and `k` go from finding to finding, Enter opens; what is typed into the search is text."""
    page.keyboard.press("/")
    page.keyboard.type("jk/")
    assert page.get_by_label("text").input_value() == "jk/"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    assert page.locator("#F1").get_attribute("open") is not None
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    assert [page.locator(name).get_attribute("open") is not None for name in ("#F1", "#F2")] == [False, True]


@pytest.mark.foreign
def test_link_to_a_finding_opens_it(page: Page) -> None:
    """A finding that is named in the address is open and in view, whatever was filtered; its command shows no markup."""
    page.get_by_role("button", name="passed").click()
    page.evaluate("location.hash = 'F1'")
    page.wait_for_function("document.getElementById('F1').open && !document.getElementById('F1').hidden")

    assert page.locator("#F1 pre mark").first.is_visible()
    assert "payproof replay journal.jsonl w0-1" in page.locator("#F1").inner_text()
    assert page.title() == "payproof: not conformant on mock"


@pytest.mark.foreign
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_page_fits_its_screen(browser: Browser, tmp_path: Path, scheme: Any, width: int) -> None:
    """Nothing is wider than the screen, on a phone as on a desk; the dark page is dark."""
    html.write(tmp_path / "report.html", account_of(tmp_path / "j", *STORY))
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    shown = context.new_page()
    shown.goto((tmp_path / "report.html").as_uri() + "#F1")

    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    light = shown.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number).reduce((a, b) => a + b)")
    assert (light > 600) is (scheme == "light")
    context.close()


@pytest.mark.foreign
def test_page_for_paper_is_open(browser: Browser, tmp_path: Path) -> None:
    """What is folded on the screen stands on paper; the search does not."""
    html.write(tmp_path / "report.html", account_of(tmp_path / "j", *STORY))
    shown = browser.new_page()
    shown.goto((tmp_path / "report.html").as_uri())
    shown.emulate_media(media="print")
    shown.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert shown.locator("details:not([open])").count() == 0
    assert not shown.get_by_label("text").is_visible()
    assert len(shown.pdf()) > 10_000
    shown.close()


@pytest.mark.foreign
@pytest.mark.slow
def test_page_is_accessible(browser: Browser, npm: Callable[[str], Path], tmp_path: Path) -> None:
    """No serious finding of axe, in light and dark, with findings open."""
    script = (npm(AXE) / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    html.write(tmp_path / "report.html", account_of(tmp_path / "j", *STORY))

    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
        shown = context.new_page()
        shown.goto((tmp_path / "report.html").as_uri() + "#F1")
        shown.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        shown.evaluate(script)
        found = shown.evaluate("axe.run().then((said) => said.violations.map((one) => [one.impact, one.id, one.nodes[0].html]))")
        assert [one for one in found if one[0] in {"serious", "critical"}] == [], scheme
        context.close()
