"""Owns the worlds beyond places: space, stillness, sleep; hides nothing."""

from __future__ import annotations

from video_pipeline.domain.scenery import Motif, Palette, TimeOfDay, Weather
from video_pipeline.domain.storyboard import Instrument, Mode
from video_pipeline.providers.grammar.world import World, listed

_I, _M, _P, _T, _W = Instrument, Mode, Palette, TimeOfDay, Weather

WORLDS_BEYOND: tuple[World, ...] = (
    World(
        name="space",
        synonyms=listed(
            "space | cosmic | galaxy | sci fi | scifi | astronaut | nebula | planet | star | universe | interstellar"
        ),
        leads=(_I.GLASS_PAD, _I.ELECTRIC_PIANO, _I.BELLS, _I.CELLO, _I.CHOIR, _I.FELT_PIANO),
        beds=(_I.PAD, _I.TEXTURE, _I.CHOIR, _I.GLASS_PAD),
        pulses=(_I.BASS,),
        forms=listed("soundscape | drone | slow sequence | arpeggio study | meditation | reverie | chorale | ostinato"),
        modes=(_M.LYDIAN, _M.MINOR, _M.DORIAN, _M.MAJOR),
        tempo=(40, 84),
        density=0.32,
        settings={
            Motif.SPACE: listed("deep space | open space | uncharted space | quiet space beyond the last station"),
            Motif.SKY: listed("an alien sky | a sky with two suns gone down"),
            Motif.MOUNTAINS: listed("airless mountains | mountains on a small, far world"),
            Motif.ABSTRACT: listed("abstract drifts of dust and gas | an abstract spiral of embers"),
            Motif.DUNES: listed("rust-dry dunes of another world | dunes under a thin atmosphere"),
        },
        palettes=(_P.VIOLET, _P.SAPPHIRE, _P.TEAL, _P.ROSE),
        times=(_T.DUSK, _T.NIGHT),
        weathers=(_W.STARRY, _W.STARRY, _W.AURORA, _W.MIST),
        adjectives=listed("weightless | vast | orbital | glacial | luminous | drifting"),
        images=listed(
            """a station turning out of the sun | signals older than the listener | ice catching on a dish |
            the hum of a ship asleep | a planet rising over a planet | a window with no weather |
            dust becoming a star | the last voice before the long silence"""
        ),
        things=listed(
            """The Long Orbit | Cold Light | Signal and Silence | Ice Moons | The Sleeping Crew | Event Horizon |
            Solar Sails | Cartographers | Docking Lights | A Small Blue World | Dust Lanes | The Relay Station |
            Perihelion | Hull Songs | Blue Shift | The Observation Deck"""
        ),
        tails=listed(
            """Beyond the Heliopause | Before Ignition | in Low Orbit | After the Last Signal | at Station Twelve |
            Between Two Suns | on the Far Side | Without Gravity | Toward Andromeda | Past the Ice Moons |
            When the Engines Sleep | Across the Dust Lane | at the Edge of Light | Under Saturn's Arch |
            in Cold Storage | Among the Quiet Ones"""
        ),
        guests=listed("an Old Probe | Voyager | an Empty Airlock | Distant Suns | the Night Watch in Orbit"),
        door="a quiet deck with one window, on a ship that will not arrive for a long time",
        tags=listed("space ambient | space music | sci fi ambience | cosmic ambient | deep space"),
    ),
    World(
        name="zen garden",
        synonyms=listed("zen | japanese | japan | bamboo | tea | temple | koto | asian | chinese | kyoto | sakura"),
        leads=(_I.KALIMBA, _I.FLUTE, _I.LUTE, _I.HARP, _I.BELLS),
        beds=(_I.PAD, _I.STRINGS, _I.TEXTURE, _I.GLASS_PAD),
        pulses=(),
        forms=listed("meditation | air | soundscape | interlude | reverie | drone | fantasia | pastoral"),
        modes=(_M.PENTATONIC, _M.DORIAN, _M.MAJOR, _M.MINOR),
        tempo=(42, 74),
        density=0.26,
        settings={
            Motif.LAKE: listed("a koi lake | a lily lake | a lake with one stone lantern"),
            Motif.MOUNTAINS: listed("ink-brush mountains | far mountains beyond the gate"),
            Motif.FOREST: listed("a bamboo forest | a cedar forest along the steps"),
            Motif.MEADOW: listed("a raked-stone garden by a meadow | a meadow of soft grasses"),
            Motif.RAINY_WINDOW: listed("a rainy window with a low table | a rainy window with paper screens"),
        },
        palettes=(_P.EMERALD, _P.ROSE, _P.SILVER, _P.TEAL),
        times=(_T.DAWN, _T.DAY, _T.DUSK, _T.NIGHT),
        weathers=(_W.MIST, _W.CLEAR, _W.RAIN, _W.SNOW),
        adjectives=listed("uncluttered | spare | balanced | bamboo-light | contemplative | measured"),
        images=listed(
            """a rake drawn once through gravel | a bamboo spout filling and tipping | tea the color of straw |
            a paper door slid shut | one leaf arriving on the water | incense bending in a draft |
            a stone placed by somebody patient | sandals left on the step"""
        ),
        things=listed(
            """Raked Gravel | The Tea Bowl | Koi | Bamboo Shadow | A Paper Screen | Stone Lanterns | Plum Blossom |
            The Empty Cup | Cedar Steps | Incense | A Single Leaf | Ink and Water | Crane Wings | The Wooden Spout |
            Moss | Straw Sandals"""
        ),
        tails=listed(
            """at the Tea House | Before the Bell Sounds | on Still Water | After the Rain Passes |
            Beyond the Red Gate |
            by the Dry Garden | When the Bamboo Bends | Between Two Breaths | Under the Maple | Along Stepping Stones |
            in One Brushstroke | at the Temple Steps | Among Cedars | Until the Cup Is Empty | with Open Hands |
            Past the Moon Bridge"""
        ),
        guests=listed("the Gardener | One Breath | a Passing Crane | a Sleeping Koi | Old Stones"),
        door="a raked garden behind a tea house, where the loudest thing is a bamboo spout",
        tags=listed("zen music | japanese ambience | zen garden | meditation music | tea house ambience"),
    ),
    World(
        name="meditation",
        synonyms=listed(
            "meditation | healing | yoga | spa | chakra | mindful | mindfulness | reiki | massage | relax | breathing"
        ),
        leads=(_I.BELLS, _I.FLUTE, _I.GLASS_PAD, _I.HARP, _I.CELLO, _I.FELT_PIANO),
        beds=(_I.PAD, _I.TEXTURE, _I.CHOIR, _I.GLASS_PAD),
        pulses=(),
        forms=listed("meditation | drone | soundscape | chorale | reverie | air | interlude | hymn"),
        modes=(_M.MAJOR, _M.LYDIAN, _M.PENTATONIC, _M.DORIAN),
        tempo=(40, 64),
        density=0.22,
        settings={
            Motif.ABSTRACT: listed("abstract light | slow abstract forms | an abstract spread of color"),
            Motif.LAKE: listed("a motionless lake | a wide lake"),
            Motif.SKY: listed("a quiet sky | an unbroken sky"),
            Motif.MOUNTAINS: listed("resting mountains | mountains one behind another"),
            Motif.MEADOW: listed("an untouched meadow | a meadow without paths"),
        },
        palettes=(_P.TEAL, _P.VIOLET, _P.ROSE, _P.GOLD),
        times=(_T.DAWN, _T.DAY, _T.GOLDEN_HOUR, _T.DUSK),
        weathers=(_W.MIST, _W.CLEAR, _W.STARRY),
        adjectives=listed("still | breathing | unforced | centered | spacious | gentle"),
        images=listed(
            """one slow breath, then another | a bowl ringing until it does not | shoulders coming down |
            water finding its level | light through closed eyes | a hand resting on a hand |
            a thought let go without effort | warmth spreading from the middle"""
        ),
        things=listed(
            """The Slow Breath | Soft Shoulders | A Ringing Bowl | Open Palms | The Quiet Center | Warm Stones |
            Lotus | Inner Weather | Closed Eyes | Linen and Light | The Long Exhale | Roots | Still Point |
            Sandalwood | Clear Water | A Place to Sit"""
        ),
        tails=listed(
            """Between Two Breaths | Beneath the Noise | Before Thought | at the Still Point | After the Bowl Rings |
            in the Body | Without Hurry | Toward the Center | on the Exhale | When the Mind Rests |
            Beyond the Breath | in Open Hands | Along the Spine | Behind the Eyelids | with Nothing to Do |
            into the Quiet"""
        ),
        guests=listed("Tired Shoulders | the Inner Ear | Beginners | an Open Hand | a Quiet Hour"),
        door="a quiet room with space on the floor and nothing to achieve",
        tags=listed("meditation music | healing music | yoga music | spa music | mindfulness music"),
    ),
    World(
        name="deep sleep",
        synonyms=listed("sleep | sleeping | insomnia | dream | bedtime | baby | lullaby | night | nap | drone ambient"),
        leads=(_I.FELT_PIANO, _I.MUSIC_BOX, _I.GLASS_PAD, _I.CELLO, _I.HARP),
        beds=(_I.PAD, _I.TEXTURE, _I.GLASS_PAD, _I.STRINGS),
        pulses=(),
        forms=listed("lullaby | drone | soundscape | meditation | reverie | lullaby | nocturne"),
        modes=(_M.MAJOR, _M.LYDIAN, _M.MIXOLYDIAN, _M.DORIAN),
        tempo=(40, 62),
        density=0.2,
        settings={
            Motif.SKY: listed("a sleeping sky | a soft sky above everything | a slow, wide sky"),
            Motif.LAKE: listed("a hushed lake | a lake without a ripple"),
            Motif.SPACE: listed("soft space | silent space"),
            Motif.MEADOW: listed("a sleeping meadow | a meadow gone quiet"),
            Motif.WINTER_CABIN: listed("a sleeping winter cabin | a winter cabin with one lamp lit"),
            Motif.SEA: listed("a drowsy sea | a far-off sea"),
        },
        palettes=(_P.SAPPHIRE, _P.VIOLET, _P.TEAL, _P.SILVER),
        times=(_T.DUSK, _T.NIGHT),
        weathers=(_W.STARRY, _W.MIST, _W.CLEAR, _W.SNOW),
        adjectives=listed("drowsy | feather-light | slow-breathing | dim | cushioned | lulling"),
        images=listed(
            """a blanket pulled to the chin | a house settling for the night | breath slowing in the next room |
            the last lamp switched off | clouds crossing the moon one by one | a pillow turned to its cool side |
            curtains moving with the air | the sea heard through a wall"""
        ),
        things=listed(
            """Cool Pillows | The Last Lamp | Feather Weight | Slow Curtains | Counting Clouds | The Quiet House |
            Cotton Moon | A Half-Read Page | Soft Ticking | Nightgowns | Drifting | Warm Milk | The Long Blanket |
            Paper Stars | Low Tide of Thought | A Lamp in the Hall"""
        ),
        tails=listed(
            """Before Dreams | Under the Blanket | After the Lights | at the Edge of Sleep | Above the Rooftops |
            in the Next Room | When the House Is Still | Beyond the Curtains | Until Nothing | Between Two Dreams |
            on the Cool Side | Toward the Deep | with the Window Open | Past Counting | Along the Moonbeam |
            into Soft Darkness"""
        ),
        guests=listed("Heavy Eyelids | the Wide Awake | a Small Bear | Tired Parents | the Moon's Far Side"),
        door="a dim room, a cool pillow and an evening with nothing left on the list",
        tags=listed("sleep music | deep sleep music | sleep ambience | insomnia relief | bedtime music"),
    ),
)
