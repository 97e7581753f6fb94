"""Whether an answer says that it does not know, or that what was quoted to the model does not hold it."""

from __future__ import annotations

import re

_SILENT = re.compile(
    r"\bnot? (?:\w+ ){0,3}"
    r"(?:mention|state|specif|provid|given|contain|hold|say|includ|information|answer|indicat|list|detail|known?\b)"
    r"|n't (?:\w+ ){0,2}(?:mention|say|state|specify|provide|contain|know|have|give|include)"
    r"|\bcannot\b|can't|\bunknown\b|sorry|unable|没有|无法|不包含|不知道|抱歉|不清楚|不确定"
    r"|未(?:提|说明|给|包含|明确|直接|写)",
    re.IGNORECASE,
)


def is_silent(answer: str) -> bool:
    """Whether an answer says that nothing is known; it may be wrong about that. It knows the common forms, in English
    and Chinese, and takes a sentence of an answer for the whole."""
    return bool(_SILENT.search(answer))
