import { readdirSync } from "node:fs";
import { GROUNDS, ROWS, type Row } from "./rooms.ts";

const root = new URL("../", import.meta.url);

/** Packages that stand under `subgraphs/` and have no rooms of a subgraph. */
const NO_SUBGRAPH = ["sdk", "shared"];
const NO_ROOM = ["node_modules", "testing"];
const FREE = ["!**/*.test.ts", "!**/*.test.tsx", "!**/testing/**", "!**/*.contract.ts"];

interface Pattern {
  group: readonly string[];
  message: string;
}

interface Rooms {
  gateway: string[];
  webui: string[];
  /** Rooms within one of the page's. */
  pages: string[];
  subgraphs: string[];
  /** The rooms of subgraphs that no row names: each is the craft of one of them. */
  trade: string[];
}

function foldersIn(path: string): string[] {
  return readdirSync(new URL(path, root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NO_ROOM.includes(entry.name))
    .map((entry) => entry.name)
    .sort();
}

/** Folders with sources; an empty one that a move left behind is no room. */
function roomsIn(path: string): string[] {
  return foldersIn(path).filter((name) =>
    readdirSync(new URL(`${path}${name}/`, root), { recursive: true }).some((file) => String(file).endsWith(".ts")),
  );
}

function findRooms(): Rooms {
  const names = foldersIn("subgraphs/").filter((name) => !NO_SUBGRAPH.includes(name));
  const subgraphs = [...new Set(names.flatMap((name) => roomsIn(`subgraphs/${name}/`)))].sort();
  const named = (room: string): boolean => ROWS.some(({ files }) => files.includes(`subgraphs/*/${room}/**`));
  return {
    gateway: roomsIn("gateway/"),
    webui: roomsIn("webui/src/"),
    pages: roomsIn("webui/src/pages/"),
    subgraphs,
    trade: subgraphs.filter((room) => !named(room)),
  };
}

function packagesPattern({ files, packages }: Row): Pattern {
  const allowed = packages.flatMap((name) =>
    name.includes("/") ? [`!@soma/${name}`] : [`!@soma/${name}`, `!@soma/${name}/**`],
  );
  const names = packages.length === 0 ? "none" : `only ${packages.join(", ")}`;
  return {
    group: ["@soma/*", "@soma/*/**", ...allowed],
    message: `Of our packages, ${files.join(" and ")} may import ${names}: see lint/rooms.ts.`,
  };
}

/** Forbids by the folder's name in a relative path, from any depth: "../store/x.ts", "../../store/x.ts". */
function roomsPattern({ files, rooms }: Row, all: Rooms): Pattern | undefined {
  if (rooms === undefined) return undefined;
  const allowed = rooms.flatMap((room) => (room === "<trade>" ? all.trade : [room]));
  const [part] = (files[0] ?? "").split("/");
  const around = part === "gateway" ? all.gateway : part === "webui" ? [...all.webui, ...all.pages] : all.subgraphs;
  const forbidden = around.filter(
    (room) => !allowed.includes(room) && !files.some((glob) => glob.includes(`/${room}/`)),
  );
  const names = rooms.length === 0 ? "no other room" : `of the other rooms only ${rooms.join(", ")}`;
  return {
    group: forbidden.map((room) => `../**/${room}/**`),
    message: `${files.join(" and ")} may import ${names}: see lint/rooms.ts.`,
  };
}

function toOverride(row: Row, all: Rooms): object {
  const patterns = [packagesPattern(row), roomsPattern(row, all)].filter((pattern) => pattern !== undefined);
  if (row.ground !== undefined) {
    const { never, why } = GROUNDS[row.ground];
    patterns.push({ group: never, message: why });
  }
  const files = row.files.flatMap((glob) =>
    glob.includes("<trade>") ? all.trade.map((room) => glob.replace("<trade>", room)) : [glob],
  );
  const outside = row.files.some((glob) => glob.startsWith("subgraphs/*/"))
    ? NO_SUBGRAPH.map((name) => `!subgraphs/${name}/**`)
    : [];
  return {
    includes: [...files, ...outside, ...FREE],
    linter: { rules: { style: { noRestrictedImports: { level: "error", options: { patterns } } } } },
  };
}

/** A row of `<page>` is one for each page. */
function toRows(row: Row, { pages }: Rooms): Row[] {
  if (!row.files.some((glob) => glob.includes("<page>"))) return [row];
  return pages.map((page) => ({ ...row, files: row.files.map((glob) => glob.replace("<page>", page)) }));
}

/** The text of lint/rooms.biome.json, which biome.json extends. */
export function toBiome(): string {
  const all = findRooms();
  const rows = ROWS.flatMap((row) => toRows(row, all));
  return `${JSON.stringify({ overrides: rows.map((row) => toOverride(row, all)) }, null, 2)}\n`;
}
