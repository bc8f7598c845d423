import { isLostMessage, type ReceivedMessage, type StorageQueue } from "./storage.ts";

/** A message being kept from others. */
export interface Lease {
  /** Stops renewing. @returns the message with its latest receipt */
  end(): Promise<ReceivedMessage>;
}

/**
 * Keeps a message invisible for as long as somebody works on it: renews every half of `seconds`, sooner after a failure.
 * Gives up when the message is lost to somebody else.
 */
export function keepInvisible(queue: StorageQueue, message: ReceivedMessage, seconds: number): Lease {
  let latest = message;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let renewing: Promise<void> | undefined;

  const schedule = (ms: number) => {
    if (ended) return;
    timer = setTimeout(() => {
      renewing = renew();
    }, ms);
  };
  const renew = async () => {
    try {
      latest = await queue.hide(latest, seconds, AbortSignal.timeout(seconds * 400));
      schedule(seconds * 500);
    } catch (error) {
      if (!isLostMessage(error)) schedule(seconds * 50);
    }
  };

  schedule(seconds * 500);
  return {
    async end() {
      ended = true;
      clearTimeout(timer);
      await renewing;
      return latest;
    },
  };
}
