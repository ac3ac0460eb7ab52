import { describe, expect, it } from "vitest";
import { sharedWords, tokensOfMemory, tokensOfQuery, withPlainWords } from "./script-tokens.ts";

const meets = (memory: string, query: string): boolean => {
  const tokens = new Set(tokensOfMemory(memory));
  return tokensOfQuery(query).some((token) => tokens.has(token));
};

describe("tokensOfMemory() and tokensOfQuery()", () => {
  it.each([
    ["Моя КОШКА живёт в Москве", "кошку"],
    ["Моя КОШКА живёт в Москве", "живет"],
    ["هذا هو الكتاب الجديد", "كتاب"],
    ["كتاب جديد", "والكتاب"],
    ["اجتماع في إسبانيا", "اسبانيا"],
    ["我最喜欢的颜色是蓝色", "喜欢什么颜色"],
    ["会議は東京です", "東京"],
    ["ｶﾞﾗｽの皿", "ガラス"],
    ["제 고양이는 검은색입니다", "고양이"],
    ["ฉันชอบสีน้ำเงิน", "สีน้ำเงิน"],
    ["मेरी किताब नीली है", "किताबें"],
    ["η οδός ΑΘΗΝΑΣ", "αθηνας"],
    ["die Straße ist gesperrt", "STRASSE"],
    ["le café de la gare", "cafe"],
    ["the price is 1,234,567 dollars", "1.234.567"],
    ["the price is 12,34,567", "1 234 567"],
    ["السعر ١٬٢٣٤", "1234"],
    ["값은 1,234원", "1234"],
    ["room 007", "7"],
  ])("meet for %s asked as %s", (memory, query) => {
    expect(meets(memory, query)).toBe(true);
  });

  it("do not meet for what is different", () => {
    expect(meets("Моя кошка", "собака")).toBe(false);
    expect(meets("我最喜欢的颜色", "会议时间")).toBe(false);
    expect(meets("the price is 1,234", "1235")).toBe(false);
  });

  it("leave English to the words of Postgres, and short ASCII words out of a query", () => {
    expect(tokensOfMemory("the ferry leaves at noon")).toEqual([]);
    expect(tokensOfQuery("the of and")).toEqual([]);
    expect(tokensOfQuery("ferry")).toEqual(["ferry", "ferr"]);
    expect(tokensOfMemory("، ! ـ")).toEqual([]);
  });

  it("keep one letter alone, and digits of a script without a place in the table", () => {
    expect(tokensOfMemory("猫 ᠑")).toEqual(["猫", "#᠑"]);
  });

  it("are bounded, each and together", () => {
    const long = Array.from({ length: 9_000 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join("");
    expect(tokensOfMemory(long)).toHaveLength(4_000);
    expect(tokensOfQuery(long)).toHaveLength(48);
    for (const token of tokensOfMemory(`${"ж".repeat(500)} ${"9".repeat(500)}`))
      expect(token.length).toBeLessThanOrEqual(40);
  });
});

describe("withPlainWords()", () => {
  it("adds what is ASCII without its accents, once", () => {
    expect(withPlainWords("Café café")).toBe("Café café cafe");
    expect(withPlainWords("the кошка ـ")).toBe("the кошка ـ");
    expect(withPlainWords("37")).toBe("37");
  });
});

describe("sharedWords()", () => {
  it("gives what the content has, as it is written there, once and joined", () => {
    expect(sharedWords("Моя КОШКА и кошка. КОШКА!", tokensOfQuery("кошку"))).toEqual(["КОШКА", "кошка"]);
    expect(sharedWords("我最喜欢的颜色是蓝色", tokensOfQuery("喜欢的动物是蓝色"))).toEqual(["喜欢的", "是蓝色"]);
    expect(sharedWords("it costs 1,234 euro", tokensOfQuery("1234"))).toEqual(["1,234"]);
    expect(sharedWords("nothing", tokensOfQuery("кошка"))).toEqual([]);
  });
});
