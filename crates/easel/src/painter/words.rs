//! The lexicon: which words of a prompt mean something that can be painted. English, with the Hindi (in Devanagari and
//! as people type it in Latin letters) that our customers use. It decides nothing about the picture.

/// Something that a prompt can ask for. Each variant is the English word that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[rustfmt::skip]
pub enum Word {
    // Places.
    Mountain, Hill, Sea, Beach, Lake, River, Waterfall, Forest, City, Street, Desert, Meadow, Garden, Village, House,
    Temple, Palace, Castle, Island, Bridge, Space, Planet, Galaxy,
    // Time and light.
    Sunset, Sunrise, Night, Day, Dusk, Golden,
    // Weather and season.
    Snow, Rain, Storm, Fog, Clouds, Aurora, Rainbow, Autumn, Spring, Summer,
    // Subjects.
    Portrait, Woman, Man, Child, Cat, Dog, Deer, Elephant, Bird, Boat, Tree, Palm, Pine, Moon, Sun, Stars, Balloon,
    Lighthouse, Lotus, Rose, Sunflower, Flower, Lantern, Abstract,
    // Colours.
    Red, Orange, Yellow, Green, Teal, Blue, Purple, Pink, Gold, Brown, White, Black, Mono, Pastel, Vivid, Dark,
    // Finishes.
    Watercolor, Oil, Ink, Poster, Minimal,
}

/// A set of words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words(u128);

impl Words {
    /// Adds a word.
    pub fn insert(&mut self, word: Word) {
        self.0 |= 1 << word as u8;
    }

    /// Takes a word away.
    pub fn remove(&mut self, word: Word) {
        self.0 &= !(1 << word as u8);
    }

    /// These words but for those.
    #[must_use]
    pub fn without(self, unwanted: Self) -> Self {
        Self(self.0 & !unwanted.0)
    }

    /// Whether the word is there.
    pub fn has(self, word: Word) -> bool {
        self.0 & (1 << word as u8) != 0
    }

    /// Whether any of these is there.
    pub fn any(self, words: &[Word]) -> bool {
        words.iter().any(|&word| self.has(word))
    }
}

/// The meaning of a token, which may be two words joined by a space.
pub fn meaning(token: &str) -> Option<Word> {
    LEXICON.iter().find(|(_, names)| names.split(',').any(|name| name == token)).map(|&(word, _)| word).or_else(|| {
        let singular = singular(token)?;
        LEXICON.iter().find(|(_, names)| names.split(',').any(|name| name == singular)).map(|&(word, _)| word)
    })
}

/// The singular of a plain English plural.
fn singular(token: &str) -> Option<String> {
    if let Some(stem) = token.strip_suffix("ies") {
        return Some(format!("{stem}y"));
    }
    for ending in ["es", "s"] {
        if let Some(stem) = token.strip_suffix(ending)
            && LEXICON.iter().any(|(_, names)| names.split(',').any(|name| name == stem))
        {
            return Some(stem.to_owned());
        }
    }
    None
}

/// Words that take the next thing away.
pub const NEGATIONS: &[&str] = &["no", "not", "without", "minus", "bina", "nahi", "बिना"];

/// Words without weight: they neither mean anything nor sway the picture.
pub const FILLERS: &[&str] = &[
    "a",
    "an",
    "the",
    "of",
    "in",
    "on",
    "at",
    "with",
    "and",
    "or",
    "by",
    "to",
    "from",
    "over",
    "under",
    "is",
    "are",
    "its",
    "my",
    "ka",
    "ki",
    "ke",
    "mein",
    "me",
    "par",
    "aur",
    "का",
    "की",
    "के",
    "में",
    "पर",
    "और",
    "please",
    "image",
    "picture",
    "photo",
    "create",
    "generate",
    "make",
    "draw",
    "show",
];

#[rustfmt::skip]
const LEXICON: &[(Word, &str)] = &[
    (Word::Mountain, "mountain,mountainous,peak,alp,himalaya,himalayan,summit,cliff,everest,fuji,ridge,glacier,volcano,pahad,parvat,पहाड़,पर्वत,हिमालय"),
    (Word::Hill, "hill,rolling hill,countryside,highland,tea garden,munnar,pahadi,पहाड़ी"),
    (Word::Sea, "sea,ocean,wave,seascape,bay,harbour,harbor,coast,water,samudra,samundar,sagar,समुद्र,सागर"),
    (Word::Beach, "beach,shore,seaside,goa,sand beach,समुद्रतट"),
    (Word::Lake, "lake,pond,lagoon,fjord,reservoir,backwater,jheel,झील,reflection"),
    (Word::River, "river,stream,creek,brook,ganga,ganges,nadi,नदी,गंगा"),
    (Word::Waterfall, "waterfall,cascade,jharna,झरना"),
    (Word::Forest, "forest,wood,woods,woodland,jungle,grove,rainforest,van,जंगल,वन"),
    (Word::City, "city,skyline,cityscape,downtown,metropolis,town,skyscraper,urban,mumbai,delhi,bengaluru,tokyo,new york,shahar,nagar,शहर,नगर,मुंबई,दिल्ली"),
    (Word::Street, "street,alley,road,avenue,lane,bazaar,market,cyberpunk,sadak,gali,सड़क,गली,बाज़ार"),
    (Word::Desert, "desert,dune,sahara,thar,rajasthan,arid,registan,रेगिस्तान"),
    (Word::Meadow, "meadow,field,grass,grassland,prairie,pasture,lavender,wheat,khet,maidan,खेत,मैदान"),
    (Word::Garden, "garden,park,bagh,bagicha,बाग,बगीचा"),
    (Word::Village, "village,hamlet,cottagecore,gaon,गाँव,गांव"),
    (Word::House, "house,cottage,cabin,hut,home,barn,farmhouse,ghar,makaan,घर,मकान"),
    (Word::Temple, "temple,pagoda,shrine,monastery,mandir,मंदिर"),
    (Word::Palace, "palace,taj mahal,taj,mahal,mosque,haveli,dome,ताजमहल,महल"),
    (Word::Castle, "castle,fortress,fort,tower,ruin,qila,kila,किला"),
    (Word::Island, "island,tropical,maldives,hawaii,andaman,lakshadweep,dweep,द्वीप"),
    (Word::Bridge, "bridge,pul,पुल"),
    (Word::Space, "space,cosmos,cosmic,universe,nebula,astronaut,interstellar,antariksh,अंतरिक्ष"),
    (Word::Planet, "planet,saturn,jupiter,mars,alien world,grah,ग्रह"),
    (Word::Galaxy, "galaxy,milky way,akashganga,आकाशगंगा"),
    (Word::Sunset, "sunset,sundown,evening,suryast,shaam,sham,सूर्यास्त,शाम"),
    (Word::Sunrise, "sunrise,dawn,morning,daybreak,suryoday,subah,सूर्योदय,सुबह"),
    (Word::Night, "night,midnight,nighttime,nocturnal,moonlit,moonlight,starlit,raat,rat,रात,neon"),
    (Word::Day, "day,noon,midday,daylight,sunny,blue sky,din,dopahar,दिन,दोपहर"),
    (Word::Dusk, "dusk,twilight,blue hour,gloaming,sandhya,संध्या"),
    (Word::Golden, "golden,golden hour,warm light,amber,sunlit,sunlight,सुनहरा,sunehra"),
    (Word::Snow, "snow,snowy,winter,snowfall,ice,icy,frozen,frost,blizzard,christmas,baraf,barf,बर्फ"),
    (Word::Rain, "rain,rainy,drizzle,monsoon,downpour,wet,barish,baarish,varsha,बारिश,वर्षा,मानसून"),
    (Word::Storm, "storm,stormy,thunder,thunderstorm,lightning,tempest,hurricane,toofan,aandhi,तूफान,तूफ़ान"),
    (Word::Fog, "fog,foggy,mist,misty,haze,hazy,smoke,dhundh,kohra,कोहरा,धुंध"),
    (Word::Clouds, "cloud,cloudy,overcast,cloudscape,badal,बादल"),
    (Word::Aurora, "aurora,northern light,borealis,aurora borealis"),
    (Word::Rainbow, "rainbow,indradhanush,इंद्रधनुष"),
    (Word::Autumn, "autumn,fall,autumnal,october,maple,chinar,patjhad,पतझड़"),
    (Word::Spring, "spring,cherry blossom,sakura,blossom,vasant,basant,वसंत,बसंत"),
    (Word::Summer, "summer,garmi,गर्मी"),
    (Word::Portrait, "portrait,face,headshot,bust,person,human,people,crowd,selfie,chehra,vyakti,log,चेहरा,व्यक्ति,लोग"),
    (Word::Woman, "woman,women,girl,lady,queen,princess,bride,mother,goddess,she,aurat,ladki,mahila,rani,औरत,लड़की,महिला,रानी"),
    (Word::Man, "man,men,boy,gentleman,king,warrior,monk,father,wizard,samurai,he,aadmi,ladka,raja,आदमी,लड़का,राजा"),
    (Word::Child, "child,children,kid,baby,bachcha,बच्चा"),
    (Word::Cat, "cat,kitten,kitty,feline,billi,बिल्ली"),
    (Word::Dog, "dog,puppy,hound,wolf,fox,kutta,कुत्ता"),
    (Word::Deer, "deer,stag,elk,antelope,reindeer,hiran,हिरण"),
    (Word::Elephant, "elephant,hathi,haathi,हाथी"),
    (Word::Bird, "bird,eagle,seagull,gull,crane,swallow,flock,crow,peacock,chidiya,pakshi,चिड़िया,पक्षी"),
    (Word::Boat, "boat,ship,sailboat,yacht,sail,vessel,canoe,fishing boat,shikara,houseboat,naav,nav,नाव,जहाज"),
    (Word::Tree, "tree,oak,banyan,willow,ped,vriksh,पेड़,वृक्ष"),
    (Word::Palm, "palm,coconut,palm tree,nariyal,नारियल"),
    (Word::Pine, "pine,fir,spruce,conifer,deodar,cedar,taiga"),
    (Word::Moon, "moon,lunar,full moon,crescent,crescent moon,chand,chaand,चाँद,चांद"),
    (Word::Sun, "sun,suraj,surya,सूरज,सूर्य"),
    (Word::Stars, "star,starry,stargazing,constellation,tara,taare,sitare,तारा,तारे,सितारे"),
    (Word::Balloon, "balloon,hot air balloon,air balloon,gubbara,गुब्बारा"),
    (Word::Lighthouse, "lighthouse,light house,beacon,prakashstambh"),
    (Word::Lotus, "lotus,water lily,lily,waterlily,kamal,कमल"),
    (Word::Rose, "rose,peony,camellia,dahlia,gulab,गुलाब"),
    (Word::Sunflower, "sunflower,daisy,marigold,chrysanthemum,surajmukhi,genda,सूरजमुखी,गेंदा"),
    (Word::Flower, "flower,floral,bloom,wildflower,bouquet,tulip,poppy,orchid,phool,फूल"),
    (Word::Lantern, "lantern,lamp,diya,diwali,deepavali,candle,firefly,festival,deepak,दीया,दीपक,दिवाली,दीवाली"),
    (Word::Abstract, "abstract,fluid,swirl,psychedelic,marble,texture,pattern,gradient,wallpaper,amoort,अमूर्त"),
    (Word::Red, "red,crimson,scarlet,ruby,maroon,lal,laal,लाल"),
    (Word::Orange, "orange,tangerine,saffron,kesari,narangi,केसरिया,नारंगी"),
    (Word::Yellow, "yellow,lemon,peela,पीला"),
    (Word::Green, "green,emerald,lush,hara,हरा"),
    (Word::Teal, "teal,turquoise,cyan,aqua,mint"),
    (Word::Blue, "blue,azure,sapphire,indigo,navy,cobalt,neela,नीला"),
    (Word::Purple, "purple,violet,lilac,mauve,magenta,vaporwave,synthwave,baingani,बैंगनी"),
    (Word::Pink, "pink,fuchsia,blush,gulabi,गुलाबी"),
    (Word::Gold, "gold,gilded,brass,sona,सोना"),
    (Word::Brown, "brown,sepia,chocolate,bhura,भूरा"),
    (Word::White, "white,ivory,safed,सफेद,सफ़ेद"),
    (Word::Black, "black,kala,काला"),
    (Word::Mono, "monochrome,monochromatic,black and white,black white,grayscale,greyscale,bw,gray,grey,noir"),
    (Word::Pastel, "pastel,soft,dreamy,gentle,delicate,muted"),
    (Word::Vivid, "vivid,vibrant,colorful,colourful,saturated,bold,rangeen,holi,रंगीन,होली"),
    (Word::Dark, "dark,moody,gloomy,gothic,dramatic,mysterious,ominous"),
    (Word::Watercolor, "watercolor,watercolour,aquarelle,gouache"),
    (Word::Oil, "oil,oil painting,impasto,impressionist,impressionism,monet,van gogh,brushstroke,painterly"),
    (Word::Ink, "ink,sumi,sumi e,calligraphy,ink wash,charcoal,pencil,sketch,drawing,etching"),
    (Word::Poster, "poster,flat,vector,screenprint,ukiyo,ukiyo e,woodblock,retro,vintage,travel poster,illustration,art deco"),
    (Word::Minimal, "minimal,minimalist,minimalism,simple,clean,zen"),
];
