"""The inbox of a facility: what came without a case, until a person says whose it is."""
