"""The relay: a process of its own that passes a call's encoded packets on, without ever decoding them."""
