import {
  type ComponentProps,
  type KeyboardEvent,
  memo,
  type ReactNode,
  type RefObject,
  useEffect,
  useState,
} from "react";
import { usePageKeys } from "../../ui/page-keys.ts";
import { useRows } from "../../ui/use-rows.ts";
import { type ListKey, toListKey } from "./list-keys.ts";
import styles from "./row-list.module.css";

interface RowListProps<Item> {
  label: string;
  items: readonly Item[];
  keyOf(item: Item): string;
  heights: { wide: number; narrow: number };
  /** Position of the one that is shown beside the list. */
  chosen: number | undefined;
  /** Whether to stay at the end while something is added there. */
  isFollowed: boolean;
  /** Above the list, in columns as its lines have them. */
  head?: ReactNode;
  className?: string | undefined;
  /** What else a line says of itself. */
  attributes(item: Item): ComponentProps<"div"> & Record<`data-${string}`, unknown>;
  /** What is in a line: drawn again when the item is another one, or this. */
  draw(item: Item): ReactNode;
  onOpen(item: Item): void;
  onClose(): void;
  onFold?(item: Item, isOpen: boolean): void;
}

/** A list of any length, of which what is near the screen is drawn. It has one stop for the focus, and arrow keys move in it. */
export function RowList<Item>(props: RowListProps<Item>): ReactNode {
  const { label, items, keyOf, chosen, isFollowed, head, className, draw, attributes } = props;
  const count = items.length;
  const followsEnd = isFollowed && chosen === undefined;
  const { box, shown, rowHeight, isNarrow, reveal } = useRows({ count, heights: props.heights, followsEnd });
  const { at, isUsed, setActive, goTo } = usePlace(props, reveal);
  const hear = (event: KeyboardEvent): void => {
    const key = toListKey(event);
    if (key === undefined) return;
    event.preventDefault();
    obey(key, props, { at, goTo, page: linesOf(box, rowHeight) });
  };
  const walk = (to: number): void => {
    box.current?.focus();
    goTo(to);
  };
  /** From outside, the first time, to the line that the keys begin at. */
  const step = (by: 1 | -1): void => walk(isUsed || document.activeElement === box.current ? at + by : at);
  usePageKeys([
    { keys: "j", what: "Next line of the list", does: () => step(1) },
    { keys: "k", what: "Line before", does: () => step(-1) },
    { keys: ".", what: "Show what is new, at the end of the list", does: () => walk(count) },
  ]);
  return (
    <div className={`${styles.frame} ${className ?? ""}`} data-narrow={isNarrow}>
      {head}
      <div
        ref={box}
        className={styles.scroller}
        role="tree"
        aria-label={label}
        tabIndex={0}
        aria-activedescendant={shown.from <= at && at < shown.to ? `row-${at}` : undefined}
        onKeyDown={hear}
      >
        <div role="presentation" className={styles.length} style={{ height: count * rowHeight }}>
          {items.slice(shown.from, shown.to).map((item, offset) => {
            const place = shown.from + offset;
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the list does it
              // biome-ignore lint/a11y/useFocusableInteractive: the list keeps the focus
              <div
                key={keyOf(item)}
                id={`row-${place}`}
                role="treeitem"
                className={styles.row}
                style={{ top: place * rowHeight, height: rowHeight }}
                aria-setsize={count}
                aria-posinset={place + 1}
                aria-selected={place === chosen}
                data-active={place === at}
                {...attributes(item)}
                onClick={() => {
                  setActive(keyOf(item));
                  props.onOpen(item);
                }}
              >
                <Drawn item={item} draw={draw} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** Lines that did not change are not drawn again while others come. */
const Drawn = memo(function Drawn<Item>({ item, draw }: { item: Item; draw(item: Item): ReactNode }): ReactNode {
  return draw(item);
}) as <Item>(props: { item: Item; draw(item: Item): ReactNode }) => ReactNode;

/** The line that the keys are at: it stays the same one while others come and go. */
function usePlace<Item>({ items, keyOf, chosen }: RowListProps<Item>, reveal: (at: number) => void) {
  const [active, setActive] = useState<string>();
  const [opened, setOpened] = useState<string>();
  const [item, hasItems] = [chosen === undefined ? undefined : items[chosen], items.length > 0];
  const open = item === undefined ? undefined : keyOf(item);
  // Another one is shown, however that came: the keys go on from it.
  if (open !== opened) {
    setOpened(open);
    if (open !== undefined) setActive(open);
  }
  const known = active === undefined ? -1 : items.findIndex((item) => keyOf(item) === active);
  useEffect(() => {
    if (hasItems && chosen !== undefined) reveal(chosen);
  }, [hasItems, chosen, reveal]);
  const goTo = (to: number): void => {
    const next = Math.max(0, Math.min(items.length - 1, to));
    const item = items[next];
    if (item === undefined) return;
    setActive(keyOf(item));
    reveal(next);
  };
  const isUsed = known !== -1;
  return { at: isUsed ? known : Math.max(0, chosen ?? 0), isUsed, setActive, goTo };
}

function linesOf(box: RefObject<HTMLElement | null>, rowHeight: number): number {
  return Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / rowHeight) - 1);
}

interface Place {
  at: number;
  /** Lines that a page has. */
  page: number;
  goTo(to: number): void;
}

function obey<Item>(
  key: ListKey,
  { items, onOpen, onClose, onFold }: RowListProps<Item>,
  { at, page, goTo }: Place,
): void {
  const item = items[at];
  if (key === "close") onClose();
  else if (key === "open") item !== undefined && onOpen(item);
  else if (key === "unfold" || key === "fold") item !== undefined && onFold?.(item, key === "unfold");
  else goTo({ down: at + 1, up: at - 1, pageDown: at + page, pageUp: at - page, first: 0, last: items.length }[key]);
}
