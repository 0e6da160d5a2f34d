"""What a run shows: header, progress while trials train, findings as sentences, the closing table."""

from bnclaims.plugin.terminal.failures import WORD
from bnclaims.plugin.terminal.sentences import sentence
from bnclaims.plugin.terminal.terminal import NAME, Terminal, of, past_capture, ticker
from bnclaims.plugin.write_report import write_report

__all__ = ["NAME", "WORD", "Terminal", "of", "past_capture", "sentence", "ticker", "write_report"]
