"""How the product's things look in a terminal; pure."""
