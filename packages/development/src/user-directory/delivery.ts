import { setTimeout as delay } from "node:timers/promises";

/** A notification on its way, or one that has arrived. */
export interface Delivery {
  readonly url: string;
  readonly body: object;
  /** Statuses of the answers so far; 0 where there was none in time. */
  readonly statuses: number[];
}

export interface DeliveryControls {
  /** Loses the next `count` notifications. */
  loseNext(count?: number): void;
  /** Delivers the next `count` notifications twice, at the same time. */
  doubleNext(count?: number): void;
  /** Keeps notifications back until {@link release}. */
  hold(): void;
  release(): void;
  /** Milliseconds before the first repetition; each later one waits twice as long. Default: 1,000. */
  retryAfterMs: number;
}

export interface Deliverer {
  readonly deliveries: readonly Delivery[];
  readonly controls: DeliveryControls;
  deliver(url: string, body: object): void;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
  stop(): void;
}

/** As long as Microsoft Graph waits for an answer, and goes on trying. */
const answerTimeoutMs = 3_000;
const givesUpAfterMs = 4 * 60 * 60_000;

/** Delivers notifications as Microsoft Graph does: until the answer is 2xx, with longer and longer pauses. */
export function createDeliverer(): Deliverer {
  const deliveries: Delivery[] = [];
  const underWay = new Set<Promise<void>>();
  const stopped = new AbortController();
  let [lost, doubled] = [0, 0];
  let held: (() => void)[] | undefined;
  const start = (delivery: Delivery) => {
    const work = repeat(delivery).finally(() => underWay.delete(work));
    underWay.add(work);
  };
  const repeat = async ({ url, body, statuses }: Delivery): Promise<void> => {
    const giveUpAt = Date.now() + givesUpAfterMs;
    for (let pauseMs = controls.retryAfterMs; Date.now() < giveUpAt; pauseMs *= 2) {
      const status = await post(url, body, stopped.signal);
      statuses.push(status);
      if (status >= 200 && status < 300) return;
      await delay(pauseMs, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
      if (stopped.signal.aborted) return;
    }
  };
  const controls: DeliveryControls = {
    retryAfterMs: 1_000,
    loseNext: (count = 1) => void (lost += count),
    doubleNext: (count = 1) => void (doubled += count),
    hold: () => void (held ??= []),
    release() {
      const waiting = held ?? [];
      held = undefined;
      for (const go of waiting) go();
    },
  };
  return {
    deliveries,
    controls,
    deliver(url, body) {
      if (lost > 0) return void (lost -= 1);
      const copies = doubled > 0 ? 2 : 1;
      if (copies === 2) doubled -= 1;
      for (let copy = 0; copy < copies; copy++) {
        const delivery: Delivery = { url, body, statuses: [] };
        deliveries.push(delivery);
        if (held) held.push(() => start(delivery));
        else start(delivery);
      }
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    stop: () => stopped.abort(),
  };
}

async function post(url: string, body: object, stopped: AbortSignal): Promise<number> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(answerTimeoutMs)]);
  const init = { method: "POST", headers: { "content-type": "application/json; charset=utf-8" }, signal };
  try {
    const answer = await fetch(url, { ...init, body: JSON.stringify(body) });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}
