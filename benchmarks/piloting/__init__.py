"""The pilot: networks of seeds that enter no verdict, and what is chosen by them."""
