"""Tests of the offline composer: what was written, and what comes out of the loudspeaker."""
