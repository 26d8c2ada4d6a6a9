extension Subject {
    static let nature: [Subject] = [
        Subject(
            "moon", .unique, kind: "a round light in the night sky",
            looks: "bright, pale, silver, distant, round, lonely",
            parts: "a silver face, dark craters, a soft glow, a hidden side, a ring of mist",
            places: "above the rooftops, over the hill, behind a thin cloud, in the still water",
            acts: "rise over the hills, light the way at night, change its shape, hide behind a cloud, "
                + "pull the tides along",
            uses: "light the path for travellers, mark the weeks and months, watch over sleeping towns, "
                + "move the sea twice a day, give poets something to do",
            feelings: "peaceful, small, dreamy",
            needs: "a clear sky, a dark night, an open window",
            likenesses: "a lamp in the sky, a silver coin, a slice of white cheese",
            troubles: "hid behind the clouds for a week > sang to it from the roof; "
                + "grew thinner every night > baked a round cake to cheer it up; "
                + "fell into the pond, or so it seemed > stirred the water until it was back in the sky"),
        Subject(
            "sun", .unique, kind: "the star nearest to us",
            looks: "hot, bright, yellow, generous, blazing, punctual",
            parts:
                "long warm rays, a fiery heart, a wide yellow face, a crown of light, more heat than a million ovens",
            places: "above the fields, at the top of the sky, behind the mountains, low over the water",
            acts: "rise in the east, chase the shadows away, melt the frost, paint the clouds red, "
                + "sink behind the hills",
            uses: "make the plants grow, dry the clothes on the line, warm your face in spring, "
                + "tell you when to get up, ripen the fruit",
            feelings: "warm, drowsy, full of life",
            needs: "a cloudless sky, a wide horizon, a straw hat",
            likenesses: "a fire that never goes out, a ripe orange, a giant yellow balloon",
            troubles: "stayed away all summer > hung yellow paper in every window; "
                + "burned the grass brown > carried water to the fields at night; "
                + "set before the game was over > lit a row of lanterns"),
        Subject(
            "rain", .weather, kind: "water that falls from the clouds",
            looks: "wet, cool, grey, steady, fresh, soothing",
            parts: "a million drops, a soft patter, a fresh smell, grey clouds, cold little fingers",
            places: "on the window, over the fields, in the gutter, on the tin roof",
            acts: "tap on the glass, fill the puddles, wash the streets, drum on the roof, run down the hill",
            uses: "water the crops, fill the wells, clean the dusty air, give you a reason to stay in, "
                + "make the ducks very glad",
            feelings: "sleepy, fresh, cosy indoors",
            needs: "a heavy cloud, a pair of boots, a good roof",
            likenesses: "a thousand tiny drums, a grey curtain, a long soft whisper",
            troubles: "fell for forty days > built a small raft from doors; "
                + "came down on the day of the fair > put up a huge tent; "
                + "forgot to come all spring > watered the seeds with a spoon"),
        Subject(
            "snow", .weather, kind: "frozen water in the shape of stars",
            looks: "white, cold, silent, clean, powdery, deep",
            parts: "six-sided flakes, a thin icy crust, a blue shadow, a soft crunch, a thousand sparkles",
            places: "on the rooftops, along the branches, in the quiet street, on the high pass",
            acts: "cover the fields, hush the whole town, melt in your hand, drift against the door, "
                + "fall without a sound",
            uses: "make a playground of every hill, keep the seeds warm below, slow everyone down, "
                + "show you the tracks of animals, turn old roofs into palaces",
            feelings: "excited, hushed, young again",
            needs: "a cold cloud, thick gloves, a wooden sledge",
            likenesses: "a clean white sheet, icing on a bun, feathers from a torn pillow",
            troubles: "blocked the road to the village > dug a tunnel with a spade; "
                + "melted on the day of the race > moved the race up the hill; "
                + "buried the front door > climbed out of the window"),
        Subject(
            "wind", .unique, kind: "air on the move",
            looks: "restless, invisible, strong, wild, fickle, playful",
            parts: "a low howl, cold fingers, a salty breath, a bag of leaves, no shape at all",
            places: "in the trees, over the moor, round the corner, between the chimneys",
            acts: "rattle the windows, bend the tall grass, steal a hat, push the clouds along, whistle in the keyhole",
            uses: "turn the old mill, dry the washing, carry seeds far away, fill the sails, sweep the sky clean",
            feelings: "free, restless, awake",
            needs: "an open field, a wide sky, a loose shutter",
            likenesses: "an unseen horse, a rude guest, a giant who is out of breath",
            troubles: "stole the washing from the line > chased the shirts over three fields; "
                + "blew out every lamp in town > lit them again behind a glass; "
                + "stopped, so that the mill stood still > blew into the sails with a huge fan"),
        Subject(
            "sea", .unique, kind: "salt water without an end",
            looks: "wide, blue, salty, deep, moody, endless",
            parts: "white waves, a long shore, hidden rocks, strong tides, a floor of sand",
            places: "at the end of the road, beyond the dunes, below the cliffs, round the island",
            acts: "roll up the beach, roar in a storm, sparkle at noon, carry ships away, bring back old bottles",
            uses: "feed the fishing towns, cool the hot coast, give you salt, carry ships to far places, "
                + "wash your worries away",
            feelings: "small, free, calm",
            needs: "a good pair of eyes, a sandy towel, respect",
            likenesses: "a blue blanket that breathes, a great grey animal, a road with no signs",
            troubles: "swept the little boat away > swam out with a rope; "
                + "took the sandcastle at high tide > built a new one higher up; "
                + "threw a strange box on the shore > opened it and found a map"),
        Subject(
            "river", kind: "water that travels to the coast",
            looks: "winding, clear, lively, cold, old, never still",
            parts: "grassy banks, smooth stones, a strong current, deep pools, a thousand bends",
            places: "at the bottom of the valley, behind the mill, under the stone arch, in the old town",
            acts: "wind through the valley, carry leaves downstream, carve the rock, hurry over the stones, "
                + "freeze in a hard winter",
            uses: "bring water to the farms, turn the mill wheel, carry boats to town, give fish a place to hide, "
                + "teach you to keep going",
            feelings: "calm, refreshed, ready to travel",
            needs: "clean water, a slope, a shady bank",
            likenesses: "a silver ribbon, a road of water, a long blue thread",
            troubles: "burst its banks > filled a hundred bags with sand; "
                + "ran dry in the heat > shared out the last well; "
                + "carried off the washing basket > ran along the bank with a long hook"),
        Subject(
            "rainbow", kind: "an arch of seven colours",
            looks: "colourful, bright, rare, curved, fleeting, cheerful",
            parts: "seven colours, a violet edge, a red rim, two ends that nobody finds, a faint twin",
            places: "after the storm, above the wet fields, in the waterfall, across the valley",
            acts: "bend across the sky, fade without a word, shine between two showers, make people point, "
                + "vanish when you come near",
            uses: "turn bad weather into good, give you courage after a storm, teach you the colours, "
                + "bring strangers to their windows, promise a dry afternoon",
            feelings: "hopeful, lucky, amazed",
            needs: "sun and rain at once, a quick eye, a dark cloud behind it",
            likenesses: "a painted gate, a giant's ribbon, a slide for clouds",
            troubles: "lost its yellow > lent it a scarf of the right colour; "
                + "vanished before the painter was ready > sprayed water from a hose; "
                + "was too shy to come out > asked the clouds to step aside"),
        Subject(
            "forest", kind: "a great crowd of trees",
            looks: "green, shady, ancient, whispering, deep, full of life",
            parts: "tall trunks, mossy stones, hidden paths, a roof of leaves, a floor of pine needles",
            places: "behind the last house, on the far hills, beyond the wheat, north of the village",
            acts: "whisper in the wind, shelter the deer, turn red in autumn, drink the rain, keep old secrets",
            uses: "clean the air, give birds a roof, cool a hot summer, provide wood for the stove, "
                + "hide you from the noisy world",
            feelings: "safe, small, quiet inside",
            needs: "deep soil, many years, a careful visitor",
            likenesses: "a green cathedral, a house with a thousand pillars, a sleeping giant",
            troubles: "lost its leaves far too early > planted a hundred seedlings; "
                + "caught fire in a dry summer > ran to ring the bell; "
                + "grew so dark that nobody went in > marked the path with white stones"),
        Subject(
            "mountain", kind: "a very tall piece of the earth",
            looks: "tall, steep, rocky, snowy, silent, stubborn",
            parts: "a white peak, sharp rocks, a cold stream, a steep path, a shadow as long as a day",
            places: "above the clouds, at the end of the valley, beyond the pines, near the border",
            acts: "stand through every storm, catch the first light, wear a cap of cloud, drop a stone now and then, "
                + "look down on the village",
            uses:
                "give birth to rivers, test your legs, show you the whole valley, shelter the village from the north, "
                + "teach you to take one step at a time",
            feelings: "tiny, proud, out of breath",
            needs: "strong boots, an early start, a good map",
            likenesses: "an old man with white hair, a giant tooth, a staircase to the stars",
            troubles: "hid its path in thick fog > tied a red thread from rock to rock; "
                + "dropped a boulder on the road > found a way around it; "
                + "looked too high to climb > climbed it one step at a time"),
    ]
}
