import type { EventBus } from "./event-bus.ts";

/**
 * The same bus, which publishes nothing before `ready`: parts start side by side, and what one of them published before the
 * others listen would have reached everybody there was, which is nobody.
 */
export function holdUntil(ready: Promise<void>, bus: EventBus): EventBus {
  return {
    subscribe: bus.subscribe,
    close: bus.close,
    async publish(records) {
      await ready;
      return bus.publish(records);
    },
  };
}
