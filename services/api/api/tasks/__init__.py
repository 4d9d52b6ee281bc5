"""Human tasks: listing them, completing them, and the inbox of people."""
