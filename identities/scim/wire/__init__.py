"""How requests and answers look, and what of the protocol clients may deviate in."""
