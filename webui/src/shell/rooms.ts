import type { RoomIcon } from "../ui/icons.tsx";

/** A part of the product that has a page of its own. */
interface Room {
  name: string;
  path: string;
  /** Pressed after `g`, it leads here. */
  key: string;
  icon: RoomIcon;
  /** First parts of addresses that belong to it. */
  owns: readonly string[];
}

/** What the navigation, the palette and the keys lead to, in this order: a room that is built is a line here. */
export const ROOMS: readonly Room[] = [
  { name: "Runs", path: "/runs", key: "r", icon: "rows", owns: ["runs"] },
  { name: "Chat", path: "/chat", key: "c", icon: "bubble", owns: ["", "chat", "sessions"] },
  { name: "Agents", path: "/agents", key: "a", icon: "graph", owns: ["agents"] },
  { name: "API", path: "/api", key: "p", icon: "braces", owns: ["api"] },
];

/** Whether an address is one of the room's. */
export function isOf(room: Room, path: string): boolean {
  return room.owns.includes(path.split("/")[1] ?? "");
}
