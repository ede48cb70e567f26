"""What bulk runs survive: kills, faults, full disks. The emulator's own record is the oracle."""
