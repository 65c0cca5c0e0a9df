"""The DIMSE door (PS3.7): units on the clinic's network send by C-STORE, and what arrives waits in the inbox."""
