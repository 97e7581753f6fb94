"""Prompt chains: a reasoning model's answers and thoughts fed to lighter models, step by step."""

from qwill.chain.as_model import ChainEngine, Named, lookup
from qwill.chain.graph import as_mermaid, as_svg
from qwill.chain.recipe import Chain, ChainError, Step, load_chain, parse_chain, shipped
from qwill.chain.running import Done, Piece, Runner, Said, as_asked, filled_inputs, outcome, resolved_models
from qwill.chain.telling import all_of, as_text, events_of

__all__ = [
    "Chain", "ChainEngine", "ChainError", "Done", "Named", "Piece", "Runner", "Said", "Step", "all_of", "as_asked",
    "as_mermaid", "as_svg", "as_text", "events_of", "filled_inputs", "load_chain", "lookup", "outcome", "parse_chain",
    "resolved_models", "shipped",
]  # fmt: skip
