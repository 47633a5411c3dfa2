"""The product as its users have it: the command line in processes of its own."""
