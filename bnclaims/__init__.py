"""An audit of the claims of arXiv:2109.09016 on the final batch normalization layer."""
