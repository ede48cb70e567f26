"""What the pacing is compared with, and how it is drawn."""
