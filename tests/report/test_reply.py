"""What authors answer: shown as they wrote it, never as markup, and no part of what is checked."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bnclaims.audit.claim import discover
from bnclaims.errors import BnclaimsError
from bnclaims.report.reading.reply import read_reply
from bnclaims.report.redraw import redraw
from bnclaims.report.schemas import SCHEMA
from bnclaims.report.verify.verify import verify
from bnclaims.report.write import check_target
from fixtures.committed import REPORTS
from fixtures.sample_report import HOSTILE, page_of, sample_document, sample_trials

CLAIMS = discover(REPORTS.parent / "claims")
REPLY = "We read (v) otherwise.\n\n# Why\r\nTwo of <b>our</b> classes & theirs.\n"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    golden = REPORTS.parent / "tests" / "golden" / f"schema-{SCHEMA}"
    return Path(shutil.copytree(golden, tmp_path / "golden"))


def test_an_answer_is_shown_and_a_report_verifies_with_it_and_without(report: Path) -> None:
    assert redraw(report, CLAIMS) in (True, False)
    assert "Answer as an author" in (report / "index.html").read_text("utf-8")
    (report / "reply.md").write_text(REPLY, "utf-8")
    assert verify(report, CLAIMS).passed
    assert redraw(report, CLAIMS)
    page = (report / "index.html").read_text("utf-8")
    shown = re.search('<blockquote class="reply">(.*?)</blockquote>', page, re.DOTALL)
    assert shown is not None
    assert shown[1] == (
        "<p>We read (v) otherwise.</p><p># Why\nTwo of &lt;b&gt;our&lt;/b&gt; classes &amp; theirs.</p>"
    )
    assert "Answer as an author" not in page
    assert verify(report, CLAIMS).passed
    (report / "reply.md").unlink()
    assert verify(report, CLAIMS).passed


def test_a_report_that_is_written_anew_keeps_the_answer_to_it(report: Path) -> None:
    (report / "reply.md").write_text(REPLY, "utf-8")
    check_target(report)
    (report / "answer.md").write_text(REPLY, "utf-8")
    with pytest.raises(BnclaimsError, match=r"answer\.md"):
        check_target(report)


@pytest.mark.parametrize("hostile", [HOSTILE, "</blockquote><script>alert(1)</script>", "\x1b[31m"])
def test_nothing_in_an_answer_becomes_markup(tmp_path: Path, hostile: str) -> None:
    (tmp_path / "reply.md").write_bytes(hostile.encode("utf-8", "replace"))
    page = page_of(sample_document(), sample_trials(), reply=read_reply(tmp_path))
    assert "\x1b" not in page and "\x00" not in page
    assert page.count("<script>") == 1 and page.count("</blockquote>") == page.count("<blockquote")


def test_what_cannot_be_shown_is_refused_in_one_sentence(tmp_path: Path) -> None:
    assert read_reply(tmp_path) == ()
    reply = tmp_path / "reply.md"
    reply.write_bytes(b"\xff\xfe")
    with pytest.raises(BnclaimsError, match="UTF-8"):
        read_reply(tmp_path)
    reply.write_bytes(b"a" * 2**17)
    with pytest.raises(BnclaimsError, match="larger than"):
        read_reply(tmp_path)
    reply.unlink()
    reply.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BnclaimsError, match="cannot be read"):
        read_reply(tmp_path)
