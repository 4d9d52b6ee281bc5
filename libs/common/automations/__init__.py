"""The product's vocabulary, shared by every service."""
