/** A sentence with an owner (1), a thing (2) and a place (3); asked with the place changed for a word that asks. */
interface Language {
  sentence: string;
  owners: readonly string[];
  things: readonly string[];
  places: readonly string[];
  where: string;
}

export const LANGUAGES: Readonly<Record<string, Language>> = {
  English: {
    sentence: "The $2 of $1 is in the $3",
    owners: ["Anna", "Boris", "Maria"],
    things: ["ticket", "bicycle", "violin", "camera", "notebook", "umbrella", "key", "lamp"],
    places: ["kitchen", "garden", "station", "office"],
    where: "where",
  },
  German: {
    sentence: "$2 von $1 ist in $3",
    owners: ["Jörg", "Käthe", "Björn"],
    things: ["Schlüssel", "Fahrrad", "Geige", "Brötchen", "Äpfel", "Regenschirm", "Bücher", "Lampe"],
    places: ["München", "der Küche", "Köln", "Straßburg"],
    where: "welcher Stadt",
  },
  French: {
    sentence: "$2 de $1 est à $3",
    owners: ["Zoé", "René", "Chloé"],
    things: ["Le vélo", "La clé", "Le carnet", "La caméra", "Le thé", "Le parapluie", "La lampe", "Le violon"],
    places: ["la gare", "Orléans", "l'école", "la forêt"],
    where: "quel endroit",
  },
  Russian: {
    sentence: "$2 у $1 лежит в $3",
    owners: ["Анны", "Бориса", "Марии"],
    things: ["Билет", "Велосипед", "Скрипка", "Камера", "Тетрадь", "Зонт", "Ключ", "Лампа"],
    places: ["кухне", "саду", "вокзале", "офисе"],
    where: "каком месте",
  },
  Arabic: {
    sentence: "$2 $1 موجود في $3",
    owners: ["أحمد", "فاطمة", "يوسف"],
    things: ["كتاب", "مفتاح", "مصباح", "دفتر", "مظلة", "دراجة", "كاميرا", "تذكرة"],
    places: ["المطبخ", "الحديقة", "المحطة", "المكتب"],
    where: "أي مكان",
  },
  Hindi: {
    sentence: "$1 की $2 $3 में है",
    owners: ["अनीता", "राहुल", "मोहन"],
    things: ["किताब", "चाबी", "साइकिल", "छतरी", "घड़ी", "टोपी", "कुर्सी", "टिकट"],
    places: ["रसोई", "बगीचे", "स्टेशन", "दफ़्तर"],
    where: "किस जगह",
  },
  Chinese: {
    sentence: "$1的$2在$3里",
    owners: ["小明", "王芳", "李强"],
    things: ["车票", "自行车", "小提琴", "相机", "笔记本", "雨伞", "钥匙", "台灯"],
    places: ["厨房", "花园", "车站", "办公室"],
    where: "哪",
  },
  Japanese: {
    sentence: "$1の$2は$3にあります",
    owners: ["田中さん", "鈴木さん", "佐藤さん"],
    things: ["切符", "自転車", "バイオリン", "カメラ", "ノート", "傘立て", "かばん", "電灯"],
    places: ["台所", "庭園", "東京駅", "事務所"],
    where: "どこ",
  },
  Korean: {
    sentence: "$1의 $2는 $3에 있습니다",
    owners: ["민수", "영희", "철수"],
    things: ["기차표", "자전거", "바이올린", "카메라", "공책", "우산", "열쇠", "전등"],
    places: ["부엌", "정원", "서울역", "사무실"],
    where: "어디",
  },
  Thai: {
    sentence: "$2ของ$1อยู่ใน$3",
    owners: ["สมชาย", "มาลี", "วิชัย"],
    things: ["ตั๋ว", "จักรยาน", "ไวโอลิน", "กล้อง", "สมุด", "ร่ม", "กุญแจ", "โคมไฟ"],
    places: ["ห้องครัว", "สวน", "สถานี", "สำนักงาน"],
    where: "ที่ไหน",
  },
};

interface Fact {
  told: string;
  asked: string;
}

/** Each owner's each thing. */
export function factsOf({ sentence, owners, things, places, where }: Language): Fact[] {
  return owners.flatMap((owner, i) =>
    things.map((thing, j) => {
      const of = (place: string) => sentence.replace("$1", owner).replace("$2", thing).replace("$3", place);
      return { told: of(places[(i + j) % places.length] as string), asked: of(where) };
    }),
  );
}
