"""Owns the worlds of old: courts, towns, taverns, halls; hides nothing."""

from __future__ import annotations

from video_pipeline.domain.scenery import Motif, Palette, TimeOfDay, Weather
from video_pipeline.domain.storyboard import Instrument, Mode
from video_pipeline.providers.grammar.world import World, listed

_I, _M, _P, _T, _W = Instrument, Mode, Palette, TimeOfDay, Weather

WORLDS_OF_OLD: tuple[World, ...] = (
    World(
        name="royal court",
        synonyms=listed(
            "royal court | royal | court | palace | ballroom | regency | baroque | king | queen | bridgerton"
        ),
        leads=(_I.STRINGS, _I.HARP, _I.PIANO, _I.FLUTE, _I.CELLO, _I.LUTE),
        beds=(_I.STRINGS, _I.CELLO, _I.HARP, _I.ORGAN),
        pulses=(_I.HAND_DRUM,),
        forms=listed("waltz | minuet | pavane | sarabande | gavotte | air | siciliana | nocturne | processional"),
        modes=(_M.MAJOR, _M.MINOR, _M.LYDIAN, _M.MIXOLYDIAN),
        tempo=(52, 112),
        density=0.42,
        settings={
            Motif.CANDLE_HALL: listed("a grand candle hall | a mirrored candle hall | a palace candle hall at rest"),
            Motif.LIBRARY: listed("a private library | the queen's private library"),
            Motif.LAKE: listed("an ornamental lake below the terrace | a still lake in the park"),
            Motif.MEADOW: listed("a clipped meadow beside the long wall | a meadow at the edge of the park"),
            Motif.SKY: listed("a sky like a painted ceiling | a wide sky over steep roofs"),
        },
        palettes=(_P.GOLD, _P.ROSE, _P.AMBER, _P.SAPPHIRE),
        times=(_T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.CLEAR, _W.MIST, _W.STARRY),
        adjectives=listed("elegant | courtly | stately | gracious | polished | silken"),
        images=listed(
            """candlelight on a polished floor | silk brushing past a doorway | a toast raised without a word |
            footsteps far down a mirrored gallery | letters sealed with warm wax | a fan closing slowly |
            coaches turning in the courtyard | portraits watching the dancers"""
        ),
        things=listed(
            """Candles | Silk Gloves | The Mirror Room | Rose Water | Sealed Letters | A Borrowed Fan |
            Velvet Curtains | Powder and Pearls | The Quiet Courtier | Gilded Frames | Marble Steps |
            A Slow Bow | The Crown Jewels | Footmen | A Folded Invitation | White Roses"""
        ),
        tails=listed(
            """Before the Dance | After the Last Guest | in the Long Gallery | on the East Terrace |
            at the Queen's Table |
            Between Two Waltzes | Beneath the Chandelier | Along the Garden Stairs | When the Coaches Leave |
            Behind the Throne | Across the Ballroom | by the Orangery Door | Past the Sleeping Guards |
            Under Painted Ceilings | at the Summer Palace | Until the Candles Fail"""
        ),
        guests=listed("the Late Guests | an Absent Duke | the Youngest Princess | Two Mirrors | an Empty Ballroom"),
        door="a royal court after supper, with candles lit and a small orchestra playing in the next room",
        tags=listed("royal court music | classical ambience | palace ambience | ballroom music | baroque ambience"),
    ),
    World(
        name="medieval town",
        synonyms=listed("medieval | middle ages | castle | knight | kingdom | village | feudal | renaissance | bard"),
        leads=(_I.LUTE, _I.FLUTE, _I.HARP, _I.GUITAR, _I.STRINGS),
        beds=(_I.CELLO, _I.ORGAN, _I.CHOIR, _I.STRINGS),
        pulses=(_I.HAND_DRUM,),
        forms=listed("round dance | pavane | ballad | air | pastoral | processional | carol | lament | siciliana"),
        modes=(_M.DORIAN, _M.MIXOLYDIAN, _M.MINOR, _M.MAJOR),
        tempo=(50, 108),
        density=0.4,
        settings={
            Motif.CANDLE_HALL: listed("a stone candle hall | a knights' candle hall | a low candle hall in the keep"),
            Motif.MOUNTAINS: listed(
                "long-shadowed mountains behind old walls | steep mountains on the kingdom's border"
            ),
            Motif.MEADOW: listed("a meadow outside the town gate | a tournament meadow, empty now"),
            Motif.FOREST: listed("an old forest near the king's border | a hunting forest"),
            Motif.LAKE: listed("a lake under the ramparts | a mill lake"),
        },
        palettes=(_P.AMBER, _P.GOLD, _P.EMERALD, _P.SILVER),
        times=(_T.DAY, _T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT),
        weathers=(_W.CLEAR, _W.MIST, _W.RAIN),
        adjectives=listed("old-world | rustic | modal | plainspoken | timeworn | courtly"),
        images=listed(
            """smoke rising from thatched roofs | a market packing up its stalls | banners in a light wind |
            boots on a wet cobbled lane | a watchman's lantern on the wall | bread cooling on a sill |
            bells from the far side of the river | a traveler asking for shelter"""
        ),
        things=listed(
            """The Market Square | Woodsmoke | The Miller's Daughter | A Knight's Rest | Old Banners | Bread and Ale |
            The Drawbridge | Cobblestones | A Traveling Bard | Harvest Carts | The Watchman | Iron Keys |
            Stone and Ivy | The Weaver | Pilgrims | A Page's Errand"""
        ),
        tails=listed(
            """Before the Gates Close | on Tinker's Lane | at the Harvest Fair | Under the Old Keep |
            by the Mill Wheel |
            After the Tournament | Along the King's Road | When the Bell Tolls | in the Castle Kitchen |
            Beyond the Ramparts | at the Well | Between Two Villages | on the North Wall | Past the Hay Barn |
            at the Chapel Door | Toward the Border"""
        ),
        guests=listed("a Tired Knight | the Stable Boys | the Night Watch | a Lady at Her Loom | the Road Home"),
        door="a walled town where the market is closing and somebody has begun to play a lute",
        tags=listed("medieval music | medieval ambience | fantasy music | lute music | castle ambience"),
    ),
    World(
        name="fantasy tavern",
        synonyms=listed(
            "tavern | inn | fantasy | dungeons | d d | dnd | rpg | adventurer | hobbit | dragon | wizard | quest"
        ),
        leads=(_I.LUTE, _I.GUITAR, _I.FLUTE, _I.HARP, _I.CELLO),
        beds=(_I.STRINGS, _I.CELLO, _I.PAD),
        pulses=(_I.HAND_DRUM, _I.BASS),
        forms=listed("ballad | slow jig | round dance | air | ostinato | romance | pastoral | lament | lullaby"),
        modes=(_M.DORIAN, _M.MAJOR, _M.MIXOLYDIAN, _M.MINOR),
        tempo=(56, 108),
        density=0.46,
        settings={
            Motif.CANDLE_HALL: listed("a timbered candle hall | a tavern's candle hall with long tables"),
            Motif.LIBRARY: listed("a map-strewn library upstairs | a traveling wizard's library"),
            Motif.FOREST: listed("a forest behind the inn | a forest without signposts"),
            Motif.MOUNTAINS: listed("high mountains on the way to the dragon | mountains seen from the pass"),
            Motif.RAINY_WINDOW: listed("a rainy window beside the bar | a rainy window in the guest room"),
        },
        palettes=(_P.AMBER, _P.EMERALD, _P.GOLD, _P.VIOLET),
        times=(_T.GOLDEN_HOUR, _T.DUSK, _T.NIGHT, _T.DAWN),
        weathers=(_W.RAIN, _W.CLEAR, _W.MIST, _W.STARRY),
        adjectives=listed("hearty | storytelling | fireside | wandering | good-natured | homely"),
        images=listed(
            """a tale that grows with every telling | boots drying by the hearth | a map under a pewter mug |
            a stranger taking the corner seat | stew on the fire | coins counted twice |
            a dog asleep beneath the table | songs from a country far away"""
        ),
        things=listed(
            """Honey Mead | The Corner Table | A Worn Map | Dragon Tales | The Innkeeper | Muddy Boots | Pipe Smoke |
            The Last Ember | Copper Coins | A Stranger's Cloak | Lantern Oil | The Old Ranger | Stew and Stories |
            A Rusty Sword | The Painted Sign | Dice and Feathers"""
        ),
        tails=listed(
            """at the Crooked Door | Before the Long Road | by the Low Hearth | After the Third Ale |
            Under the Oak Beams |
            on the Goblin Pass | When the Rain Came | in the Upstairs Room | Beside the Stable | Until First Bell |
            at the World's Edge | Among Friends | Past the Standing Stones | Between Two Quests | on Wizard's Hill |
            After the Dragon"""
        ),
        guests=listed("Weary Travelers | the Thief Who Stayed | an Old Wizard | Six Companions | the Barkeep's Cat"),
        door="an inn on the old road, with rain at the door, a fire in the hearth and a free seat beside it",
        tags=listed("fantasy tavern music | tavern ambience | dnd music | rpg music | medieval tavern"),
    ),
    World(
        name="celtic",
        synonyms=listed("celtic | irish | scottish | gaelic | ireland | scotland | highland | druid | isle"),
        leads=(_I.HARP, _I.FLUTE, _I.GUITAR, _I.STRINGS, _I.CELLO),
        beds=(_I.STRINGS, _I.CELLO, _I.PAD, _I.CHOIR),
        pulses=(_I.HAND_DRUM,),
        forms=listed("air | slow jig | lament | ballad | pastoral | lullaby | round dance | carol | reverie"),
        modes=(_M.DORIAN, _M.MIXOLYDIAN, _M.MAJOR, _M.PENTATONIC, _M.MINOR),
        tempo=(50, 104),
        density=0.38,
        settings={
            Motif.SEA: listed("a restless sea below the headland | a wide western sea"),
            Motif.MEADOW: listed("a meadow of low stone walls | a sheep meadow above the village"),
            Motif.MOUNTAINS: listed("rounded mountains above the glen | heather mountains"),
            Motif.LAKE: listed("a long lake in the glen | a black-water lake"),
            Motif.FOREST: listed("an oak forest with standing stones | a fern-floored forest"),
        },
        palettes=(_P.EMERALD, _P.TEAL, _P.SILVER, _P.GOLD),
        times=(_T.DAWN, _T.DAY, _T.GOLDEN_HOUR, _T.DUSK),
        weathers=(_W.MIST, _W.CLEAR, _W.RAIN),
        adjectives=listed("lilting | windswept | wistful | open-air | ancient | silvery"),
        images=listed(
            """wind combing the heather | a boat pulled up on shingle | peat smoke over a low roof |
            a tune carried across the water | stones older than any name | sheep on a far slope |
            a lamp set out for somebody late | the tide turning without a sound"""
        ),
        things=listed(
            """Heather | The Standing Stones | A Silver Harp | Peat Smoke | The Fiddler's Rest | Salt and Wool |
            Raven Feathers | The Green Lane | A Hare | Wild Thyme | The Ferryman | Oak and Ivy | Morning Turf |
            The Low Wall | Seven Swans | Hawthorn"""
        ),
        tails=listed(
            """on the Western Isle | Over the Glen | by the Holy Well | Before the Tide Turns | at Lark's Crossing |
            After the Ferry | Above the Loch | Beyond the Ninth Wave | in the Low Meadow | Along the Cliff Path |
            When the Mist Lifts | Among the Stones | at the Crossroads | Toward the Islands | Under Hawthorn Boughs |
            Past the Last Croft"""
        ),
        guests=listed("the Emigrant | a Selkie | the Shepherd | an Old Harper | the Long Way Home"),
        door="green country by the western sea, where one harp can be heard over three fields",
        tags=listed("celtic music | irish ambience | celtic harp | scottish highlands | relaxing celtic music"),
    ),
    World(
        name="viking",
        synonyms=listed("viking | norse | nordic | scandinavian | longship | valhalla | rune | thor | odin"),
        leads=(_I.CELLO, _I.FLUTE, _I.CHOIR, _I.STRINGS, _I.LUTE),
        beds=(_I.CHOIR, _I.CELLO, _I.PAD, _I.TEXTURE),
        pulses=(_I.HAND_DRUM,),
        forms=listed("drone | processional | lament | ostinato | ballad | soundscape | air | hymn"),
        modes=(_M.MINOR, _M.DORIAN, _M.PHRYGIAN, _M.PENTATONIC),
        tempo=(44, 88),
        density=0.36,
        settings={
            Motif.SEA: listed("a northern sea | a heavy sea beyond the headland"),
            Motif.MOUNTAINS: listed("bare mountains above the inlet | black mountains of the north"),
            Motif.WINTER_CABIN: listed("a turf-roofed winter cabin | a lone winter cabin far from anywhere"),
            Motif.FOREST: listed("a birch forest | a spruce forest without paths"),
            Motif.SKY: listed("a huge northern sky | a sky of slow fires"),
        },
        palettes=(_P.SAPPHIRE, _P.SILVER, _P.TEAL, _P.AMBER),
        times=(_T.DAY, _T.DUSK, _T.NIGHT),
        weathers=(_W.MIST, _W.SNOW, _W.AURORA, _W.CLEAR),
        adjectives=listed("rugged | ancient | low-voiced | somber | wind-worn | weighty"),
        images=listed(
            """oars lifted out of black water | a horn answered from the far shore | smoke in a timber hall |
            runes cut into wet stone | ravens turning over the ice | a sail folded for the season |
            names spoken beside a fire | frost on an iron ring"""
        ),
        things=listed(
            """Black Sails | The Long Ship | Ravens | Iron and Ash | Runes | The Horn | Whale Road | Birch Smoke |
            The Shield Wall | A Carved Prow | Winter Stores | Wolf Tracks | The Oarsmen | Driftwood | Bone Flutes |
            The Skald"""
        ),
        tails=listed(
            """at the Mouth of the Fjord | Before the Ice | Under the World Tree | in the Mead Hall |
            After the Crossing |
            on the Stone Shore | When the Wind Drops | Beyond the Last Cape | by the Ember Pit | Along the Whale Road |
            Among the Birches | Toward the Northern Fires | Over Black Water | at the Burial Mound |
            Past the Drift Ice | Until the Thaw"""
        ),
        guests=listed("the Drowned | a Shipwright | the Returning Crew | Old Gods | the Ones Who Stayed"),
        door="a northern shore at the end of the season, with the boats drawn up and a fire in the long hall",
        tags=listed("viking music | nordic ambience | norse music | nordic folk | dark nordic ambience"),
    ),
    World(
        name="monastery",
        synonyms=listed(
            "monastery | monk | abbey | gregorian | chant | cathedral | church | sacred | convent | cloister"
        ),
        leads=(_I.CHOIR, _I.ORGAN, _I.CELLO, _I.FLUTE, _I.BELLS),
        beds=(_I.ORGAN, _I.CHOIR, _I.PAD, _I.STRINGS),
        pulses=(),
        forms=listed("chorale | hymn | drone | meditation | canon | elegy | interlude | processional"),
        modes=(_M.DORIAN, _M.MIXOLYDIAN, _M.MINOR, _M.PHRYGIAN, _M.MAJOR),
        tempo=(40, 68),
        density=0.28,
        settings={
            Motif.CANDLE_HALL: listed("a vaulted candle hall | a candle hall of bare stone | an abbey candle hall"),
            Motif.LIBRARY: listed("a library of chained books | a copyists' library"),
            Motif.MOUNTAINS: listed("quiet mountains around old walls | mountains above the cloister"),
            Motif.MEADOW: listed("a herb meadow inside the walls | a meadow behind the refectory"),
            Motif.LAKE: listed("a fish lake below the wall | a lake that mirrors one bell tower"),
        },
        palettes=(_P.AMBER, _P.GOLD, _P.SAPPHIRE, _P.SILVER),
        times=(_T.DAWN, _T.DAY, _T.DUSK, _T.NIGHT),
        weathers=(_W.MIST, _W.CLEAR, _W.RAIN),
        adjectives=listed("solemn | contemplative | luminous | hushed | resonant | inward"),
        images=listed(
            """breath held beneath a stone vault | a page turned in a cold room | one candle carried along the nave |
            rain in the cloister | a bell counted and forgotten | bare feet on worn steps |
            dust in a column of light | bread broken without talk"""
        ),
        things=listed(
            """The Cloister | Vellum and Ink | A Single Candle | The Bell Rope | Plain Bread | Stone Psalms |
            The Herb Garden | Bare Feet | The Copyist | Incense | Silence | The Refectory | A Wooden Cross |
            Seven Hours | The Novice | Beeswax"""
        ),
        tails=listed(
            """Before Matins | After Compline | in the North Aisle | Under the Vault | at the Hour of Rest |
            by the Scriptorium Stove | Behind the Choir Screen | Beyond the Garden Wall | When the Bell Is Still |
            Along the Colonnade | Between Two Psalms | at the Pilgrim's Gate | Among the Beehives | on the Worn Steps |
            Toward Vespers | Beneath the Rose Window"""
        ),
        guests=listed("the Brothers at Work | a Silent Choir | Pilgrims | the Bell Ringer | One Candle"),
        door="an abbey in the hills, where the day is counted in bells and nobody is in a hurry",
        tags=listed("monastery ambience | sacred music | choir ambience | chant music | meditation choir"),
    ),
)
