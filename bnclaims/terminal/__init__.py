"""What a run shows: header, progress while trials train, findings as sentences, the closing table."""

from bnclaims.terminal.display import NAME, Terminal, of, past_capture, ticker
from bnclaims.terminal.findings import WORD
from bnclaims.terminal.finish import write_report
from bnclaims.terminal.sentences import sentence

__all__ = ["NAME", "WORD", "Terminal", "of", "past_capture", "sentence", "ticker", "write_report"]
