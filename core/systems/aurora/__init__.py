"""AURORA (Luo et al., AAAI 2026): it reasons in words, then points at pixels."""
