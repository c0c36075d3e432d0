"""Beyond the papers: statements of theory.md, section 3, that no source above is known to make."""
