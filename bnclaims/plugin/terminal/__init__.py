"""Terminal of a run: header, progress while trials train, findings as sentences, the closing table."""

from bnclaims.plugin.terminal.failures import VERDICT
from bnclaims.plugin.terminal.live import past_capture, ticker
from bnclaims.plugin.terminal.sentences import sentence
from bnclaims.plugin.terminal.terminal import of, register
from bnclaims.plugin.write_report import write_report

__all__ = ["VERDICT", "of", "past_capture", "register", "sentence", "ticker", "write_report"]
