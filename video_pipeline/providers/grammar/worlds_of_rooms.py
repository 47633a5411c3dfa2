"""Owns the worlds of rooms and streets: desks, cafes, cabins, cities; hides nothing."""

from __future__ import annotations

from video_pipeline.domain.scenery import Motif, Palette, TimeOfDay, Weather
from video_pipeline.domain.storyboard import Instrument, Mode
from video_pipeline.providers.grammar.world import World, listed

_I, _M, _P, _T, _W = Instrument, Mode, Palette, TimeOfDay, Weather

WORLDS_OF_ROOMS: tuple[World, ...] = (
    World(
        name="lo-fi study",
        synonyms=listed(
            "lo fi | lofi | study | beats | chillhop | homework | focus | coding | work | desk | productivity"
        ),
        leads=(_I.ELECTRIC_PIANO, _I.FELT_PIANO, _I.GUITAR, _I.VIBRAPHONE, _I.KALIMBA),
        beds=(_I.PAD, _I.ELECTRIC_PIANO, _I.TEXTURE, _I.GLASS_PAD),
        pulses=(_I.BRUSHES, _I.BASS),
        forms=listed(
            "lo-fi groove | half-time groove | ostinato | interlude | reverie | jazz ballad | bossa nova | nocturne"
        ),
        modes=(_M.DORIAN, _M.MAJOR, _M.MINOR, _M.LYDIAN),
        tempo=(56, 96),
        density=0.46,
        settings={
            Motif.RAINY_WINDOW: listed("a rainy window above a desk | a rainy window beside a shelf of records"),
            Motif.CITY_NIGHT: listed("a city at night | a sleeping city at night | a small city at night"),
            Motif.LIBRARY: listed("a campus library after hours | a small corner library"),
            Motif.SKY: listed("a slow sky of clouds | a feather-soft sky over rooftops"),
            Motif.LAKE: listed("a lake at the end of the tram line | a park lake"),
        },
        palettes=(_P.VIOLET, _P.TEAL, _P.AMBER, _P.ROSE),
        times=(_T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.RAIN, _W.CLEAR, _W.STARRY, _W.MIST),
        adjectives=listed("dusty | laid-back | mellow | hazy | soft-edged | drowsy"),
        images=listed(
            """a desk lamp and one more page | steam from a chipped mug | tape hiss between two chords |
            a train passing under the window | a cat asleep on the notes | headphones around a quiet evening |
            a cursor blinking in the dark | pencil shavings on squared paper"""
        ),
        things=listed(
            """Desk Lamp | Cold Coffee | Margin Notes | Paper Cranes | Open Tabs | The Quiet Neighbor |
            Worn Headphones |
            A Fresh Page | Pencil Dust | Slow Internet | Sticky Notes | Balcony Plants | Cassette Weather |
            Laundry Hum | Borrowed Books | Instant Noodles"""
        ),
        tails=listed(
            """at 2 A.M. | Before the Exam | on the Last Train | After Class | Between Two Chapters | by the Radiator |
            When the Rain Slows | in Apartment 4B | Under Blankets | Until the Alarm | on a Slow Sunday |
            Across the Rooftops | at the Corner Store | Without Deadlines | in Soft Focus | Past Midnight"""
        ),
        guests=listed("a Sleepy Cat | Late Homework | the Window Seat | Nobody Online | an Unsent Message"),
        door="a small room with a desk lamp, rain on the glass and nothing urgent left to do",
        tags=listed("lofi study music | lofi beats | chill beats | study with me | lofi ambience"),
    ),
    World(
        name="jazz cafe",
        synonyms=listed(
            "jazz | cafe | coffee | coffeehouse | bistro | lounge | bossa | swing | bar | speakeasy | noir"
        ),
        leads=(_I.PIANO, _I.VIBRAPHONE, _I.GUITAR, _I.ELECTRIC_PIANO, _I.FLUTE),
        beds=(_I.ELECTRIC_PIANO, _I.STRINGS, _I.PAD, _I.GUITAR),
        pulses=(_I.BRUSHES, _I.BASS),
        forms=listed("jazz ballad | jazz waltz | bossa nova | jazz ballad | song without words | interlude | nocturne"),
        modes=(_M.DORIAN, _M.MAJOR, _M.MIXOLYDIAN, _M.MINOR),
        tempo=(56, 112),
        density=0.5,
        settings={
            Motif.RAINY_WINDOW: listed("a rainy window of a corner cafe | a rainy window behind the bar"),
            Motif.CITY_NIGHT: listed("a city at night | an old-town city at night | a riverside city at night"),
            Motif.CANDLE_HALL: listed("a small candle hall with a stage | a candle hall after closing"),
            Motif.LIBRARY: listed("a library with deep sofas | a library above the bar"),
            Motif.WINTER_CABIN: listed("a winter cabin that sells cocoa | a winter cabin on the edge of town"),
        },
        palettes=(_P.AMBER, _P.ROSE, _P.GOLD, _P.VIOLET),
        times=(_T.DAY, _T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.RAIN, _W.CLEAR, _W.SNOW, _W.MIST),
        adjectives=listed("smoky | velvety | easygoing | late-night | urbane | relaxed"),
        images=listed(
            """cups stacked behind the counter | a taxi light sliding over the ceiling | the last table still talking |
            brushes on a snare, hardly touched | a coat over the back of a chair | sugar stirred and not tasted |
            a newspaper folded twice | the door opening on wet pavement"""
        ),
        things=listed(
            """Blue Espresso | The Corner Booth | Velvet Smoke | A Table for Two | Brass and Rain | The Night Shift |
            Cinnamon | Folded Newspapers | Slow Tips | Two Sugars | The House Piano | Wet Umbrellas | Amber Glass |
            Lipstick and Steam | An Unhurried Waiter | Sidewalk Chairs"""
        ),
        tails=listed(
            """on Rue des Lilas | After the Second Set | at the Zinc Counter | Before Closing | Under Soft Lamps |
            in B-Side Time | by the Streetcar Stop | When the Band Is Gone | Around Midnight | Along the Canal |
            with No Sugar | at Table Nine | Between Two Showers | Without a Reservation | Past the Box Office |
            on a Wet Boulevard"""
        ),
        guests=listed("the Regulars | a Stood-Up Date | the Dishwasher | Two Umbrellas | the Last Order"),
        door="a corner cafe with low lamps, a house piano and a waiter who does not mind if you stay",
        tags=listed("jazz cafe music | coffee shop ambience | relaxing jazz | cafe music | smooth jazz"),
    ),
    World(
        name="cozy cabin",
        synonyms=listed(
            "cabin | cozy | cosy | fireplace | fireside | cottage | hygge | hearth | log | home | autumn | fall"
        ),
        leads=(_I.GUITAR, _I.FELT_PIANO, _I.CELLO, _I.KALIMBA, _I.MUSIC_BOX),
        beds=(_I.STRINGS, _I.PAD, _I.CELLO),
        pulses=(_I.BASS,),
        forms=listed("ballad | lullaby | song without words | romance | slow waltz | reverie | pastoral | interlude"),
        modes=(_M.MAJOR, _M.MIXOLYDIAN, _M.DORIAN, _M.MINOR),
        tempo=(50, 86),
        density=0.36,
        settings={
            Motif.WINTER_CABIN: listed("a winter cabin behind a hedge | a small winter cabin with lit panes"),
            Motif.LIBRARY: listed("a library with a thick rug | a library no bigger than a pantry"),
            Motif.RAINY_WINDOW: listed("a rainy window over the kitchen table | a rainy window under the eaves"),
            Motif.FOREST: listed("a leaf-strewn forest behind the woodpile | a forest where the track ends"),
            Motif.LAKE: listed("a lake at the foot of the porch | a lake with nobody on it"),
        },
        palettes=(_P.AMBER, _P.GOLD, _P.ROSE, _P.EMERALD),
        times=(_T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.SNOW, _W.RAIN, _W.MIST, _W.CLEAR),
        adjectives=listed("homely | warm | unhurried | fireside | wooden | tender"),
        images=listed(
            """a log settling in the fire | wool socks on floorboards | soup left to simmer |
            a kettle just before it sings | apples in a wooden bowl | a quilt with one mended corner |
            wind trying the door | cards dealt for two"""
        ),
        things=listed(
            """Kindling | Wool Blankets | Apple Wood | The Old Kettle | Porch Light | Maple and Smoke | A Mended Quilt |
            Floorboards | The Woodpile | Cider | Pinecones | Two Armchairs | A Pot of Soup | Oatmeal Morning |
            The Guest Room | Slippers"""
        ),
        tails=listed(
            """by the Stove | Before First Frost | on the Back Porch | After Supper | When the Power Is Out |
            Under the Eaves | at the End of the Track | Among the Firs | Until the Embers | on a Snowed-In Sunday |
            in the Kitchen | Beside the Window Seat | Between Two Storms | Along the Fence Line | at Grandmother's |
            with the Door Closed"""
        ),
        guests=listed("the Old Dog | a Patient Cat | Whoever Comes In | the First Snow | a Slow Sunday"),
        door="a cabin at the end of the track, with the stove lit and the kettle on",
        tags=listed("cozy ambience | cabin ambience | fireplace music | cozy music | autumn ambience"),
    ),
    World(
        name="library",
        synonyms=listed("library | book | reading | bookshop | bookstore | archive | writing | hogwarts | scholar"),
        leads=(_I.FELT_PIANO, _I.CELLO, _I.HARP, _I.PIANO, _I.FLUTE),
        beds=(_I.STRINGS, _I.PAD, _I.CELLO, _I.TEXTURE),
        pulses=(),
        forms=listed("prelude | nocturne | interlude | arpeggio study | canon | song without words | reverie | air"),
        modes=(_M.MAJOR, _M.DORIAN, _M.MINOR, _M.LYDIAN),
        tempo=(50, 86),
        density=0.38,
        settings={
            Motif.LIBRARY: listed("a library of tall shelves | a round library | a library with a gallery"),
            Motif.RAINY_WINDOW: listed("a rainy window beside the catalog | a rainy window behind stacked volumes"),
            Motif.CANDLE_HALL: listed("a candle hall of long desks | a candle hall beside the stacks"),
            Motif.MEADOW: listed("a college meadow | a meadow below the college steps"),
            Motif.CITY_NIGHT: listed("an old university city at night | a city at night beyond the gates"),
        },
        palettes=(_P.AMBER, _P.EMERALD, _P.GOLD, _P.SAPPHIRE),
        times=(_T.DAY, _T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.RAIN, _W.CLEAR, _W.MIST, _W.SNOW),
        adjectives=listed("studious | hushed | thoughtful | well-read | even-tempered | unobtrusive"),
        images=listed(
            """a page turned two desks away | dust in a slant of light | a ladder rolled along its rail |
            the smell of old bindings | a clock nobody looks at | pencil on good paper |
            a letter used as a bookmark | steps on an iron stair"""
        ),
        things=listed(
            """Dog-Eared Pages | The Card Catalog | Green Lamps | Marginalia | The Iron Stair | A Library Ghost |
            Ink and Dust | Pressed Flowers | The Reading Room | Overdue | Leather Spines | A Borrowed Pen | Footnotes |
            The Rolling Ladder | First Editions | Index of Small Things"""
        ),
        tails=listed(
            """on the Third Floor | Before the Bell | in the East Stacks | at Desk Eleven | After Closing Time |
            Under Low Lamps | Between Two Volumes | by the Map Drawers | When the Rain Begins | Among the Atlases |
            in the Margins | Past the Poetry Shelf | Until the Last Page | Behind the Encyclopedias |
            Along the Gallery Rail | at the Returns Desk"""
        ),
        guests=listed("the Night Librarian | a Slow Reader | Forgotten Authors | the Last Chapter | an Old Dictionary"),
        door="a library that stays open late, with lamps on every desk and no reason to leave",
        tags=listed("library ambience | reading music | study ambience | music for reading | quiet study music"),
    ),
    World(
        name="dark academia",
        synonyms=listed("dark academia | academia | gothic | victorian | haunted | vampire | manor | mystery | raven"),
        leads=(_I.CELLO, _I.PIANO, _I.FELT_PIANO, _I.ORGAN, _I.MUSIC_BOX),
        beds=(_I.STRINGS, _I.ORGAN, _I.CHOIR, _I.TEXTURE),
        pulses=(),
        forms=listed("nocturne | slow waltz | elegy | prelude | sarabande | lament | fantasia | canon"),
        modes=(_M.MINOR, _M.DORIAN, _M.PHRYGIAN, _M.LYDIAN),
        tempo=(46, 80),
        density=0.36,
        settings={
            Motif.LIBRARY: listed("a locked library | a library of forbidden volumes | a crooked attic library"),
            Motif.CANDLE_HALL: listed("a drafty candle hall | a candle hall of covered furniture"),
            Motif.RAINY_WINDOW: listed("a rainy window of an old dormitory | a rainy window with thin curtains"),
            Motif.FOREST: listed("a leafless forest behind the manor | a forest at the edge of the grounds"),
            Motif.CITY_NIGHT: listed("a gaslit city at night | a city at night seen from the bell tower"),
        },
        palettes=(_P.AMBER, _P.VIOLET, _P.SAPPHIRE, _P.SILVER),
        times=(_T.DUSK, _T.NIGHT),
        weathers=(_W.RAIN, _W.MIST, _W.STARRY, _W.SNOW),
        adjectives=listed("brooding | gothic | candlelit | secretive | melancholy | shadowed"),
        images=listed(
            """a letter burned in the grate | ivy pulling at the brickwork | a key with no door |
            steps stopping outside the study | Latin in a careful hand | a portrait turned to the wall |
            ink freezing in the well | moths around a gas lamp"""
        ),
        things=listed(
            """Ivy and Ink | The Locked Study | Black Gloves | A Burned Letter | The Bell Tower | Moth Wings |
            A Cracked Mirror | Latin Lessons | The Drowned Poet | Wax Seals | Portraits | The Chess Problem |
            Laudanum Dreams | A Raven's Quill | Cold Tea | The Inheritance"""
        ),
        tails=listed(
            """in the West Wing | After the Seance | Behind the Bookcase | on the Servants' Stair | Before the Inquest |
            Beneath the Chapel | When the Gas Burns Low | at Blackwood Hall | Under Lock and Key | Past the Iron Gates |
            in a Careful Hand | Along the Covered Walk | at the Midnight Lecture | Among Dust Sheets |
            Without an Alibi | Beyond the Yew Hedge"""
        ),
        guests=listed("the Expelled | a Rival | the Ghost of the East Stair | Unsigned Letters | the Last Tutor"),
        door="an old college in the rain, where one window is still lit and somebody is writing",
        tags=listed("dark academia music | dark academia | gothic ambience | dark piano | classical study music"),
    ),
    World(
        name="night city",
        synonyms=listed(
            "city | cyberpunk | synthwave | neon | urban | tokyo | new york | downtown | drive | vaporwave"
        ),
        leads=(_I.ELECTRIC_PIANO, _I.GLASS_PAD, _I.VIBRAPHONE, _I.PIANO, _I.GUITAR),
        beds=(_I.PAD, _I.GLASS_PAD, _I.TEXTURE, _I.STRINGS),
        pulses=(_I.BASS, _I.BRUSHES),
        forms=listed("slow sequence | half-time groove | soundscape | ostinato | lo-fi groove | nocturne | reverie"),
        modes=(_M.MINOR, _M.DORIAN, _M.LYDIAN, _M.PHRYGIAN),
        tempo=(54, 92),
        density=0.44,
        settings={
            Motif.CITY_NIGHT: listed("a tall city at night | a flooded city at night | a many-storied city at night"),
            Motif.RAINY_WINDOW: listed("a rainy window on the fortieth floor | a rainy window of a parked car"),
            Motif.SKY: listed("a sky between towers | a sky striped by air traffic"),
            Motif.ABSTRACT: listed("abstract reflections on glass | an abstract grid of lamps"),
            Motif.SEA: listed("a sea beyond the container port | a sea wall at the edge of town"),
        },
        palettes=(_P.VIOLET, _P.ROSE, _P.TEAL, _P.SAPPHIRE),
        times=(_T.DUSK, _T.NIGHT),
        weathers=(_W.RAIN, _W.MIST, _W.CLEAR, _W.STARRY),
        adjectives=listed("neon-lit | nocturnal | sleek | humid | gliding | lonesome"),
        images=listed(
            """traffic turned to a slow red line | an elevator with one passenger | signs in a language of light |
            noodles under a plastic awning | a drone crossing the avenue | wet stairs to the platform |
            a skyline breathing on and off | the last tram, empty and lit"""
        ),
        things=listed(
            """Neon Rain | The Night Bus | Vending Machines | Rooftop Static | Platform Nine | Glass Towers |
            Red Taillights | A Paper Umbrella | The Overpass | Late Signals | Chrome and Fog | Karaoke Ghosts |
            Satellite Dishes | Empty Escalators | A Missed Call | Harbor Cranes"""
        ),
        tails=listed(
            """on the Forty-First Floor | After the Last Train | in Sector Seven | Under the Viaduct | at 3:47 |
            Across the Wet Plaza | Before the Sweepers Come | by the Noodle Stand | Above the Traffic |
            When the Signs Go Out | Along the Ring Road | Between Two Towers | at the River Exit | Behind Tinted Glass |
            Without a Signal | Toward the Airport"""
        ),
        guests=listed("a Taxi Driver | the Sleepless | an Empty Platform | Night Nurses | the Last Window Lit"),
        door="a city after midnight, seen from high up, with the traffic reduced to a glow",
        tags=listed("city ambience | night drive music | cyberpunk ambience | synth ambient | neon city"),
    ),
    World(
        name="steampunk",
        synonyms=listed(
            "steampunk | clockwork | airship | railway | train | machine | industrial | inventor | gear | brass"
        ),
        leads=(_I.MUSIC_BOX, _I.CELLO, _I.PIANO, _I.VIBRAPHONE, _I.BELLS),
        beds=(_I.STRINGS, _I.ORGAN, _I.PAD, _I.CELLO),
        pulses=(_I.BASS, _I.HAND_DRUM),
        forms=listed("ostinato | waltz | canon | slow sequence | processional | fantasia | arpeggio study | interlude"),
        modes=(_M.MINOR, _M.DORIAN, _M.LYDIAN, _M.MAJOR),
        tempo=(56, 104),
        density=0.48,
        settings={
            Motif.CITY_NIGHT: listed("a smoking city at night | a city at night full of chimneys"),
            Motif.SKY: listed("a sky crossed by airships | a high sky above the docks"),
            Motif.LIBRARY: listed("an inventor's library | a library of blueprints"),
            Motif.CANDLE_HALL: listed("an engine works' candle hall | a candle hall with iron pillars"),
            Motif.MOUNTAINS: listed("rail-cut mountains | mountains on the late line"),
        },
        palettes=(_P.AMBER, _P.GOLD, _P.TEAL, _P.SILVER),
        times=(_T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.MIST, _W.CLEAR, _W.RAIN),
        adjectives=listed("clockwork | ticking | inventive | brass-bound | intricate | whimsical"),
        images=listed(
            """gears turning behind glass | a whistle at the edge of town | oil on a careful thumb |
            a bird made of tin learning to sing | steam across an empty platform | a pocket watch opened and shut |
            sails filling above the docks | sparks dying on a stone floor"""
        ),
        things=listed(
            """Clockwork Birds | The Brass Heart | Copper Rain | A Pocket Watch | The Night Mail | Pressure Gauges |
            The Tin Soldier | Airship Ropes | Blueprints | The Inventor's Cat | Cogs and Ivory | Signal Lamps |
            The Glass Elevator | Soot and Silver | A Winding Key | The Automaton"""
        ),
        tails=listed(
            """at Full Steam | Above the Chimneys | in Workshop Nine | Before the Whistle | on the Night Line |
            Between Two Gears | at the Airship Dock | When the Boilers Cool | Under the Great Clock |
            Beyond Platform Six |
            Among the Blueprints | Along the Iron Bridge | After the Exhibition | with One Spare Key |
            Toward the Coast Line | by Gaslight"""
        ),
        guests=listed(
            "a Broken Automaton | the Stoker | Lady Clockmakers | the Night Engineer | an Unfinished Machine"
        ),
        door="a workshop over the railway, full of ticking things that almost keep the same time",
        tags=listed("steampunk music | steampunk ambience | clockwork music | train ambience | victorian ambience"),
    ),
)
