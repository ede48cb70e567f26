"""Limits that processes and machines share.

``shared_limit.py`` opens with the theory: the arithmetic of ``pacing``, for a fleet instead of a
session. A ``Member`` tells the news of its process and uses the slots that it is leased; a
``FleetGroup`` puts it to work for the tasks of an event loop, and ``FleetPacing`` for a session.
"""
