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
  const [r, g, b] = light(hex);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Red, green and blue as light, each from 0 to 1. */
function light(hex: string): Triple {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return [r, g, b];
}

/** What is left of red, green and blue light for those who lack a kind of cone: Machado, Oliveira and Fernandes, 2009. */
const EYES = {
  "every cone": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  "no red cones": [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  "no green cones": [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  "no blue cones": [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
} as const;

type Triple = readonly [number, number, number];

const times = (matrix: readonly Triple[], of: Triple): Triple => {
  const [x = 0, y = 0, z = 0] = matrix.map(([a, b, c]) => a * of[0] + b * of[1] + c * of[2]);
  return [x, y, z];
};

/** OKLab of a colour as such eyes see it. */
function seen(hex: string, eyes: keyof typeof EYES): Triple {
  const [l, m, s] = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    times(EYES[eyes], light(hex)),
  );
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    [Math.cbrt(l), Math.cbrt(m), Math.cbrt(s)],
  );
}

/** How far two colours are apart, of about 100 between black and white. */
function distance(a: string, b: string, eyes: keyof typeof EYES): number {
  const [one, other] = [seen(a, eyes), seen(b, eyes)];
  return 100 * Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
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

  test.each(Object.keys(EYES) as (keyof typeof EYES)[])("families are told apart by eyes with %s", (eyes) => {
    const pairs = FAMILIES.flatMap((one, at) => FAMILIES.slice(at + 1).map((other) => [one, other] as const));
    const near = pairs
      .map(([one, other]) => ({ one, other, far: distance(colour(one, theme), colour(other, theme), eyes) }))
      .filter(({ far }) => far < 9);
    expect(near).toEqual([]);
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

test("lengths grow with the text size of the browser: only hairlines are in pixels", () => {
  const src = new URL("../", import.meta.url);
  const own = globSync("**/*.css", { cwd: src }).flatMap((file) =>
    [...readFileSync(new URL(file, src), "utf8").matchAll(/.*?(?<![\w.])(\d+(?:\.\d+)?)px.*/g)]
      .filter(([, length]) => Number(length) > 3)
      .map(([line]) => `${file}: ${line.trim()}`),
  );
  expect(own).toEqual([]);
});
