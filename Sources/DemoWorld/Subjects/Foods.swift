extension Subject {
    static let foods: [Subject] = [
        Subject(
            "bread", .mass, kind: "food made from flour and water",
            looks: "warm, crusty, plain, honest, filling, fresh",
            parts: "a brown crust, a soft middle, a floury top, a smell that fills the house, many small holes",
            places: "on the kitchen table, in the oven, under a clean cloth, on the baker's shelf",
            acts: "rise near the stove, crackle as it cools, fill the house with its smell, turn into toast, "
                + "go well with butter",
            uses: "fill hungry stomachs, make any soup a meal, keep well for days, teach you to wait, "
                + "cost next to nothing",
            feelings: "full, content, looked after",
            needs: "good flour, a hot oven, a pinch of salt",
            likenesses: "a pillow for butter, a warm brick, a hug you can eat",
            troubles: "burned black in the oven > scraped it and called it toast; "
                + "refused to rise > set it by the stove under a towel; "
                + "was gone before supper > followed the crumbs to the dog"),
        Subject(
            "soup", .mass, kind: "a hot meal in a bowl",
            looks: "hot, thick, steaming, simple, hearty, salty",
            parts: "soft carrots, a cloud of steam, a spoon of cream, green herbs, hidden potatoes",
            places: "on the stove, in a deep bowl, in the iron pot, at grandmother's house",
            acts:
                "simmer for hours, steam up the windows, warm your hands, bubble in the pot, taste better the next day",
            uses: "chase a cold away, feed many with little, use up old vegetables, warm you from the inside, "
                + "make a poor day richer",
            feelings: "warm, better, cared for",
            needs: "a big pot, a slow fire, a bay leaf",
            likenesses: "a hot bath for carrots, a coat for the stomach, a small edible lake",
            troubles: "boiled over on the stove > lifted the lid just in time; "
                + "had far too much salt in it > dropped in a peeled potato; "
                + "was not enough for ten guests > added water and a brave face"),
        Subject(
            "honey", .mass, kind: "a sweet gift from the hive",
            looks: "sweet, sticky, thick, amber, slow, smooth",
            parts: "a taste of clover, an amber glow, a crumb of wax, a flowery smell, tiny bubbles",
            places: "in a glass jar, on warm toast, at the back of the shelf, on a wooden spoon",
            acts: "drip from the spoon, stick to your fingers, sweeten the porridge, catch the light, "
                + "last for a hundred years",
            uses: "soothe a sore throat, sweeten your breakfast, keep for years, give you energy for the day, "
                + "tell you which flowers were open",
            feelings: "soothed, spoiled, like summer",
            needs: "a clean jar, a slow hand, thousands of flowers",
            likenesses: "liquid amber, summer in a jar, a slow yellow river",
            troubles: "ran all over the shelf > caught it with a slice of toast; "
                + "turned hard in the cold > stood the jar in warm water; "
                + "drew a line of ants > moved the jar into a dish of water"),
        Subject(
            "tea", .mass, kind: "a hot drink made from leaves",
            looks: "hot, fragrant, light, refreshing, amber, soothing",
            parts: "a curl of steam, a slightly bitter taste, dark leaves, a drop of milk, a flowery scent",
            places: "in a china cup, in the old pot, on a silver tray, beside the armchair",
            acts: "steep in the pot, cool in the cup, warm your fingers, wake you up slowly, go cold while you talk",
            uses: "calm your nerves, start a good talk, wake up tired heads, warm cold hands, "
                + "make a pause in a long day",
            feelings: "calm, refreshed, at ease",
            needs: "boiling water, four minutes, a clean cup",
            likenesses: "a warm bath for the mind, a small brown pond, a pause in a cup",
            troubles: "went cold on the windowsill > made a fresh pot; "
                + "spilled over the best tablecloth > called the stain a map; "
                + "ran out on a Sunday > dried some mint leaves by the stove"),
        Subject(
            "cheese", .mass, kind: "food made from milk",
            looks: "yellow, rich, salty, strong-smelling, creamy, crumbly",
            parts: "round holes, a hard rind, a sharp smell, a creamy heart, a blue vein",
            places: "in the cool cellar, on a wooden board, under a glass bell, next to the grapes",
            acts: "ripen in the dark, melt on toast, scare some people with its smell, attract the mice, "
                + "get better with age",
            uses: "make plain toast special, keep milk for the winter, give you strong bones, "
                + "go with almost anything, make a long walk end well",
            feelings: "content, rich, hungry again",
            needs: "fresh milk, a cool cellar, a sharp knife",
            likenesses: "a yellow wheel, a slice of the moon, an old sock that tastes good",
            troubles: "vanished slice by slice > set a plate for the mouse as well; "
                + "smelled so strong that the guests left > put it out on the balcony; "
                + "rolled off the cart and down the street > ran to the bottom of the hill"),
        Subject(
            "apple", kind: "a fruit that grows on a tree",
            looks: "red, crisp, juicy, shiny, round, sweet",
            parts: "smooth red skin, white flesh, five dark seeds, a short stem, a star in the middle",
            places: "in the orchard, on the highest branch, in a wicker basket, on the teacher's desk",
            acts: "ripen in the autumn sun, fall into the grass, crunch at every bite, roll off the table, "
                + "shine on the branch",
            uses: "keep the doctor away, fit in any pocket, make fine pies, clean your teeth a little, "
                + "feed you on the road",
            feelings: "fresh, healthy, ready for autumn",
            needs: "a warm autumn, a sturdy branch, a ladder",
            likenesses: "a small red lantern, a sweet stone, a cheek on a cold day",
            troubles: "hung too high to reach > climbed on the donkey's back; "
                + "had a worm inside > let the worm go and ate the other half; "
                + "fell on the mayor's head > said sorry and offered a slice"),
        Subject(
            "cake", kind: "a sweet thing for great days",
            looks: "sweet, fluffy, tall, festive, creamy, tempting",
            parts: "three layers, a cherry on top, thick icing, a ring of candles, a crumbly bottom",
            places: "on the glass stand, in the shop window, at the party, on the best plate",
            acts: "wait under its icing, rise in the tin, crumble on the plate, disappear within minutes, "
                + "lean to one side",
            uses: "make a birthday complete, say sorry without words, bring the whole street to your door, "
                + "turn an afternoon into a party, taste of butter and lemon",
            feelings: "festive, spoiled, six years old",
            needs: "six eggs, a patient baker, a good reason",
            likenesses: "a soft sweet tower, a hat for a queen, a snowy hill",
            troubles: "fell flat in the middle > filled the hole with berries; "
                + "slid off the plate at the party > caught half of it in a bowl; "
                + "was eaten by somebody in the night > baked another and hid it well"),
        Subject(
            "pancake", kind: "a flat round breakfast",
            looks: "flat, round, buttery, thin, hot, floppy",
            parts: "crisp edges, brown spots, a pool of syrup, a buttery smell, a sprinkle of sugar",
            places: "in the frying pan, on a tall stack, under the lemon slices, on the breakfast plate",
            acts: "sizzle in the pan, flip in the air, soak up the syrup, stick to the ceiling, "
                + "vanish faster than you can fry",
            uses: "make a slow Sunday better, use up the last eggs, teach you to flip things, "
                + "hold any filling you like, cheer up a rainy breakfast",
            feelings: "cheerful, full, unhurried",
            needs: "a hot pan, a knob of butter, a brave flip",
            likenesses: "a small edible plate, a soft full moon, a hat that landed badly",
            troubles: "stuck to the ceiling > waited below with a plate; "
                + "tore in two in the pan > folded it and called it art; "
                + "landed on the cat > fried another and said sorry"),
    ]
}
