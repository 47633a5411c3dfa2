"""Owns the worlds of nature: rain, woods, water, winter, sand, gardens; hides nothing."""

from __future__ import annotations

from video_pipeline.domain.scenery import Motif, Palette, TimeOfDay, Weather
from video_pipeline.domain.storyboard import Instrument, Mode
from video_pipeline.providers.grammar.world import World, listed

_I, _M, _P, _T, _W = Instrument, Mode, Palette, TimeOfDay, Weather

WORLDS_OF_NATURE: tuple[World, ...] = (
    World(
        name="rain",
        synonyms=listed("rain | rainy | storm | thunder | thunderstorm | drizzle | raindrop | rainfall | gray day"),
        leads=(_I.FELT_PIANO, _I.GUITAR, _I.ELECTRIC_PIANO, _I.CELLO, _I.VIBRAPHONE),
        beds=(_I.PAD, _I.TEXTURE, _I.STRINGS, _I.GLASS_PAD),
        pulses=(_I.BASS,),
        forms=listed(
            "nocturne | reverie | prelude | arpeggio study | interlude | lullaby | soundscape | song without words"
        ),
        modes=(_M.MINOR, _M.DORIAN, _M.MAJOR, _M.LYDIAN),
        tempo=(46, 82),
        density=0.34,
        settings={
            Motif.RAINY_WINDOW: listed("a rainy window | a tall rainy window | a rainy window left ajar"),
            Motif.CITY_NIGHT: listed("a glistening city at night | a city at night behind veils of water"),
            Motif.FOREST: listed("a dripping forest | a forest after weeks of showers"),
            Motif.LAKE: listed("a lake full of rings | a lake under low cloud"),
            Motif.LIBRARY: listed("a library under a drumming roof | a library nobody left in time"),
        },
        palettes=(_P.SAPPHIRE, _P.TEAL, _P.SILVER, _P.AMBER),
        times=(_T.DAY, _T.DUSK, _T.NIGHT),
        weathers=(_W.RAIN, _W.RAIN, _W.MIST),
        adjectives=listed("rain-soaked | pensive | blurred | low-lit | steady | dripping"),
        images=listed(
            """gutters keeping their own time | a road shining under one lamp | a coat dripping in the hall |
            thunder too far off to matter | the smell of a street just after | rings widening on a puddle |
            a window fogged by breath | leaves letting go of their water"""
        ),
        things=listed(
            """Gutter Songs | The First Drop | Gray Afternoon | Wet Slate | An Open Umbrella | Puddles |
            Distant Thunder | A Fogged Pane | Petrichor | The Drainpipe | Raincoats | Tin Roof | Slow Clouds |
            Soaked Leaves | The Long Shower | Silver Thread"""
        ),
        tails=listed(
            """on a Tin Roof | Before the Thunder | Behind the Glass | After the Downpour | Across Empty Streets |
            Under One Umbrella | at the Bus Shelter | When the Gutters Sing | All Afternoon | Until the Wind Turns |
            on the Fire Escape | Between Two Showers | in the Doorway | Over the Allotments | Along the Wet Rails |
            into the Evening"""
        ),
        guests=listed("Wet Shoes | the Window Seat | an Unmade Bed | Tin Roofs | Whoever Stayed In"),
        door="a room on a wet day, with the window a hand's width open and nowhere to be",
        tags=listed("rain ambience | rainy day music | rain and piano | relaxing rain | cozy rain"),
    ),
    World(
        name="enchanted forest",
        synonyms=listed(
            "forest | fairy | enchanted | elf | elven | woodland | spirit | mushroom | magic | druid | woods"
        ),
        leads=(_I.HARP, _I.FLUTE, _I.KALIMBA, _I.BELLS, _I.MUSIC_BOX, _I.CELLO),
        beds=(_I.PAD, _I.CHOIR, _I.STRINGS, _I.TEXTURE),
        pulses=(_I.HAND_DRUM,),
        forms=listed("fantasia | reverie | arpeggio study | air | round dance | soundscape | lullaby | pastoral"),
        modes=(_M.LYDIAN, _M.DORIAN, _M.MAJOR, _M.PENTATONIC, _M.MINOR),
        tempo=(48, 96),
        density=0.38,
        settings={
            Motif.FOREST: listed("an enchanted forest | a deep forest | a forest of silent giants | an elven forest"),
            Motif.LAKE: listed("a hidden lake | a spirit lake between roots"),
            Motif.MEADOW: listed("a fairy-ring meadow | a meadow at the wood's edge"),
            Motif.MOUNTAINS: listed("far mountains over the treetops | mountains where the brook begins"),
            Motif.SKY: listed("a sky framed by branches | a tall sky over the canopy"),
        },
        palettes=(_P.EMERALD, _P.TEAL, _P.VIOLET, _P.GOLD),
        times=(_T.DAWN, _T.DAY, _T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.MIST, _W.CLEAR, _W.STARRY, _W.RAIN),
        adjectives=listed("enchanted | glimmering | mossy | playful | whispering | delicate"),
        images=listed(
            """moss closing over old footprints | a lantern where no path goes | roots listening under the leaves |
            wings too quick to be seen | a spring talking in its sleep | pollen in a slow beam |
            a fox that waits to be followed | names carved and healed over"""
        ),
        things=listed(
            """Moss Lanterns | The Fox Path | Fern Letters | Acorn Crowns | The Listening Tree | Dewdrop Bells |
            Will-o'-the-Wisp | Owl Feathers | The Hollow Oak | Spider Silk | A Ring of Mushrooms | The Deer King |
            Birch Bark | Thistledown | Root Songs | The Green Door"""
        ),
        tails=listed(
            """Under the Fern Roof | at the Spirit Spring | Before the Owls | in the Hollow Trunk |
            Beyond the Last Path |
            Among Sleeping Roots | After the Fireflies | Where the Brook Bends | by Mothlight | in the Elder Grove |
            When the Leaves Speak | Between Two Dreams | Along the Deer Trail | at the Edge of Green |
            Beneath the Canopy | Past the Standing Birch"""
        ),
        guests=listed("the Moss Folk | Small Wings | a Lost Lantern | the Oldest Tree | Foxes"),
        door="a forest that knows you are there, and has decided to let you stay a while",
        tags=listed("enchanted forest music | fairy music | forest ambience | magical forest | fantasy ambience"),
    ),
    World(
        name="ocean",
        synonyms=listed(
            "ocean | sea | beach | wave | tropical | island | coast | underwater | sailing | harbor | summer"
        ),
        leads=(_I.GUITAR, _I.FELT_PIANO, _I.HARP, _I.GLASS_PAD, _I.FLUTE, _I.KALIMBA),
        beds=(_I.PAD, _I.GLASS_PAD, _I.STRINGS, _I.TEXTURE),
        pulses=(_I.BASS,),
        forms=listed(
            "barcarolle | soundscape | reverie | arpeggio study | bossa nova | air | meditation | slow sequence"
        ),
        modes=(_M.MAJOR, _M.LYDIAN, _M.MIXOLYDIAN, _M.DORIAN),
        tempo=(46, 92),
        density=0.34,
        settings={
            Motif.SEA: listed("a calm sea | an endless sea | a sea breathing against the shore | a slow southern sea"),
            Motif.SKY: listed("an open sky over water | a sky of trade-wind clouds"),
            Motif.LAKE: listed("a tidal lake | a salt lake behind the bar"),
            Motif.DUNES: listed("coastal dunes | dunes held by marram grass"),
            Motif.ABSTRACT: listed("abstract ripples of water | an abstract play of depth"),
        },
        palettes=(_P.TEAL, _P.SAPPHIRE, _P.ROSE, _P.GOLD),
        times=(_T.DAY, _T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.CLEAR, _W.MIST, _W.STARRY),
        adjectives=listed("tidal | wide-open | salt-washed | rolling | buoyant | slow-rolling"),
        images=listed(
            """a tide that takes its time | rope creaking on a mooring | salt drying on bare arms |
            gulls turning without effort | a shell kept in a coat pocket | light broken on the sea floor |
            an anchor finding sand | the wake closing behind a boat"""
        ),
        things=listed(
            """Salt Lines | The Slow Tide | Driftglass | A Rope and a Bell | Shells | The Harbor Wall | Blue Depths |
            White Sails | Coral Gardens | The Lighthouse Keeper | Sand Ripples | Lagoon | A Message in Glass |
            Pelicans | Kelp Forest | Mooring Lights"""
        ),
        tails=listed(
            """at Low Water | Beyond the Reef | Before the Tide | on the Leeward Side | After the Regatta |
            Under the Pier |
            Along the Breakwater | Three Fathoms Down | When the Wind Falls | by the Boathouse | Over the Shallows |
            in Still Water | Between Two Islands | at Anchor | Past the Last Buoy | Toward Open Water"""
        ),
        guests=listed("the Night Ferry | Two Sailors | a Sleeping Harbor | the Ninth Wave | Barefoot Walkers"),
        door="a shore with the tide going out and a horizon that asks for nothing",
        tags=listed("ocean ambience | sea music | beach ambience | relaxing ocean | calm ocean music"),
    ),
    World(
        name="winter",
        synonyms=listed("winter | snow | christmas | ice | frozen | arctic | holiday | yule | frost | polar"),
        leads=(_I.BELLS, _I.FELT_PIANO, _I.MUSIC_BOX, _I.HARP, _I.CELLO, _I.FLUTE),
        beds=(_I.STRINGS, _I.CHOIR, _I.GLASS_PAD, _I.PAD),
        pulses=(),
        forms=listed("carol | lullaby | slow waltz | chorale | reverie | nocturne | pastoral | air"),
        modes=(_M.MAJOR, _M.MINOR, _M.DORIAN, _M.LYDIAN),
        tempo=(46, 84),
        density=0.34,
        settings={
            Motif.WINTER_CABIN: listed(
                "a winter cabin | a snowbound winter cabin | a winter cabin with a shoveled path"
            ),
            Motif.MOUNTAINS: listed("snowbound mountains | frozen mountains | mountains above the ski village"),
            Motif.FOREST: listed("a silent forest | a forest bent under its load"),
            Motif.LAKE: listed("a frozen-over lake | a lake of black ice"),
            Motif.SKY: listed("a low sky before the next fall | a hard, high sky"),
        },
        palettes=(_P.SILVER, _P.SAPPHIRE, _P.ROSE, _P.AMBER),
        times=(_T.DAY, _T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.SNOW, _W.CLEAR, _W.AURORA, _W.STARRY),
        adjectives=listed("crystalline | frosted | hushed | pale | glowing | snowbound"),
        images=listed(
            """snow taking the sound out of a street | skates on a pond at the edge of hearing |
            breath in lantern light |
            a wreath with one red ribbon | tracks that stop at a hedge | bells under a blanket of white |
            icicles counting the thaw | a sled left by the gate"""
        ),
        things=listed(
            """First Snow | The Frozen Pond | Sleigh Tracks | Icicles | A Red Scarf | Frost Flowers | Pine and Orange |
            The Ice Road | Snow Lanterns | White Breath | The Glass Hill | Mittens | The Toboggan Slope | Juniper |
            Candles in the Snow | The Shortest Day"""
        ),
        tails=listed(
            """Before the Thaw | on the Frozen Lake | After the Blizzard | Under White Boughs | at the Ski Hut |
            When the Wind Is Still | Along the Snow Fence | by the Frosted Pane | Until the Lamps Are Lit |
            Over the North Ridge | in the Blue Hour | at the Solstice | Past the Last Farm | Among Snowdrifts |
            Between Two Snowfalls | Toward the Warm Windows"""
        ),
        guests=listed("the Snow Children | a Robin | the Ice Fisher | Skaters | the Warm Window"),
        door="a white evening with the snow still falling and every window lit",
        tags=listed("winter ambience | winter music | snow ambience | cozy winter | christmas ambience"),
    ),
    World(
        name="desert",
        synonyms=listed(
            "desert | dune | arabian | sahara | egypt | oasis | bedouin | caravan | oriental | persian | sand"
        ),
        leads=(_I.LUTE, _I.FLUTE, _I.GUITAR, _I.CELLO, _I.KALIMBA),
        beds=(_I.STRINGS, _I.PAD, _I.TEXTURE, _I.CHOIR),
        pulses=(_I.HAND_DRUM,),
        forms=listed("drone | ostinato | fantasia | processional | meditation | lament | ballad | air"),
        modes=(_M.PHRYGIAN, _M.DORIAN, _M.MINOR, _M.MIXOLYDIAN),
        tempo=(46, 92),
        density=0.36,
        settings={
            Motif.DUNES: listed("rolling dunes | endless dunes | wind-combed dunes | steep dunes"),
            Motif.MOUNTAINS: listed("sandstone mountains | bare mountains beyond the wells"),
            Motif.SKY: listed("an immense sky | a sky without one cloud"),
            Motif.CANDLE_HALL: listed("a tiled candle hall | a candle hall of the caravanserai"),
            Motif.LAKE: listed("a dried-out lake | a mirage lake"),
        },
        palettes=(_P.AMBER, _P.GOLD, _P.ROSE, _P.VIOLET),
        times=(_T.DAY, _T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.CLEAR, _W.STARRY, _W.CLEAR, _W.MIST),
        adjectives=listed("sun-baked | spacious | hypnotic | wandering | smoldering | arid"),
        images=listed(
            """a line of footprints filling with sand | copper cups and sweet tea | a bell on the lead camel |
            heat letting go of the stones | a flute behind a tent wall | shadows longer than the road |
            a well with cold water at the bottom | constellations used as a map"""
        ),
        things=listed(
            """Copper Cups | The Salt Road | Shifting Sand | Saffron | A Star Map | The Well Keeper | Camel Bells |
            Indigo Cloth | The Long Noon | Date Palms | A Tent of Goat Hair | Dust Devils | The Glass Merchant |
            Cardamom | The Painted Gate | Footprints"""
        ),
        tails=listed(
            """Beyond the Third Well | Before the Caravan | Under a Thousand Stars | at the Walled Garden |
            After the Heat | on the Spice Trail | When the Wind Writes | Among the Tents | by the Brass Lamp |
            Across the Empty Quarter | at Sundown Market | Between Two Oases | Behind the Carved Screen |
            Along the Dry River | Until the Moon Rises | Past the Ruined Fort"""
        ),
        guests=listed("the Caravan | a Star Reader | the Empty Quarter | Three Merchants | a Sleeping Camel"),
        door="a camp between the dunes as the heat goes out of the sand and the first fire is lit",
        tags=listed("desert ambience | arabian ambience | oud and flute mood | desert music | meditation desert"),
    ),
    World(
        name="garden",
        synonyms=listed(
            "garden | flower | spring | meadow | botanical | picnic | countryside | farm | cottagecore | orchard"
        ),
        leads=(_I.FLUTE, _I.GUITAR, _I.HARP, _I.PIANO, _I.KALIMBA, _I.STRINGS),
        beds=(_I.STRINGS, _I.CELLO, _I.PAD),
        pulses=(_I.BRUSHES,),
        forms=listed("pastoral | air | romance | waltz | song without words | barcarolle | prelude | minuet"),
        modes=(_M.MAJOR, _M.LYDIAN, _M.MIXOLYDIAN, _M.DORIAN),
        tempo=(56, 104),
        density=0.42,
        settings={
            Motif.MEADOW: listed("a flowering meadow | an orchard meadow | a meadow beside the kitchen garden"),
            Motif.LAKE: listed("a lily lake | a small lake with willows"),
            Motif.FOREST: listed("a light birch forest | a forest with bluebells"),
            Motif.SKY: listed("a mild sky | a sky of small clouds"),
            Motif.RAINY_WINDOW: listed("a rainy window of the greenhouse | a rainy window over the herb bed"),
        },
        palettes=(_P.ROSE, _P.EMERALD, _P.GOLD, _P.TEAL),
        times=(_T.DAWN, _T.DAY, _T.GOLDEN_HOUR, _T.DUSK),
        weathers=(_W.CLEAR, _W.MIST, _W.RAIN),
        adjectives=listed("fresh | sunlit | blossoming | airy | neighborly | light-footed"),
        images=listed(
            """bees busy in the thyme | a gate that never quite closes | petals on a garden chair |
            water poured from a tin can | sheets drying between apple trees | soil under the fingernails |
            a straw hat on a fence post | tea carried out on a tray"""
        ),
        things=listed(
            """Apple Blossom | The Garden Gate | Bees | Sweet Peas | Linen on the Line | A Straw Hat | Clover |
            The Herb Bed | Ladybirds | Watering Cans | Old Roses | The Greenhouse | Robins | Strawberry Baskets |
            A Swing | Foxgloves"""
        ),
        tails=listed(
            """by the South Wall | Before the Bees Wake | in the Orchard | After the Rain Barrel | at the Picnic Cloth |
            Under the Pear Tree | When the Roses Open | Along the Gravel Path | on the Garden Bench | Until Teatime |
            Between the Bean Rows | Through the Open Gate | in Full Bloom | Over the Hedge | Among the Lavender |
            at the End of May"""
        ),
        guests=listed("the Beekeeper | Apple Trees | a Neighbor's Cat | the First Swallow | Bare Feet"),
        door="a garden at its best hour, with the gate ajar and a chair in the shade",
        tags=listed("garden ambience | spring music | cottagecore music | nature ambience | countryside ambience"),
    ),
    World(
        name="mountains",
        synonyms=listed(
            "mountain | alpine | hiking | highlands | valley | canyon | waterfall | nature | lake | river | wild"
        ),
        leads=(_I.GUITAR, _I.FLUTE, _I.PIANO, _I.CELLO, _I.STRINGS),
        beds=(_I.STRINGS, _I.PAD, _I.TEXTURE, _I.CHOIR),
        pulses=(_I.HAND_DRUM,),
        forms=listed("pastoral | air | chorale | soundscape | arpeggio study | ballad | hymn | meditation"),
        modes=(_M.MAJOR, _M.DORIAN, _M.MIXOLYDIAN, _M.LYDIAN, _M.MINOR),
        tempo=(46, 88),
        density=0.36,
        settings={
            Motif.MOUNTAINS: listed("high mountains | layered mountains | granite mountains | far mountains"),
            Motif.LAKE: listed("a glacier lake | a mirror-still lake | a lake below the pass"),
            Motif.FOREST: listed("a pine forest | a forest along the tree line"),
            Motif.MEADOW: listed("a sloping meadow | a high meadow"),
            Motif.SKY: listed("a thin-aired sky | a sky over the pass"),
        },
        palettes=(_P.SAPPHIRE, _P.EMERALD, _P.GOLD, _P.ROSE),
        times=(_T.DAWN, _T.DAY, _T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.CLEAR, _W.MIST, _W.SNOW, _W.STARRY),
        adjectives=listed("spacious | broad | airy | clear-cut | steadfast | far-reaching"),
        images=listed(
            """the first hut after a long climb | cowbells one slope away | a trail marker under lichen |
            cloud pouring over a ridge | cold water drunk from the hand | an echo that comes back changed |
            boots unlaced on a warm rock | a hawk standing on the wind"""
        ),
        things=listed(
            """The High Pass | Cairns | Cold Springs | Granite | The Eagle's Turn | Cowbells | Thin Air | Gentian |
            A Trail of Stones | The Shepherd's Hut | Larch | Echoes | Glacier Milk | The Rope Bridge |
            Scree | Far Ridges"""
        ),
        tails=listed(
            """Above the Tree Line | Before the Summit | at the Last Hut | Beyond the Saddle | After the Climb |
            by the Glacier Stream | When the Clouds Part | Over Seven Valleys | on the North Face | Along the Ridge |
            Under the Overhang | Between Two Peaks | Toward the Pass | in the Clear Cold | at the Trail's End |
            Among the Larches"""
        ),
        guests=listed("the Hut Keeper | a Circling Hawk | Old Boots | the Far Side | Slow Climbers"),
        door="a high valley where the path ends and the view does not",
        tags=listed("mountain ambience | nature music | relaxing nature | peaceful music | alpine ambience"),
    ),
)
