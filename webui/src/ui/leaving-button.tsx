import { type ComponentProps, type ReactNode, type RefObject, useLayoutEffect, useRef } from "react";

interface LeavingButtonProps extends Omit<ComponentProps<"button">, "ref" | "type"> {
  /** What has the focus next; without it, or when that is gone too, the part of the page that the button stood in. */
  next?: RefObject<HTMLElement | null>;
}

/**
 * A button that goes away by what it does. The focus it has then is handed on: left alone it would fall to the root of the
 * page, and whoever uses keys would begin at the top again.
 */
export function LeavingButton({ next, ...props }: LeavingButtonProps): ReactNode {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const mine = button.current;
    return () => {
      if (mine === null || document.activeElement !== mine) return;
      const heirs = [next?.current, ...ancestorsOf(mine)];
      // Only afterwards is it known what else has gone.
      queueMicrotask(() => heirs.find((heir) => heir?.isConnected === true)?.focus());
    };
  }, [next]);
  return <button ref={button} type="button" {...props} />;
}

/** Those that take the focus, the nearest first. */
function ancestorsOf(element: HTMLElement): HTMLElement[] {
  const nearest = element.parentElement?.closest<HTMLElement>("[tabindex]") ?? null;
  return nearest === null ? [] : [nearest, ...ancestorsOf(nearest)];
}
