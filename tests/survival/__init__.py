"""Bulk runs under kills, faults and full disks, judged by the emulator's own record."""
