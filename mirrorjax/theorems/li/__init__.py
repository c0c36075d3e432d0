"""Li, Wang, Lee, Arora: Implicit Bias of GD on Reparametrized Models (2207.04036)."""
