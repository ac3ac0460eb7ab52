import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = 8;
/** Length, name and checksum of a chunk. */
const AROUND = 12;
const RGB = 3;
const COLOURS = 256;

/** A screenshot (PNG of 8 bits and three colours, as browsers make them) with the 256 colours that it has most of: a third of the bytes. */
export function toSmallPng(png: Buffer): Buffer {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  if (png[24] !== 8 || png[25] !== 2) throw new Error(`a PNG of kind ${png[24]}/${png[25]} cannot be made small`);
  const lines = unfilter(inflateSync(Buffer.concat(dataOf(png))), { height, stride: width * RGB });
  const palette = commonest(lines);
  const nearest = toNearest(palette);
  const rows = lines.map((line) => {
    const row = Buffer.alloc(width + 1);
    for (let x = 0; x < width; x += 1) row[x + 1] = nearest(line.readUIntBE(x * RGB, RGB));
    return row;
  });
  const head = Buffer.from(png.subarray(16, 29));
  head[9] = 3;
  const colours = Buffer.concat(
    palette.map((colour) => Buffer.from([colour >> 16, (colour >> 8) & 255, colour & 255])),
  );
  const data = deflateSync(Buffer.concat(rows), { level: 9 });
  const chunks = [chunk("IHDR", head), chunk("PLTE", colours), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([png.subarray(0, SIGNATURE), ...chunks]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

function dataOf(png: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = SIGNATURE; at < png.length; at += png.readUInt32BE(at) + AROUND)
    if (png.toString("latin1", at + 4, at + 8) === "IDAT")
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  return parts;
}

/** Lines of colours: a PNG has each byte as what it differs from its neighbours by one of five rules. */
function unfilter(raw: Buffer, { height, stride }: { height: number; stride: number }): Buffer[] {
  let above = Buffer.alloc(stride);
  return Array.from({ length: height }, (_, y) => {
    const start = y * (stride + 1);
    const line = Buffer.from(raw.subarray(start + 1, start + 1 + stride));
    for (let x = 0; x < stride; x += 1) {
      const [left, corner] = x < RGB ? [0, 0] : [line[x - RGB] ?? 0, above[x - RGB] ?? 0];
      line[x] = (line[x] ?? 0) + guess(raw[start] ?? 0, { left, corner, up: above[x] ?? 0 });
    }
    above = line;
    return line;
  });
}

function guess(rule: number, { left, up, corner }: Record<"left" | "up" | "corner", number>): number {
  if (rule === 4) {
    const sum = left + up - corner;
    const [toLeft, toUp, toCorner] = [left, up, corner].map((each) => Math.abs(sum - each)) as [number, number, number];
    if (toLeft <= toUp && toLeft <= toCorner) return left;
    return toUp <= toCorner ? up : corner;
  }
  return [0, left, up, (left + up) >> 1][rule] ?? 0;
}

function commonest(lines: readonly Buffer[]): number[] {
  const counts = new Map<number, number>();
  for (const line of lines)
    for (let x = 0; x < line.length; x += RGB) {
      const colour = line.readUIntBE(x, RGB);
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .slice(0, COLOURS)
    .map(([colour]) => colour);
}

/** The place in the palette of what is most like a colour. */
function toNearest(palette: readonly number[]): (colour: number) => number {
  const known = new Map(palette.map((colour, place) => [colour, place]));
  return (colour) => {
    const place = known.get(colour) ?? palette.indexOf(palette.reduce((one, other) => closer(colour, one, other)));
    known.set(colour, place);
    return place;
  };
}

function closer(colour: number, one: number, other: number): number {
  return distance(colour, other) < distance(colour, one) ? other : one;
}

function distance(one: number, other: number): number {
  return [16, 8, 0].reduce((sum, by) => sum + (((one >> by) & 255) - ((other >> by) & 255)) ** 2, 0);
}
