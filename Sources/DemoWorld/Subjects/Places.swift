extension Subject {
    static let places: [Subject] = [
        Subject(
            "library", kind: "a house full of books",
            looks: "quiet, wise, orderly, old, welcoming, hushed",
            parts: "tall shelves, green lamps, a strict old librarian, creaking floors, a smell of paper",
            places: "on the market square, behind the town hall, next to the school, up the stone steps",
            acts: "lend books to everyone, open at nine, hold a thousand stories, smell of dust and paper, "
                + "stay silent all day",
            uses: "lend you any story for free, keep old knowledge safe, give you a warm place to read, "
                + "help you with homework, treat every visitor alike",
            feelings: "curious, calm, clever",
            needs: "good readers, whispered voices, strong shelves",
            likenesses: "a forest of paper, a bank for stories, a very polite castle",
            troubles: "had to close for lack of money > collected coins from door to door; "
                + "lost its rarest book > searched behind every shelf; "
                + "let the rain in through the roof > covered the shelves with coats"),
        Subject(
            "garden", kind: "a place where plants are cared for",
            looks: "green, fragrant, sunny, tidy, wild, colourful",
            parts: "rows of beans, a crooked apple tree, a wooden bench, climbing roses, a rusty gate",
            places: "behind the house, on the roof, inside the old walls, beside the cottage",
            acts: "bloom in May, fill up with weeds, feed the whole family, hum with bees, sleep under the frost",
            uses: "give you fresh vegetables, feed the butterflies, teach you to wait for spring, "
                + "keep your hands busy, offer a bench to tired legs",
            feelings: "peaceful, useful, rooted",
            needs: "good earth, a watering can, sunny days",
            likenesses: "a green room without a roof, a painter's box, a patient teacher",
            troubles: "was full of slugs > invited the hungry ducks; "
                + "dried up in August > carried forty buckets of water; "
                + "lost its fence in a storm > planted a hedge instead"),
        Subject(
            "market", kind: "a place where people buy and sell",
            looks: "crowded, noisy, colourful, cheap, cheerful, busy",
            parts: "striped stalls, heaps of oranges, loud sellers, narrow lanes, a smell of fried fish",
            places: "on the main square, near the harbour, in the old town, under the big clock",
            acts: "wake before dawn, shout its prices, smell of fruit and fish, fill the whole square, "
                + "pack up at noon",
            uses: "bring the farm to the town, keep prices fair, let you taste before you buy, "
                + "tell you all the news, give old things a new owner",
            feelings: "lively, hungry, part of the crowd",
            needs: "a sturdy basket, small change, an early start",
            likenesses: "a theatre of vegetables, a noisy rainbow, a beehive with money",
            troubles: "lost its tents in the wind > tied them down with ropes; "
                + "had nothing left to sell > brought a cart of turnips; "
                + "was upset by a runaway goat > tempted the goat away with a cabbage"),
        Subject(
            "lighthouse", kind: "a tower with a lamp for ships",
            looks: "tall, lonely, white, faithful, windy, bright",
            parts: "a turning lamp, a winding stair, thick walls, a red stripe, a keeper with a beard",
            places: "on the rocks, at the end of the island, above the harbour, past the last dune",
            acts: "shine through the fog, turn its lamp all night, stand in the spray, warn the ships, "
                + "count the passing sails",
            uses: "lead ships past the rocks, give sailors courage, mark the end of the land, "
                + "stay awake so that others can sleep, send its light for miles",
            feelings: "safe, watchful, far from everything",
            needs: "a strong lamp, a brave keeper, a thousand steps",
            likenesses: "a giant candle, a finger of stone, a patient friend with one eye",
            troubles: "went dark in a storm > held up a lantern until dawn; "
                + "had a keeper who fell ill > climbed the stairs and lit the lamp; "
                + "was lost in thick fog > beat a pan to guide the ships"),
        Subject(
            "bridge", kind: "a road over water",
            looks: "strong, long, arched, narrow, stony, useful",
            parts: "three stone arches, iron rails, wooden planks, two tall towers, a lamp at each end",
            places: "across the river, between the two villages, over the deep gorge, at the edge of town",
            acts: "cross the water, join two towns, sway in a high wind, carry carts and people, "
                + "hum when the train passes",
            uses: "save you a long way round, let friends visit each other, keep your feet dry, "
                + "give you a fine view, bring the doctor in time",
            feelings: "connected, a bit dizzy, halfway there",
            needs: "solid stone, a new plank, a good engineer",
            likenesses: "a handshake made of stone, a frozen jump, a giant's belt",
            troubles: "lost a plank in the flood > laid a strong new board; "
                + "shook in the storm > tied it down with heavy ropes; "
                + "was closed by a grumpy guard > paid the toll with a riddle"),
        Subject(
            "kitchen", kind: "the warm heart of a house",
            looks: "warm, messy, bright, busy, fragrant, crowded",
            parts: "copper pans, a big table, a humming stove, jars of spice, a drawer full of spoons",
            places: "at the back of the house, down the hall, next to the pantry, beside the yard",
            acts: "smell of onions, clatter before supper, steam in winter, fill up with hungry people, "
                + "wake before the rest of the house",
            uses: "feed the whole family, keep the warmth in one place, turn strangers into guests, "
                + "let children lick the spoon, make space for long talks",
            feelings: "hungry, cosy, useful",
            needs: "a sharp knife, a clean apron, a full pantry",
            likenesses: "a workshop for supper, a warm engine, a stage for pots",
            troubles: "filled up with smoke > opened every window; "
                + "ran out of plates at the feast > served the stew in hats; "
                + "was flooded by a broken pipe > mopped until midnight"),
        Subject(
            "bakery", kind: "a shop that smells of fresh dough",
            looks: "warm, floury, sweet-smelling, cheerful, narrow, tempting",
            parts: "hot ovens, trays of buns, a little brass bell, sacks of flour, a long queue",
            places: "on the corner, across from the school, down the cobbled lane, behind the church",
            acts: "open before sunrise, sell warm rolls, smell of cinnamon, draw a long queue, "
                + "give broken biscuits to children",
            uses: "feed the street before work, start your day with butter, make birthdays sweeter, "
                + "give work to early risers, turn flour into joy",
            feelings: "hungry, cheerful, warm",
            needs: "good yeast, a hot oven, early risers",
            likenesses: "a warm cloud with a door, a small sweet factory, a nose's favourite place",
            troubles: "ran out of flour > pushed a sack there in a pram; "
                + "lost its baker to the flu > kneaded the dough all night; "
                + "had an oven that would not light > borrowed one from the inn"),
    ]
}
