import { type ReactNode, useCallback, useState } from "react";
import { Link, useLocation } from "wouter";
import { RoomShape } from "../ui/icons.tsx";
import type { WhoseProps } from "./facts.tsx";
import { Header } from "./header.tsx";
import { KeySheet } from "./key-sheet.tsx";
import type { Act } from "./keys.ts";
import { Palette } from "./palette.tsx";
import { isOf, ROOMS } from "./rooms.ts";
import styles from "./shell.module.css";
import { useKeys } from "./use-keys.ts";

interface ShellProps extends WhoseProps {
  children: ReactNode;
}

/** Header, the rooms, and what the place fills in, with a `main` of the id "main" in it. */
export function Shell({ tenant, subject, children }: ShellProps): ReactNode {
  const [over, setOver] = useState<"palette" | "keys">();
  const [, navigate] = useLocation();
  const act = useCallback(
    (what: Act): void => {
      const field = what.do === "search" ? document.querySelector<HTMLElement>("main input[type=search]") : null;
      if (what.do === "go") navigate(what.path);
      else if (what.do === "page") what.key.does?.();
      else if (field !== null) field.focus();
      else setOver(what.do === "keys" ? "keys" : "palette");
    },
    [navigate],
  );
  useKeys(act);
  const close = (): void => setOver(undefined);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      <Header tenant={tenant} subject={subject} onSearch={() => setOver("palette")} />
      <Rooms />
      <div className={styles.page}>{children}</div>
      {over === "palette" ? <Palette {...{ tenant, subject }} onClose={close} onKeys={() => setOver("keys")} /> : null}
      {over === "keys" ? <KeySheet onClose={close} /> : null}
    </div>
  );
}

function Rooms(): ReactNode {
  const [path] = useLocation();
  return (
    <nav className={styles.rooms} aria-label="Rooms">
      {ROOMS.map((room) => (
        <Link key={room.path} href={room.path} aria-current={isOf(room, path) ? "page" : undefined}>
          <RoomShape icon={room.icon} />
          {room.name}
        </Link>
      ))}
    </nav>
  );
}
