import { withinDeadline } from "../core/waiting.ts";
import { isRecord } from "../core/encoding.ts";
import type { Envelope } from "./envelopes.ts";

export interface SenderOptions {
  readonly url: URL;
  /** Returns the header fields that authorize the app. */
  readonly authorize: () => Promise<Readonly<Record<string, string>>>;
  /** Called once for each outage, never with contents. */
  readonly warn: (text: string) => void;
}

export interface Sender {
  add(envelope: Envelope): void;
  /** Sends what waits now. False if the endpoint did not take all of it; the rest waits for the next time. Never rejects. */
  send(): Promise<boolean>;
  /** Sends until nothing is left, the endpoint takes no more, or the time is up. */
  drain(timeMs: number): Promise<void>;
}

/** More than a busy instance collects in a minute, for which an endpoint may be away. */
const maxWaiting = 8_192;
const maxBatch = 500;
const requestTimeoutMs = 4_000;
const maxPauseMs = 5 * 60_000;

/**
 * Statuses after which the same may be sent again. They include 401 and 403, because roles take minutes to become effective.
 */
const transient = new Set([401, 403, 408, 429, 439, 500, 502, 503, 504]);

/**
 * Posts envelopes in batches. Its memory is bounded: when too much is waiting, further envelopes are dropped. While the
 * endpoint is away, it is asked less and less often.
 */
export function sender({ url, authorize, warn }: SenderOptions): Sender {
  let waiting: Envelope[] = [];
  let sending: Promise<boolean> | undefined;
  let failures = 0;
  let refused = false;
  let pausedUntil = 0;
  let target = url;

  const post = async (batch: readonly Envelope[]): Promise<readonly Envelope[]> => {
    const signal = AbortSignal.timeout(requestTimeoutMs);
    // The managed identity's client goes on asking, whatever its signal says, so the time limit is here.
    const credential = await withinDeadline(signal, authorize());
    const response = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/json", ...credential },
      body: JSON.stringify(batch),
      redirect: "manual",
      signal,
    });
    if (response.status === 307 || response.status === 308) {
      target = redirected(response, target);
      await response.body?.cancel();
      return batch;
    }
    if (response.status === 206) return refusedForNow(batch, await response.json());
    await response.body?.cancel();
    if (transient.has(response.status)) throw new RefusedError(response);
    if (response.ok) refused = false;
    else if (!refused) {
      refused = true;
      warn(`telemetry: the ingestion endpoint refuses everything (${response.status})`);
    }
    return [];
  };

  const sendBatch = async (): Promise<boolean> => {
    const batch = waiting.slice(0, maxBatch);
    waiting = waiting.slice(maxBatch);
    try {
      const again = await post(batch);
      waiting = [...again, ...waiting].slice(0, maxWaiting);
      failures = 0;
      return true;
    } catch (error) {
      waiting = [...batch, ...waiting].slice(0, maxWaiting);
      if (failures === 0) warn(`telemetry: the ingestion endpoint accepts nothing (${reasonOf(error)})`);
      failures++;
      const asked = error instanceof RefusedError ? error.retryAfterMs : 0;
      pausedUntil = Date.now() + Math.min(maxPauseMs, Math.max(asked, 1_000 * 2 ** failures));
      return false;
    }
  };

  const sendAll = async (): Promise<boolean> => {
    if (Date.now() < pausedUntil) return false;
    // Envelopes that are added or come back meanwhile wait for the next time.
    for (let batches = Math.ceil(waiting.length / maxBatch); batches > 0; batches--) {
      if (!(await sendBatch())) return false;
    }
    return true;
  };
  const send = () => (sending ??= sendAll().finally(() => (sending = undefined)));

  return {
    add(envelope) {
      if (waiting.length < maxWaiting) waiting.push(envelope);
    },
    send,
    async drain(timeMs) {
      const end = Date.now() + timeMs;
      const signal = AbortSignal.timeout(timeMs);
      await withinDeadline(signal, sending ?? Promise.resolve(true)).catch(() => undefined);
      pausedUntil = 0;
      while (waiting.length > 0 && Date.now() < end) if (!(await send())) return;
    },
  };
}

class RefusedError extends Error {
  readonly retryAfterMs: number;

  constructor({ status, headers }: Response) {
    super(String(status));
    this.retryAfterMs = (Number(headers.get("retry-after")) || 0) * 1_000;
  }
}

/** Name, code or status of a failure. Messages may name hosts, and nothing more is needed. */
function reasonOf(error: unknown): string {
  if (error instanceof RefusedError) return error.message;
  const { cause } = error as { cause?: { code?: unknown } };
  if (typeof cause?.code === "string") return cause.code;
  return error instanceof Error ? error.name : "unknown";
}

/**
 * The address of a redirect: another host of the same service, to which the token goes from now on.
 * @throws if it is anything else
 */
function redirected(response: Response, from: URL): URL {
  const location = response.headers.get("location") ?? "";
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!to || to.protocol !== from.protocol || domainOf(to) !== domainOf(from)) throw new Error("A redirect elsewhere");
  return to;
}

function domainOf({ host }: URL): string {
  return host.slice(host.indexOf(".") + 1);
}

/** The items of a batch taken in part that may be sent again. */
function refusedForNow(batch: readonly Envelope[], answer: unknown): readonly Envelope[] {
  const errors = isRecord(answer) && Array.isArray(answer["errors"]) ? (answer["errors"] as unknown[]) : [];
  return errors.flatMap((error) => {
    if (!isRecord(error) || !transient.has(Number(error["statusCode"]))) return [];
    return batch[Number(error["index"])] ?? [];
  });
}
