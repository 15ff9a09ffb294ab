"""What was published of trial arms, to stand beside what is simulated, and the numbers' sources.

May use the evidence and the registry of end points, whose `published` fields say where the evidence
keeps their values.
"""
