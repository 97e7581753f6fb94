"""How long a text is in tokens, where nobody shows us the tokenizer."""

from __future__ import annotations

import re

_CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_DIGIT = re.compile(r"\d")
_LETTERS = 4.0  # characters of a token, on average, in the texts of European languages and in code
_CHINESE = 1.5  # likewise, in Chinese, Japanese and Korean


def estimate_tokens(text: str) -> int:
    """About how many tokens a text takes; at least 1 for a text that is not empty.

    Digits are counted one by one, as Qwen's tokenizers have it.
    """
    if not text:
        return 0
    chinese, digits = len(_CJK.findall(text)), len(_DIGIT.findall(text))
    return max(1, round((len(text) - chinese - digits) / _LETTERS + chinese / _CHINESE + digits))
