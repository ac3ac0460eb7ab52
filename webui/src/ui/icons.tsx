import type { ReactNode } from "react";
import styles from "./icons.module.css";

/** Icons stand beside a word that says the same, so they are hidden from those who listen. */
function Icon({ children }: { children: ReactNode }): ReactNode {
  return (
    <svg className={styles.icon} viewBox="0 0 16 16" aria-hidden="true">
      {children}
    </svg>
  );
}

export type StatusIcon =
  | "circle"
  | "half"
  | "clock"
  | "diamond"
  | "pause"
  | "check"
  | "cross"
  | "cross-clock"
  | "shield"
  | "minus"
  | "broken";

const SHAPES: Record<StatusIcon, ReactNode> = {
  circle: <circle cx="8" cy="8" r="5.5" />,
  half: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path className={styles.filled} d="M8 2.5a5.5 5.5 0 0 1 0 11Z" />
    </>
  ),
  clock: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 5v3.2l2.2 1.3" />
    </>
  ),
  diamond: <path d="M8 1.8 14.2 8 8 14.2 1.8 8ZM8 5v3.4M8 10.6v.2" />,
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" />,
  check: <path d="m3 8.5 3.2 3.2L13 4.8" />,
  cross: <path d="m4 4 8 8M12 4l-8 8" />,
  "cross-clock": (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="m5.6 5.6 4.8 4.8M10.4 5.6l-4.8 4.8" />
    </>
  ),
  shield: <path d="M8 1.8 13 3.6v4c0 3-2 5.4-5 6.6-3-1.2-5-3.6-5-6.6v-4ZM4.6 11.6 11.8 4.4" />,
  minus: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M5.2 8h5.6" />
    </>
  ),
  broken: <path d="M2 8h3.2l1.4-3 2.2 6 1.4-3H14" />,
};

export function StatusShape({ icon }: { icon: StatusIcon }): ReactNode {
  return <Icon>{SHAPES[icon]}</Icon>;
}

export type RoomIcon = "rows" | "bubble" | "graph" | "braces";

const ROOM_SHAPES: Record<RoomIcon, ReactNode> = {
  rows: <path d="M2 4h1.5M6 4h8M2 8h1.5M6 8h8M2 12h1.5M6 12h8" />,
  graph: <path d="M2.5 3h4v3h-4ZM9.5 10h4v3h-4ZM4.5 6v5.5h5M6.5 4.5h5V10" />,
  braces: (
    <path d="M6 2.5H5c-1 0-1.5.6-1.5 1.5v2c0 1-.5 2-1.5 2 1 0 1.5 1 1.5 2v2c0 .9.5 1.5 1.5 1.5h1M10 2.5h1c1 0 1.5.6 1.5 1.5v2c0 1 .5 2 1.5 2-1 0-1.5 1-1.5 2v2c0 .9-.5 1.5-1.5 1.5h-1" />
  ),
  bubble: <path d="M2.5 3h11v8H8l-3 2.6V11H2.5Z" />,
};

export function RoomShape({ icon }: { icon: RoomIcon }): ReactNode {
  return <Icon>{ROOM_SHAPES[icon]}</Icon>;
}

export function SearchIcon(): ReactNode {
  return (
    <Icon>
      <circle cx="7" cy="7" r="4.2" />
      <path d="m10.2 10.2 3.3 3.3" />
    </Icon>
  );
}

export function ImageIcon(): ReactNode {
  return (
    <Icon>
      <path d="M2.5 3.5h11v9h-11ZM2.5 11l3.2-3.4 2.6 2.4 1.9-1.8 3.3 3.3M2 2l12 12" />
    </Icon>
  );
}

export function Mark(): ReactNode {
  return (
    <Icon>
      <circle className={styles.filled} cx="4.5" cy="8" r="2.2" />
      <circle className={styles.filled} cx="11.5" cy="4.5" r="1.7" />
      <circle className={styles.filled} cx="11.5" cy="11.5" r="1.7" />
      <path d="m4.5 8 7-3.5M4.5 8l7 3.5" />
    </Icon>
  );
}
