/**
 * Of texts whose contrast axe leaves undecided, as it does where parts of the page lie over each other: those that cannot be
 * read on the nearest ground of one colour that they stand in. What stands on a pattern, or is not whole in colour, stays
 * undecided. It runs in the page, with nothing from around it.
 */
export function findUnreadable(places: string[]): string[] {
  const toParts = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = toParts(colour).map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (from: Element): string | undefined => {
    for (let at: Element | null = from; at !== null; at = at.parentElement) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(at);
      const alpha = toParts(backgroundColor)[3] ?? 1;
      if (opacity !== "1" || backgroundImage !== "none" || (alpha > 0 && alpha < 1)) return undefined;
      if (alpha === 1) return backgroundColor;
    }
    return undefined;
  };
  return places.flatMap((place) => {
    const element = document.querySelector(place);
    const ground = element === null ? undefined : groundOf(element);
    if (element === null || ground === undefined || !element.checkVisibility()) return [];
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const [dark = 0, light = 0] = [luminance(color), luminance(ground)].sort((a, b) => a - b);
    const isLarge = Number.parseFloat(fontSize) >= (Number(fontWeight) >= 700 ? 18.66 : 24);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast >= (isLarge ? 3 : 4.5)) return [];
    return [`contrast ${contrast.toFixed(2)}, ${color} on ${ground}: ${element.outerHTML.slice(0, 200)}`];
  });
}
