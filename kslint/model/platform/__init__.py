"""What a serving platform is made of: its pieces, how they are installed, and in which order."""
