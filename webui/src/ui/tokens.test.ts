import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name = "", light = "", dark = ""]) => [
    name,
    { light, dark },
  ]),
);

function colour(name: string, theme: "light" | "dark"): string {
  const token = tokens.get(name);
  if (token === undefined) throw new Error(`tokens.css has no colour --${name}`);
  return token[theme];
}

/** WCAG 2.2 contrast of two #rrggbb colours. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const FAMILIES = ["neutral", "running", "attention", "succeeded", "failed", "denied"];
const TEXTS = ["text", "muted", "faint", "accent", ...FAMILIES];
const SURFACES = ["bg", "panel", "raised"];

describe.each(["light", "dark"] as const)("tokens.css in %s", (theme) => {
  test.each(TEXTS.flatMap((text) => SURFACES.map((surface) => [text, surface] as const)))(
    "--%s can be read on --%s",
    (text, surface) => {
      expect(contrast(colour(text, theme), colour(surface, theme))).toBeGreaterThanOrEqual(4.5);
    },
  );

  test.each(FAMILIES)("--%s can be read on its own tint", (family) => {
    expect(contrast(colour(family, theme), colour(`${family}-tint`, theme))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(FAMILIES)("text and muted text can be read on --%s-tint", (family) => {
    expect(contrast(colour("text", theme), colour(`${family}-tint`, theme))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour("muted", theme), colour(`${family}-tint`, theme))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(SURFACES)("--control is seen on --%s", (surface) => {
    expect(contrast(colour("control", theme), colour(surface, theme))).toBeGreaterThanOrEqual(3);
  });

  test("--bg can be read on --accent, as on the button that sends", () => {
    expect(contrast(colour("bg", theme), colour("accent", theme))).toBeGreaterThanOrEqual(4.5);
  });
});

test("texts have the four sizes of tokens.css and no other", () => {
  const src = new URL("../", import.meta.url);
  const files = globSync("**/*.css", { cwd: src });
  expect(files.length).toBeGreaterThan(10);
  const own = files.flatMap((file) =>
    [
      ...readFileSync(new URL(file, src), "utf8").matchAll(/font(?:-size)?:(?!.*(?:var\(--size-[smlx]+\)|inherit)).*/g),
    ].map(([line]) => `${file}: ${line}`),
  );
  expect(own).toEqual([]);
});
