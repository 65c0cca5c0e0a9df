"""Studies and pixels: what arrives is checked, kept byte for byte, and shown through renditions."""
