extension Subject {
    static let things: [Subject] = [
        Subject(
            "kite", kind: "a toy for windy days",
            looks: "light, colourful, proud, quick, thin, daring",
            parts: "a long ribbon tail, paper wings, a ball of string, two crossed sticks, a painted face",
            places: "high above the hill, over the beach, on a shelf in the shed, in the top of a tree",
            acts: "dance in the wind, pull at its string, climb above the roofs, dive towards the sand, "
                + "flutter like a bird",
            uses: "take you out into the fresh air, teach you to read the wind, make you look up, "
                + "give your hands something to hold, turn a windy day into fun",
            feelings: "free, light, excited",
            needs: "a strong wind, an open hill, a long string",
            likenesses: "a bird on a string, a paper dragon, a flag that ran away",
            troubles: "got caught in a tree > shook the branch until it came down; "
                + "broke its string and flew off > ran after it over the hill; "
                + "tore its paper wing > mended it with a strip of cloth"),
        Subject(
            "umbrella", kind: "a small roof that you can carry",
            looks: "black, handy, folded, waterproof, bent, loyal",
            parts: "eight thin ribs, a curved handle, a wide roof, a metal tip, a stiff button",
            places: "in the hall, on the bus seat, behind the door, in the lost property office",
            acts: "open with a snap, keep the rain off, turn inside out, drip on the floor, hide in a bag",
            uses: "keep your head dry, give shade at the beach, serve as a walking stick, "
                + "make room for a second person, save your best hat",
            feelings: "dry, ready, a little grand",
            needs: "a rainy street, a firm hand, a stand by the door",
            likenesses: "a tent on a stick, a black flower, a bat that hangs by the door",
            troubles: "turned inside out on the corner > bent every rib back; "
                + "was left behind on the train > wrote to the station master; "
                + "blew away over the square > ran after it down the street"),
        Subject(
            "clock", kind: "a machine that tells the time",
            looks: "exact, round, ticking, old, strict, reliable",
            parts: "two thin hands, a brass bell, tiny wheels, twelve numbers, a slow pendulum",
            places: "on the wall, above the fireplace, in the tower, beside the bed",
            acts: "tick all night, strike twelve, count the hours, wake the whole house, run a little slow",
            uses: "get you to school in time, tell you when supper is ready, keep the trains in order, "
                + "fill a silent room, teach you what a minute is",
            feelings: "punctual, hurried, in good order",
            needs: "a little oil, a turn of the key, a level shelf",
            likenesses: "a heart made of wheels, a stern teacher, a moon with numbers",
            troubles: "stopped at five past three > cleaned its wheels with a feather; "
                + "rang in the middle of the night > tied a sock around the bell; "
                + "ran so fast that supper came at noon > hung a spoon on its pendulum"),
        Subject(
            "candle", kind: "a stick of wax with a flame",
            looks: "slim, warm, flickering, white, quiet, short-lived",
            parts: "a small flame, a black wick, soft wax, a thread of smoke, a faint smell of bees",
            places: "on the windowsill, in a brass holder, on the dinner table, in the dark hall",
            acts: "flicker in the draught, drip on the tablecloth, throw long shadows, burn down slowly, "
                + "light a whole room",
            uses: "help when the power fails, make supper feel special, guide late guests to the door, "
                + "keep the dark away, make every face look kinder",
            feelings: "cosy, hopeful, hushed",
            needs: "a match, a still room, a steady holder",
            likenesses: "a tiny lighthouse, a star on a stick, a soldier with a bright hat",
            troubles: "went out in the draught > cupped both hands around it; "
                + "burned down to a stump > melted the stump into a new one; "
                + "set fire to a napkin > threw a glass of water over it"),
        Subject(
            "bicycle", kind: "a machine with two wheels",
            looks: "fast, shiny, rusty, simple, useful, wobbly",
            parts: "two thin wheels, a loud bell, squeaky brakes, a basket in front, a chain full of oil",
            places: "against the wall, in the shed, on the road to school, outside the bakery",
            acts: "roll down the hill, ring its bell, squeak at every turn, lean against the fence, "
                + "splash through puddles",
            uses: "get you to school, make your legs strong, carry the shopping, burn no fuel, "
                + "show you the next village",
            feelings: "free, fast, grown up",
            needs: "a little oil, two good tyres, a flat road",
            likenesses: "an iron horse, a pair of glasses on the move, a very thin friend",
            troubles: "got a flat tyre > patched the hole with glue; "
                + "rolled into the pond > pulled it out with a rake; "
                + "lost its chain on the steep hill > put it back with oily fingers"),
        Subject(
            "book", kind: "a world between two covers",
            looks: "thick, dusty, well-worn, wise, silent, gripping",
            parts: "yellow pages, a worn cover, a secret in the last chapter, small black letters, a ribbon",
            places: "on the top shelf, under the pillow, in a school bag, on the window seat",
            acts: "wait on the shelf, smell of old paper, keep you up all night, take you to far countries, "
                + "open at the best page",
            uses: "teach you new words, answer many questions, shorten a long journey, let you live other lives, "
                + "keep stories safe for years",
            feelings: "curious, far away, less alone",
            needs: "a good lamp, a free afternoon, clean hands",
            likenesses: "a door you can hold, a quiet friend, a ship made of paper",
            troubles: "lost its last page > wrote a new ending; "
                + "fell into the bath > dried it page by page on the line; "
                + "was two years late for the library > brought it back with a bunch of flowers"),
        Subject(
            "drum", kind: "an instrument that you hit",
            looks: "loud, round, hollow, lively, red, booming",
            parts: "a tight skin, two wooden sticks, a deep voice, a shiny rim, a leather strap",
            places: "at the head of the parade, in the attic, beside the stage, round the camp fire",
            acts: "boom across the square, set the pace, shake the floor, wake the neighbours, answer every knock",
            uses: "keep the band in step, get your feet moving, let you make noise for a reason, "
                + "carry a message over the hills, empty your head of worries",
            feelings: "bold, awake, full of rhythm",
            needs: "two sticks, a steady arm, patient neighbours",
            likenesses: "a heart outside the body, a box of thunder, a very loud table",
            troubles: "got a hole in its skin > patched it with an old boot; "
                + "was too loud for the baby next door > stuffed it with a pillow; "
                + "rolled away in the middle of the parade > drummed on a bucket instead"),
        Subject(
            "violin", kind: "an instrument with four strings",
            looks: "slender, sweet-voiced, polished, delicate, sad, elegant",
            parts: "four thin strings, a curved neck, a wooden belly, a long bow, a velvet case",
            places: "in its velvet case, under her chin, on the stage, at the village dance",
            acts: "sing under the bow, squeak on bad days, weep in slow tunes, lead the dance, fill a whole hall",
            uses: "lead the dancers, say what words cannot, train your ears, make weddings brighter, "
                + "teach you to practise",
            feelings: "moved, tender, a little sad",
            needs: "a good bow, daily practice, dry air",
            likenesses: "a voice made of wood, a small brown bird, a sigh in a box",
            troubles: "lost a string before the concert > played the tune on three; "
                + "squeaked so badly that the dogs howled > rubbed the bow with resin; "
                + "was left out in the damp > dried it slowly in a warm room"),
        Subject(
            "blanket", kind: "a large piece of warm cloth",
            looks: "woolly, warm, heavy, patched, cosy, faded",
            parts: "a fringe at the edge, many patches, a smell of soap, thick wool, a hole from long ago",
            places: "at the foot of the bed, over the armchair, on the picnic grass, in the cedar chest",
            acts: "keep out the cold, turn into a tent, slip off the bed, hide a sleepy head, smell of soap",
            uses: "warm you on cold nights, make a tent for two, protect you from every monster, "
                + "serve as a table in the park, comfort a sick child",
            feelings: "safe, warm, sleepy",
            needs: "a cold night, a good wash, two tired people",
            likenesses: "a hug made of wool, a soft field, a cave with corners",
            troubles: "shrank in the wash > gave it to the smallest doll; "
                + "got a large hole > sewed a star over it; "
                + "was left in the park > went back with a torch"),
        Subject(
            "letter", kind: "a message on paper",
            looks: "folded, private, handwritten, short, precious, overdue",
            parts: "a red stamp, a sealed flap, careful handwriting, a pressed flower, a long postscript",
            places: "in the mailbox, under the door, in a locked drawer, at the bottom of a bag",
            acts: "travel across the country, wait to be opened, rustle in the envelope, keep a secret, "
                + "arrive on a Monday",
            uses: "bring news from far away, say what is hard to say aloud, last longer than a phone call, "
                + "make the postman welcome, keep two friends close",
            feelings: "remembered, curious, close to someone",
            needs: "a stamp, a good pen, a quiet hour",
            likenesses: "a visit on paper, a bird with a stamp, a voice in an envelope",
            troubles: "went to the wrong house > took it to the right door; "
                + "fell into a puddle > read the last words through the stains; "
                + "had no name on it > asked at every house in the street"),
        Subject(
            "boat", kind: "a small ship for calm water",
            looks: "wooden, narrow, steady, leaky, blue, brave",
            parts: "two oars, a patched sail, a rusty anchor, a wooden seat, a name on its side",
            places: "at the end of the pier, on the lake, upside down on the beach, in the harbour",
            acts: "rock on the waves, drift with the current, creak at its rope, glide past the reeds, "
                + "leak a little",
            uses: "take you to the island, bring the fish to shore, teach you to row, "
                + "carry you away from the noise, save you a long walk around",
            feelings: "free, calm, ready for adventure",
            needs: "a calm day, a coat of paint, two strong arms",
            likenesses: "a wooden shoe, half a walnut, a cradle on the water",
            troubles: "sprang a leak on the lake > plugged the hole with a sock; "
                + "came loose in the night > rowed after it on a raft; "
                + "ran onto a sandbank > waited for the tide and sang"),
    ]
}
