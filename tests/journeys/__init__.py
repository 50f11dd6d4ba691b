"""Journeys: the whole portal as real processes, in front of real servers, driven from outside."""
