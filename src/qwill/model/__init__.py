"""The transformer, its files, its tokenizer."""
