extension Subject {
    static let animals: [Subject] = [
        Subject(
            "cat", kind: "a small animal",
            looks: "soft, quiet, curious, clever, sleepy, proud",
            parts: "soft paws, a long tail, green eyes, fine whiskers, a warm coat",
            places: "on the sofa, under the table, by the fire, on the garden wall",
            acts: "sleep on a sunny sill, chase a piece of string, purr in your lap, climb the curtains, "
                + "wash behind its ears",
            uses: "keep you company, chase the mice away, warm your lap in winter, teach you how to rest, "
                + "listen to all your secrets",
            feelings: "calm, loved, cosy",
            needs: "a bowl of milk, a soft cushion, a careful hand",
            likenesses: "a tiny tiger, a ball of wool, a small warm cloud",
            troubles: "got stuck in a tall tree > brought a long ladder; "
                + "lost its way in the fog > called its name until it came; "
                + "was afraid of the thunder > wrapped it in a blanket"),
        Subject(
            "dog", kind: "a loyal animal",
            looks: "brave, playful, noisy, cheerful, faithful, muddy",
            parts: "a wet nose, floppy ears, a wagging tail, muddy paws, big brown eyes",
            places: "by the front door, in the park, under the kitchen chair, on the beach",
            acts: "wag its tail, dig in the sand, bark at the postman, run after a ball, wait at the gate",
            uses: "guard the house, greet you at the door, take you for long walks, cheer you up on bad days, "
                + "find lost shoes",
            feelings: "safe, brave, less alone",
            needs: "a long walk, a good bone, an old slipper",
            likenesses: "a furry friend, a bouncing ball, a faithful shadow",
            troubles: "ran after a squirrel and got lost > followed the muddy prints; "
                + "hid its bone and forgot the place > dug up half the yard; "
                + "hurt its paw on a stone > tied a clean cloth around it"),
        Subject(
            "owl", kind: "a bird of the night",
            looks: "wise, silent, watchful, fluffy, solemn, patient",
            parts: "round yellow eyes, silent wings, a hooked beak, speckled feathers, sharp claws",
            places: "in the old oak, above the barn door, in the dark woods, on the church roof",
            acts: "hunt by moonlight, turn its head right around, hoot at midnight, doze all day, "
                + "watch the dark fields",
            uses: "keep the barn free of mice, guard the night, teach you to listen, fill the dark with soft hoots, "
                + "show you how to be patient",
            feelings: "thoughtful, curious, wide awake",
            needs: "a dark night, a hollow tree, a silent wood",
            likenesses: "a wise old teacher, a feathered clock, a ghost with wings",
            troubles: "lost its tree in a storm > built a wooden box for it; "
                + "broke a feather on a branch > kept it in a basket of straw; "
                + "grew too shy to hoot > hooted softly until it answered"),
        Subject(
            "bee", kind: "a busy insect",
            looks: "busy, tiny, striped, hard-working, fuzzy, determined",
            parts: "thin wings, a striped coat, six little legs, a sharp sting, a dusting of pollen",
            places: "among the flowers, in the hive, near the lavender, above the clover",
            acts: "buzz from flower to flower, gather sweet nectar, dance for its sisters, carry yellow pollen, "
                + "follow the sun",
            uses: "make honey for us, help the fruit grow, visit every flower, teach you to work hard, "
                + "bring the summer to life",
            feelings: "busy, hopeful, lively",
            needs: "open flowers, a dry hive, a warm day",
            likenesses: "a flying button, a tiny yellow engine, a drop of honey with wings",
            troubles: "fell into a puddle > lifted it out with a leaf; "
                + "lost its way back to the hive > carried it there on a flower; "
                + "grew weak in the cold wind > gave it a drop of sugar water"),
        Subject(
            "frog", kind: "a jumping animal",
            looks: "green, slippery, jumpy, loud, wet, wide-eyed",
            parts: "long back legs, sticky toes, a wide mouth, bulging eyes, smooth green skin",
            places: "by the pond, on a lily pad, under a mossy log, in the tall reeds",
            acts: "leap into the water, croak in the evening, catch flies with its tongue, float among the lilies, "
                + "hide in the mud",
            uses: "eat the biting flies, tell you when rain is near, show that the pond is clean, "
                + "teach you to jump before you think, fill the evening with noise",
            feelings: "amused, light, springy",
            needs: "a shallow pond, a damp stone, plenty of flies",
            likenesses: "a green spring, a king without a crown, a wet little drum",
            troubles: "fell into a deep bucket > tipped the bucket over; "
                + "found its pond dried up > dug a new one by the gate; "
                + "lost its voice before the big concert > gave it a sip of cool water"),
        Subject(
            "fox", kind: "a wild animal",
            looks: "clever, red, swift, careful, hungry, bold",
            parts: "a bushy tail, pointed ears, bright eyes, a narrow nose, black feet",
            places: "at the edge of the woods, behind the hen house, in a deep den, across the snowy field",
            acts: "slip through the hedge, trot along the wall, hunt at dusk, listen for mice under the snow, "
                + "play with its cubs",
            uses: "keep the rabbits on their toes, clear the fields of mice, teach you to be clever, "
                + "add a flash of colour to the winter, remind you that the woods are alive",
            feelings: "alert, clever, a little wild",
            needs: "a dry den, a wide field, an open hedge",
            likenesses: "a flame on four legs, a clever thief, a red scarf in the grass",
            troubles: "caught its foot in a wire > cut the wire with care; "
                + "stole one hen too many > fixed the fence and left it some scraps; "
                + "lost a cub in the dark > held up a lamp until they met"),
        Subject(
            "horse", kind: "a strong animal",
            looks: "strong, graceful, tall, fast, steady, noble",
            parts: "a long mane, strong legs, heavy hooves, a velvet nose, a shining coat",
            places: "in the green meadow, in the stable, on the dusty road, beside the plough",
            acts: "gallop across the field, pull a heavy cart, stamp its hooves, eat hay from your hand, "
                + "toss its mane",
            uses: "carry you over the hills, pull the plough, win your trust slowly, teach you to sit up straight, "
                + "work from dawn to dusk",
            feelings: "strong, free, proud",
            needs: "fresh hay, a firm saddle, a wide meadow",
            likenesses: "a storm with four legs, a proud king, a warm wall that breathes",
            troubles: "lost a shoe on the rocky path > fetched the blacksmith; "
                + "refused to cross the stream > walked ahead through the water; "
                + "jumped the fence and ran off > waited by the gate with an apple"),
        Subject(
            "duck", kind: "a water bird",
            looks: "plump, waddling, waterproof, chatty, funny, neat",
            parts: "a flat beak, webbed feet, a curly tail feather, oily wings, a row of ducklings",
            places: "on the pond, in the reeds, under the willow, beside the mill",
            acts: "paddle in circles, quack at strangers, dive for weeds, waddle across the road, "
                + "shake the water off its back",
            uses: "lay large eggs, eat the slugs in the lettuce, make you laugh with its walk, "
                + "show its young how to swim, let troubles roll off its back",
            feelings: "amused, relaxed, light-hearted",
            needs: "a calm pond, a few crumbs, a nest of reeds",
            likenesses: "a small feathered boat, a grumpy old uncle, a floating pillow",
            troubles: "counted its ducklings and one was gone > found it asleep in a boot; "
                + "got its foot stuck in a net > freed it with a pair of scissors; "
                + "was blown off the pond by the wind > carried it back under one arm"),
        Subject(
            "rabbit", kind: "a shy animal",
            looks: "shy, quick, furry, nervous, brown, nimble",
            parts: "long ears, a white tail, strong hind legs, a twitching nose, thick fur",
            places: "in the clover, down a deep burrow, among the carrots, at the foot of the hill",
            acts: "nibble a carrot, hop over the grass, thump its foot, wiggle its nose, disappear down a hole",
            uses: "trim the grass for free, teach you to move quietly, warn its friends of danger, "
                + "bring life to an empty field, make even grown men speak softly",
            feelings: "tender, calm, playful",
            needs: "a crisp carrot, a safe burrow, a patch of clover",
            likenesses: "a puff of smoke with ears, a brown glove, a cotton ball in a hurry",
            troubles: "ate too many carrots to fit through its hole > made the hole a little wider; "
                + "froze with fear in the road > stood in the way of the carts; "
                + "found its burrow full of water > gave it a dry box of hay"),
        Subject(
            "snail", kind: "a slow animal",
            looks: "slow, small, shy, slimy, patient, peaceful",
            parts: "a spiral shell, two soft horns, a silver trail, one slippery foot, a hidden mouth",
            places: "under a wet leaf, on the garden path, behind the flower pot, on the cabbage",
            acts: "creep along the wall, hide in its shell, munch on lettuce, leave a silver line, "
                + "take all day to cross the path",
            uses: "show you that slow is fine, carry its own roof, teach you to look down, tidy up fallen leaves, "
                + "prove that nobody has to hurry",
            feelings: "unhurried, peaceful, patient",
            needs: "a damp leaf, a rainy night, plenty of time",
            likenesses: "a tiny caravan, a button that walks, a very slow letter",
            troubles: "set out on a race and fell asleep > moved the finish line closer; "
                + "cracked its shell on a stone > kept it safe in a jar of moss; "
                + "got stuck on a hot dry step > made a small path of water"),
        Subject(
            "whale", kind: "a giant of the deep",
            looks: "huge, slow-moving, deep-voiced, mighty, mysterious, grey",
            parts: "a wide tail, a small bright eye, a blowhole, thick skin, a heart as big as a cart",
            places: "in the deep water, far from the shore, under the northern ice, beside the fishing boats",
            acts: "sing under the waves, leap out of the water, dive into the dark, swim around the world, "
                + "blow a tall fountain",
            uses: "feed a thousand small fish, carry songs across the ocean, make sailors hold their breath, "
                + "remind you how small you are, keep the deep water healthy",
            feelings: "small, amazed, humble",
            needs: "open water, clouds of tiny shrimps, a cold current",
            likenesses: "an island that swims, a deep bell, a ship without sails",
            troubles: "swam into a bay and got stuck > dug a channel before the tide; "
                + "got caught in an old net > cut the ropes one by one; "
                + "lost its calf in a storm > tapped on the hull until it heard"),
        Subject(
            "hedgehog", kind: "a prickly animal",
            looks: "prickly, round, snuffling, private, small-eyed, stubborn",
            parts: "a thousand spines, a pointed snout, short legs, tiny black eyes, a soft belly",
            places: "under the hedge, in a pile of leaves, behind the shed, near the compost",
            acts: "roll into a ball, snuffle for worms, sleep through the winter, wander at night, "
                + "rustle in the leaves",
            uses: "eat the slugs for you, keep the cabbages safe, teach you to mind your distance, "
                + "show that a prickly friend can be sweet, warn you that autumn is here",
            feelings: "careful, fond, amused",
            needs: "a heap of dry leaves, a gap in the fence, a saucer of water",
            likenesses: "a walking brush, a chestnut with feet, a tiny angry haystack",
            troubles: "rolled down the hill by mistake > caught it in a straw hat; "
                + "fell asleep under the bonfire > moved every branch away; "
                + "got its nose stuck in a cup > pulled it free with a soft pop"),
    ]
}
