"""Owns the forms of piece: how fast each goes, whether it has a beat, how it moves; hides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from video_pipeline.providers.grammar.world import listed


@dataclass(frozen=True, slots=True)
class Form:
    """One form of piece."""

    name: str
    tempo: tuple[int, int]  # BPM in which it is itself
    beat: bool  # bass and drums may join
    density: float  # added to the world's
    feels: tuple[str, ...]  # follow the tempo: "Tempo: 96 BPM, ..."


def _form(name: str, tempo: tuple[int, int], beat: bool, density: float, feels: str) -> Form:
    return Form(name, tempo, beat, density, listed(feels))


_FORMS = (
    _form(
        "waltz",
        (76, 112),
        True,
        0.08,
        "a gentle sway in three | three-four time with a light first beat | turning slowly rather than spinning",
    ),
    _form(
        "slow waltz",
        (60, 80),
        False,
        0.0,
        "an easy three-four | three slow beats to the bar | a sway more than a dance",
    ),
    _form("minuet", (84, 112), True, 0.08, "courtly three-four steps | neat phrases of four bars"),
    _form(
        "pavane",
        (52, 70),
        False,
        0.0,
        "a stately walk in two | measured steps, two to the bar | solemn, but never heavy",
    ),
    _form(
        "sarabande",
        (48, 66),
        False,
        -0.04,
        "a broad three with weight on the second beat | grave and dignified | slow three, held back a little",
    ),
    _form("gavotte", (88, 108), True, 0.1, "light steps in two | crisp and polite, never hurried"),
    _form(
        "nocturne",
        (50, 72),
        False,
        -0.02,
        "flexible time, a singing line | rubato, as if improvised late at night | time that bends with the tune",
    ),
    _form(
        "lullaby",
        (52, 70),
        False,
        -0.1,
        "a rocking pulse | cradle rhythm in six-eight | back and forth, slower each time",
    ),
    _form(
        "reverie",
        (50, 70),
        False,
        -0.06,
        "drifting time without accents | free and floating | loose time, as in a daydream",
    ),
    _form("prelude", (60, 84), False, 0.04, "an even stream of eighth notes | broken chords in steady motion"),
    _form(
        "arpeggio study",
        (66, 98),
        False,
        0.14,
        "rolling broken chords | patterns that turn like a slow wheel | even ripples from low to high",
    ),
    _form("chorale", (44, 62), False, -0.04, "slow block chords, one breath to a phrase | four voices moving together"),
    _form(
        "hymn",
        (50, 66),
        False,
        0.0,
        "plain chords and long phrases | steady, congregational breathing | broad and simple, phrase by phrase",
    ),
    _form(
        "drone",
        (40, 54),
        False,
        -0.18,
        "almost no pulse | one held tone, changes a minute apart | still, with slow shifts of color",
    ),
    _form(
        "meditation",
        (40, 56),
        False,
        -0.14,
        "a pulse no faster than slow breathing | very long phrases | one gesture, then a long rest",
    ),
    _form(
        "soundscape",
        (40, 58),
        False,
        -0.12,
        "no meter, slow swells | layers that come and go like weather | no beat, only tides",
    ),
    _form(
        "air",
        (58, 80),
        False,
        0.0,
        "a simple tune, sung rather than played | one melody, plainly stated | a folk-like line over held chords",
    ),
    _form(
        "romance",
        (60, 84),
        False,
        0.04,
        "a warm tune with room to linger | tender phrasing, slight hesitations | close and quiet, for one listener",
    ),
    _form(
        "ballad",
        (62, 84),
        False,
        0.0,
        "storytelling pace | verse after verse, each a little different | an old story, taken slowly",
    ),
    _form("barcarolle", (54, 76), False, 0.02, "a boat's rocking in six-eight | waves of two long beats"),
    _form("siciliana", (52, 68), False, 0.0, "a dotted lilt | a shepherd's rhythm in six-eight"),
    _form(
        "interlude",
        (54, 76),
        False,
        -0.04,
        "unhurried, between two scenes | a pause with a melody in it | a short breath drawn out",
    ),
    _form(
        "lament",
        (46, 62),
        False,
        -0.08,
        "falling phrases | a slow descent over a repeated bass | sighing figures, long pauses",
    ),
    _form("elegy", (46, 62), False, -0.06, "long lines that sink and rise | grave, with warmth underneath"),
    _form(
        "processional",
        (56, 74),
        True,
        0.08,
        "an even walking beat | slow steps, ceremonially spaced | a calm march without soldiers",
    ),
    _form("round dance", (82, 112), True, 0.16, "a circling rhythm | hands joined, an easy skip in the beat"),
    _form("slow jig", (72, 100), True, 0.14, "a soft six-eight bounce | a dancing lilt, kept quiet"),
    _form(
        "carol",
        (62, 90),
        False,
        0.04,
        "a folk tune, simply harmonized | verses that return like an old song | plain verses, warm chords",
    ),
    _form(
        "pastoral",
        (58, 84),
        False,
        0.02,
        "open air in every phrase | shepherd's fifths under a wandering tune | long views, short phrases",
    ),
    _form("fantasia", (54, 80), False, 0.06, "free sections joined by held notes | wandering, as if told from memory"),
    _form("canon", (58, 82), False, 0.1, "one line answered by its echo | voices entering four bars apart"),
    _form(
        "ostinato",
        (62, 96),
        True,
        0.12,
        "a short figure that keeps returning | small changes over a fixed pattern | a pattern that hypnotizes slowly",
    ),
    _form(
        "jazz ballad",
        (54, 76),
        True,
        0.02,
        "behind the beat, late and relaxed | soft swing, plenty of air | the last set of the evening",
    ),
    _form("jazz waltz", (84, 116), True, 0.14, "swinging three-four | a light three, brushed rather than struck"),
    _form(
        "bossa nova",
        (84, 112),
        True,
        0.16,
        "a cool two-bar pattern | quiet syncopation, almost whispered | light off-beats, no hurry",
    ),
    _form(
        "lo-fi groove",
        (66, 86),
        True,
        0.12,
        "a lazy swung backbeat | a dusty loop, slightly behind the beat | soft drums, a little late",
    ),
    _form(
        "half-time groove",
        (58, 76),
        True,
        0.06,
        "a heavy-lidded half-time beat | wide gaps between soft hits | half speed, double space",
    ),
    _form(
        "slow sequence",
        (60, 92),
        True,
        0.1,
        "a soft pulsing pattern | repeating notes that open and close | steady pulses under slow chords",
    ),
    _form(
        "song without words",
        (58, 84),
        False,
        0.02,
        "a vocal line given to an instrument | verse and refrain | a song that forgot its words",
    ),
)

FORMS: dict[str, Form] = {form.name: form for form in _FORMS}
"""Every form by its name."""
